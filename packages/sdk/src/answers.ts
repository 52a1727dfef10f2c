import type { ActionResult, BoundaryErrorCode, ExecuteOptions } from '@exoarmur/boundary-v2';
import { APPROVAL_REVOCATION_PAYLOAD_TYPE } from '@exoarmur/contracts';
import { ANSWER_LIMITS, type AnswerTray, mayAgree, mayStop, type TrayAnswer } from './answer-tray.ts';
import { isCodedError, tell } from './foreign-code.ts';

/** What became of the answers that lay in the tray for one action. */
export interface AnswersTaken {
  readonly result: ActionResult | undefined;
  /** Codes of the answers that were refused; refused ones are thrown away. */
  readonly refused: readonly string[];
  /** Codes of the faults that kept an answer from being judged; it lies where it was, for the next look. */
  readonly notTaken: readonly string[];
}

/** An answer that was refused, and thrown away; or one that was not taken, and stays. */
export interface RefusedAnswer {
  readonly stream: string;
  readonly code: string;
}

/** Who is told of the answers that were not accepted. What a listener throws or rejects with is ignored. */
export interface AnswerListeners {
  /** Told of each answer that was refused, as it comes, because whoever gave it believes to have answered. */
  readonly onRefused?: ((refused: RefusedAnswer) => void) | undefined;
  /** Told, at each look, of each answer that could not be judged. It stays in the tray and may be taken at the next look. */
  readonly onNotTaken?: ((kept: RefusedAnswer) => void) | undefined;
}

/**
 * Refusals that judge the answer itself, which never becomes another one. INVARIANT: a code that is not in this list says
 * something of the moment, of the store or of the registry, and an answer is thrown away for none of these.
 */
const JUDGEMENTS: ReadonlySet<string> = new Set<BoundaryErrorCode>([
  'BOUNDARY_ACTION_NOT_WAITING',
  'BOUNDARY_APPROVAL_ACTOR_MISMATCH',
  'BOUNDARY_APPROVAL_AFTER_DENIAL',
  'BOUNDARY_APPROVAL_BY_REQUESTER',
  'BOUNDARY_APPROVAL_CLEARANCE_MISSING',
  'BOUNDARY_APPROVAL_DECISION_MISMATCH',
  'BOUNDARY_APPROVAL_DUPLICATE',
  'BOUNDARY_APPROVAL_EXPIRED',
  'BOUNDARY_APPROVAL_INTENT_MISMATCH',
  'BOUNDARY_APPROVAL_MALFORMED',
  'BOUNDARY_APPROVAL_PARAMETERS_MISMATCH',
  'BOUNDARY_APPROVAL_POLICY_MISMATCH',
  'BOUNDARY_APPROVAL_REQUEST_MISMATCH',
  'BOUNDARY_APPROVAL_REUSED',
  'BOUNDARY_APPROVAL_ROLE_MISSING',
  'BOUNDARY_APPROVAL_SCOPE_MISMATCH',
  'BOUNDARY_APPROVAL_SIGNATURE_INVALID',
  'BOUNDARY_APPROVAL_TARGET_MISMATCH',
  'BOUNDARY_APPROVAL_UNKNOWN',
  'BOUNDARY_APPROVAL_UNSIGNED',
  'BOUNDARY_APPROVER_REVOKED',
  'BOUNDARY_APPROVER_UNKNOWN',
]);

/** Where answers go: what a boundary does with an approval, a denial or a revocation. */
export interface AnswerTaker {
  submitApproval(stream: string, envelope: unknown, options: ExecuteOptions): Promise<ActionResult>;
  revokeApproval(stream: string, envelope: unknown, approval: unknown): Promise<ActionResult>;
  /** Whether the records say that the action waits for people; false when they cannot be read. */
  isWaiting(stream: string): Promise<boolean>;
}

/**
 * Hands in the answers that lie in a tray for one action, those first that stop it. One that is refused is thrown away; a fault
 * leaves it, and the others are handed in all the same. @throws the fault after which nobody knows that the action still waits
 */
export async function takeAnswers(
  tray: AnswerTray | undefined,
  taker: AnswerTaker,
  stream: string,
  { onRefused, onNotTaken, ...options }: ExecuteOptions & AnswerListeners,
): Promise<AnswersTaken> {
  const refused: string[] = [];
  const notTaken: string[] = [];
  const keep = (code: string) => {
    notTaken.push(code);
    tell(onNotTaken, { stream, code });
  };
  let result: ActionResult | undefined;
  let isHeld = false;
  const judged = new Set<string>();
  for (const answer of tray?.list(stream).slice(0, ANSWER_LIMITS.maxAnswers) ?? []) {
    // SECURITY: nobody's approval is added while what may be a denial, or take one back, could not be judged.
    if (isHeld && mayAgree(answer)) break;
    if (answer.fault !== undefined) {
      keep(answer.fault);
      isHeld = true;
      continue;
    }
    try {
      // Somebody may have said no since the folder was listed: that comes first, at the next look.
      if (mayAgree(answer) && tray?.list(stream).some((other) => mayStop(other) && !judged.has(other.name))) break;
      // Whoever gave it has taken it out since it was listed.
      if (tray?.has(answer) !== true) continue;
    } catch (error) {
      if (!isCodedError(error)) throw error;
      keep(error.code);
      isHeld = true;
      continue;
    }
    try {
      result = await handIn(taker, stream, answer, options);
    } catch (error) {
      if (!isCodedError(error) || !JUDGEMENTS.has(error.code)) {
        // What became of the action is known, and no fault of a later answer hides it.
        if (result !== undefined && result.status !== 'pending_approval') break;
        if (!isCodedError(error) || !(await taker.isWaiting(stream))) throw error;
        keep(error.code);
        isHeld ||= mayStop(answer);
        continue;
      }
      refused.push(error.code);
      tell(onRefused, { stream, code: error.code });
    }
    judged.add(answer.name);
    try {
      tray?.remove(answer);
    } catch (error) {
      // What was judged already is refused at the next look, and hides no other answer.
      if (!isCodedError(error)) throw error;
      keep(error.code);
    }
  }
  return { result, refused, notTaken };
}

function handIn(
  taker: AnswerTaker,
  stream: string,
  { envelope, withdraws }: TrayAnswer,
  options: ExecuteOptions,
): Promise<ActionResult> {
  return envelope?.payloadType === APPROVAL_REVOCATION_PAYLOAD_TYPE
    ? taker.revokeApproval(stream, envelope, withdraws)
    : taker.submitApproval(stream, envelope, options);
}
