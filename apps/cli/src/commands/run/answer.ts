import type { ActionResult } from '@exoarmur/boundary-v2';
import type { Decision } from '@exoarmur/contracts';
import { EXIT_CODES, type ExitCode } from '../../exit-code.ts';

/** What a run answers, for a person, a script and the shell. */
export interface Answer {
  /** Null for a dry run, which has none. */
  readonly stream: string | null;
  /** Status of the action, or `would_` and the verdict. */
  readonly status: string;
  readonly code: string | null;
  readonly rationale: string | null;
  /** When the request for approval ends; null when nobody is asked. */
  readonly expires_at: string | null;
  /** Codes of the signed answers that were refused now and thrown away. */
  readonly refused_answers: readonly string[];
  readonly text: string;
  readonly exitCode: ExitCode;
}

const EXIT_BY_STATUS: Readonly<Record<ActionResult['status'], ExitCode>> = {
  completed: EXIT_CODES.pass,
  denied: EXIT_CODES.fail,
  failed: EXIT_CODES.fail,
  pending_approval: EXIT_CODES.pending,
  ambiguous: EXIT_CODES.unknown,
};

/** The answer for an action that was taken up. */
export function answerOf(result: ActionResult, refused: readonly string[]): Answer {
  const { stream, status, decision } = result;
  const code = 'code' in result ? result.code : null;
  const expiresAt = result.status === 'pending_approval' ? result.request.expires_at : null;
  const rationale = decision === null ? null : reasonOf(decision);
  const lines = [
    `${status}  ${oneLine(stream)}${code === null ? '' : `  ${oneLine(code)}`}`,
    ...(rationale === null ? [] : [`  decided   ${oneLine(rationale)}`]),
    ...(expiresAt === null ? [] : [`  waits     until ${expiresAt}; see: exoarmur approvals list`]),
    ...refused.map((why) => `  refused   an answer: ${oneLine(why)}`),
  ];
  return {
    ...{ stream, status, code, rationale, expires_at: expiresAt, refused_answers: refused },
    text: `${lines.join('\n')}\n`,
    exitCode: EXIT_BY_STATUS[status],
  };
}

/** The answer for a decision that was only asked for. Without one nothing would be allowed. */
export function answerOfDecision(decision: Decision | undefined): Answer {
  const verdict = decision?.verdict ?? 'deny';
  const rationale = decision === undefined ? 'no decision can be had' : reasonOf(decision);
  return {
    ...{ stream: null, status: `would_${verdict}`, rationale, expires_at: null, refused_answers: [] },
    code: decision === undefined ? 'BOUNDARY_DECISION_UNAVAILABLE' : null,
    text: `would_${verdict}\n  decided   ${oneLine(rationale)}\n`,
    exitCode: verdict === 'allow' ? EXIT_CODES.pass : verdict === 'deny' ? EXIT_CODES.fail : EXIT_CODES.pending,
  };
}

/** Why, by the policies and, where it had a say, the safety gate. */
function reasonOf({ pdp, safety }: Decision): string {
  return safety.rule_ids.length === 0 ? pdp.rationale : `${pdp.rationale}; safety gate: ${safety.rationale}`;
}

function oneLine(text: string): string {
  return text.replaceAll('\n', ' ');
}
