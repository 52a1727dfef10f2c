import type { ActionResult, ExecuteOptions } from '@exoarmur/boundary-v2';
import { APPROVAL_REVOCATION_PAYLOAD_TYPE, isExoArmurError } from '@exoarmur/contracts';
import type { AnswerTray } from './answer-tray.ts';

/** What became of the answers that lay in the tray for one action. */
export interface AnswersTaken {
  readonly result: ActionResult | undefined;
  /** Codes of the answers that were refused; refused ones are thrown away. */
  readonly refused: readonly string[];
}

/** An answer that was refused, and thrown away. */
export interface RefusedAnswer {
  readonly stream: string;
  readonly code: string;
}

/** Refusals that say nothing about the answer: it stays where it is. */
const RETRIED: readonly string[] = [
  'BOUNDARY_ACTION_UNFINISHED',
  'BOUNDARY_LOG_UNAVAILABLE',
  'BOUNDARY_OPERATORS_UNAVAILABLE',
  'SDK_BOUNDARY_CLOSED',
];

/** Where answers go: what a boundary does with an approval, a denial or a revocation. */
export interface AnswerTaker {
  submitApproval(stream: string, envelope: unknown, options: ExecuteOptions): Promise<ActionResult>;
  revokeApproval(stream: string, envelope: unknown): Promise<ActionResult>;
}

/** Hands in the answers that lie in a tray for one action. One that is refused is thrown away; a fault leaves it. */
export async function takeAnswers(
  tray: AnswerTray | undefined,
  taker: AnswerTaker,
  stream: string,
  options: ExecuteOptions,
): Promise<AnswersTaken> {
  const refused: string[] = [];
  let result: ActionResult | undefined;
  for (const answer of tray?.list(stream) ?? []) {
    try {
      result =
        answer.envelope?.payloadType === APPROVAL_REVOCATION_PAYLOAD_TYPE
          ? await taker.revokeApproval(stream, answer.envelope)
          : await taker.submitApproval(stream, answer.envelope, options);
    } catch (error) {
      if (!isExoArmurError(error) || RETRIED.includes(error.code)) throw error;
      refused.push(error.code);
    }
    tray?.remove(answer);
  }
  return { result, refused };
}
