export type { CounterfactualRefusalCode } from './counterfactual-refusal.ts';
export { formatHypotheticalTrail } from './counterfactual-text.ts';
export {
  type EventCounterfactualVerdict,
  type EventIntervention,
  replayEventCounterfactual,
} from './event-counterfactual.ts';
export {
  type CounterfactualOptions,
  type CounterfactualVerdict,
  replayCounterfactual,
} from './replay-counterfactual.ts';
