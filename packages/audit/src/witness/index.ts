export {
  ADD_CHECKPOINT_LIMITS,
  type AddCheckpoint,
  formatAddCheckpoint,
  parseAddCheckpoint,
} from './add-checkpoint.ts';
export { MemoryWitnessStore } from './memory-witness-store.ts';
export {
  Witness,
  type WitnessOptions,
  type WitnessResponse,
} from './witness.ts';
export {
  collectCosignatures,
  type WitnessAnswer,
  type WitnessedNote,
  type WitnessSubmission,
  type WitnessTransport,
} from './witness-client.ts';
