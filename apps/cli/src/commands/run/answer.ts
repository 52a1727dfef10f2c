import type { ActionResult } from '@exoarmur/boundary-v2';
import { type ApprovalRequest, actionIntentSchema, type Decision, type TargetValidation } from '@exoarmur/contracts';
import { findUnknownFacts } from '../../decision-facts.ts';
import { EXIT_CODES, type ExitCode } from '../../exit-code.ts';

/** What a run answers, for a person, a script and the shell. */
export interface Answer {
  /** Null for a dry run, which has none. */
  readonly stream: string | null;
  /** Status of the action, or `would_` and the verdict. */
  readonly status: string;
  readonly code: string | null;
  readonly rationale: string | null;
  /** Facts of the decision that could not be had. */
  readonly unknown_facts: readonly string[];
  /** What the executor said against the target; null when nobody asked it, or it said nothing. */
  readonly target_refusal: TargetRefusal | null;
  /** When the request for approval ends; null when nobody is asked. */
  readonly expires_at: string | null;
  /** Codes of the signed answers that were refused now and thrown away. */
  readonly refused_answers: readonly string[];
  readonly text: string;
  readonly exitCode: ExitCode;
}

/** Why an executor does not take a target. */
export interface TargetRefusal extends Pick<TargetValidation, 'result' | 'reason'> {
  readonly executor: string;
}

/** A signed answer that was refused, and in whose name it was, as far as that is known. */
export interface RefusedAnswer {
  readonly code: string;
  readonly approver?: string | undefined;
}

/** What is known of an action besides its result. */
export interface AnswerDetails {
  readonly intent: unknown;
  /** Where people answer, as a command line says it. */
  readonly boundary: string;
  readonly refused: readonly RefusedAnswer[];
  readonly targetRefusal: TargetRefusal | null;
}

const EXIT_BY_STATUS: Readonly<Record<ActionResult['status'], ExitCode>> = {
  completed: EXIT_CODES.pass,
  denied: EXIT_CODES.fail,
  failed: EXIT_CODES.fail,
  pending_approval: EXIT_CODES.pending,
  ambiguous: EXIT_CODES.unknown,
};

/** The answer for an action that was taken up. */
export function answerOf(result: ActionResult, details: AnswerDetails): Answer {
  const { refused, targetRefusal } = details;
  const { stream, status, decision } = result;
  const code = 'code' in result ? result.code : null;
  const request = result.status === 'pending_approval' ? result.request : null;
  const rationale = decision === null ? null : reasonOf(decision);
  const unknown = unknownOf(decision, details.intent);
  const roles = oneLine(request?.requirement.roles.join(' and ') ?? '');
  const lines = [
    `${status}  ${oneLine(stream)}${code === null ? '' : `  ${oneLine(code)}`}`,
    ...(rationale === null ? [] : [`  decided   ${oneLine(rationale)}`]),
    ...formatFacts(decision, unknown),
    ...formatTargetRefusal(targetRefusal),
    ...formatWaiting(request, details.boundary),
    ...refused.map(({ code, approver }) => {
      const role = code === 'BOUNDARY_APPROVAL_ROLE_MISSING' && roles !== '' ? `; asked for is the role ${roles}` : '';
      return `  refused   an answer${approver === undefined ? '' : ` of ${oneLine(approver)}`}: ${oneLine(code)}${role}`;
    }),
  ];
  return {
    ...{ stream, status, code, rationale, expires_at: request?.expires_at ?? null },
    ...{ unknown_facts: unknown, target_refusal: targetRefusal },
    refused_answers: refused.map((answer) => answer.code),
    text: `${lines.join('\n')}\n`,
    exitCode: EXIT_BY_STATUS[status],
  };
}

/** The answer for a decision that was only asked for. Without one nothing would be allowed. */
export function answerOfDecision(decision: Decision | undefined, intent: unknown): Answer {
  const verdict = decision?.verdict ?? 'deny';
  const rationale = decision === undefined ? 'no decision can be had' : reasonOf(decision);
  const unknown = unknownOf(decision ?? null, intent);
  return {
    ...{ unknown_facts: unknown, target_refusal: null },
    ...{ stream: null, status: `would_${verdict}`, rationale, expires_at: null, refused_answers: [] },
    code: decision === undefined ? 'BOUNDARY_DECISION_UNAVAILABLE' : null,
    text: `${[`would_${verdict}`, `  decided   ${oneLine(rationale)}`, ...formatFacts(decision ?? null, unknown)].join('\n')}\n`,
    exitCode: verdict === 'allow' ? EXIT_CODES.pass : verdict === 'deny' ? EXIT_CODES.fail : EXIT_CODES.pending,
  };
}

/** Why, by the policies and, where it had a say, the safety gate. */
function reasonOf({ pdp, safety }: Decision): string {
  return safety.rule_ids.length === 0 ? pdp.rationale : `${pdp.rationale}; safety gate: ${safety.rationale}`;
}

function unknownOf(decision: Decision | null, intent: unknown): readonly string[] {
  if (decision === null) return [];
  return findUnknownFacts(decision.facts, actionIntentSchema.safeParse(intent).data);
}

/** What stands in the facts that the rationale does not name. */
function formatFacts(decision: Decision | null, unknown: readonly string[]): readonly string[] {
  const standing = decision?.facts.policy_bundle?.reason ?? null;
  return [
    ...(unknown.length === 0 ? [] : [`  unknown   ${unknown.join(', ')}`]),
    ...(standing === null ? [] : [`  policies  not as they should be: ${standing}`]),
  ];
}

function formatTargetRefusal(refusal: TargetRefusal | null): readonly string[] {
  if (refusal === null) return [];
  return [`  executor  ${oneLine(refusal.executor)}: ${refusal.result}, ${oneLine(refusal.reason)}`];
}

function formatWaiting(request: ApprovalRequest | null, boundary: string): readonly string[] {
  if (request === null) return [];
  const where = `exoarmur approvals list${oneLine(boundary)}`;
  return [`  waits     for ${peopleOf(request)}, until ${request.expires_at}; see: ${where}`];
}

function peopleOf({ requirement: { quorum, roles } }: ApprovalRequest): string {
  const role = roles.length === 0 ? '' : ` with the role ${oneLine(roles.join(' and '))}`;
  return `${quorum} ${quorum === 1 ? 'person' : 'people'}${role}`;
}

function oneLine(text: string): string {
  return text.replaceAll('\n', ' ');
}
