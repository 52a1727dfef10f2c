export {
  CODE_DIGEST_DOMAIN,
  type ConfinedCode,
  digestCode,
  type ImportedFile,
  type PinnedCode,
} from './code-digest.ts';
export {
  CONFINED_LIMITS,
  type Confined,
  type ConfinedLimits,
  type ConfinedResult,
  type Confinement,
  confine,
  MAX_CONFINED_REQUEST_BYTES,
} from './confined-run.ts';
export { type Dial, type Dialled, MAX_CONNECTIONS } from './dial.ts';
export { type ConfinedFailureCode, type ConfinedRefusalCode, SandboxError, type SandboxErrorCode } from './errors.ts';
export { type Mechanisms, probeMechanisms } from './mechanisms.ts';
export { createSandboxedHost, type SandboxedHost, type SandboxedHostOptions } from './sandboxed-host.ts';
export { MAX_PREPARED } from './waiting-room.ts';
