import type { ActionResult } from '@exoarmur/boundary-v2';
import { SdkError, type SdkErrorCode } from './errors.ts';

/** Codes of calls that did not give an output, one for each thing that can have become of the action. */
export type GovernedCallErrorCode = Extract<SdkErrorCode, `SDK_ACTION_${string}` | 'SDK_OUTPUT_NOT_KEPT'>;

/**
 * A governed call that gave no output. `code` says what became of the action, `reason` is the boundary's own code for it, and
 * `result` has everything, the way to the proof bundle included.
 */
export class GovernedCallError extends SdkError {
  declare readonly code: GovernedCallErrorCode;
  readonly result: ActionResult;
  /** The boundary's code, or the tool's; null where none is needed. */
  readonly reason: string | null;

  constructor(result: ActionResult, cause?: unknown) {
    const code = CODES[result.status];
    const reason = 'code' in result ? result.code : null;
    const what = `the action ${result.stream} ${WORDS[result.status]}${reason === null ? '' : `: ${reason}`}`;
    super(code, what, cause === undefined ? {} : { cause });
    this.result = result;
    this.reason = reason;
  }
}

const CODES: { readonly [Status in ActionResult['status']]: GovernedCallErrorCode } = {
  denied: 'SDK_ACTION_DENIED',
  pending_approval: 'SDK_ACTION_PENDING',
  failed: 'SDK_ACTION_FAILED',
  ambiguous: 'SDK_ACTION_AMBIGUOUS',
  completed: 'SDK_OUTPUT_NOT_KEPT',
};

const WORDS: { readonly [Status in ActionResult['status']]: string } = {
  denied: 'was denied',
  pending_approval: 'waits for approval',
  failed: 'failed',
  ambiguous: 'has an unknown outcome and is not run again',
  completed: 'was done before, and its output was not kept',
};
