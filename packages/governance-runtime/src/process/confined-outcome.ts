import { canonicalizeToBytes } from '@exoarmur/canonical';
import type { ProviderRun } from '@exoarmur/governance-artifacts';
import { type ConfinedFailureCode, type ConfinedResult, SandboxError, type SandboxErrorCode } from '@exoarmur/sandbox';

type Unanswered = Exclude<ProviderRun['outcome'], 'answered'>;

/** What it means for a provider that its process had no answer. */
const FAILURES: Readonly<Record<ConfinedFailureCode, Unanswered>> = {
  SANDBOX_ANSWER_MALFORMED: 'malformed',
  SANDBOX_ANSWER_MISSING: 'crashed',
  SANDBOX_ANSWER_TOO_LARGE: 'crashed',
  SANDBOX_CANCELLED: 'crashed',
  SANDBOX_CRASHED: 'crashed',
  SANDBOX_MEMORY: 'crashed',
  SANDBOX_OUTPUT: 'crashed',
  SANDBOX_PERMISSION_DENIED: 'crashed',
  SANDBOX_THREW: 'crashed',
  SANDBOX_WALL_CLOCK: 'timed_out',
};

/** What it means that there is no confinement to run it in. */
const NOT_CONFINED: Readonly<Record<SandboxErrorCode, Unanswered>> = {
  SANDBOX_CHILDREN_UNCONFINED: 'unconfined',
  SANDBOX_CODE_UNREADABLE: 'load_failed',
  SANDBOX_CONFIG_INVALID: 'load_failed',
  SANDBOX_NETWORK_UNCONFINED: 'unconfined',
  SANDBOX_UNSUPPORTED: 'unconfined',
};

/** How a run ended, out of what the sandbox says of the process. Not started is not loaded. */
export function readConfinedResult(result: ConfinedResult): ProviderRun {
  if (result.outcome === 'refused') return { outcome: 'load_failed' };
  if (result.outcome === 'failed') return { outcome: FAILURES[result.code] };
  return { outcome: 'answered', bytes: canonicalizeToBytes(result.answer) };
}

/** How a run ended that had no confinement; whatever else went wrong before the start is a failed load. */
export function readConfinementError(error: unknown): ProviderRun {
  return { outcome: error instanceof SandboxError ? NOT_CONFINED[error.code] : 'load_failed' };
}
