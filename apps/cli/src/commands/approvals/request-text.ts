import { canonicalize } from '@exoarmur/canonical';
import type { WaitingAction } from '@exoarmur/sdk';
import { findUnknownFacts } from '../../decision-facts.ts';

/**
 * Text of an agent as one line that cannot act: controls, line ends, direction marks, unassigned and lone surrogate
 * characters stand as `\u{…}`, so no part of a request can pass for another or hide.
 */
export function visible(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}

/** One line for a list. */
export function formatWaitingLine({ stream, intent, request, isLate, inTray }: WaitingAction): string {
  const notes = `${isLate ? '  EXPIRED' : ''}${inTray === 0 ? '' : `  ${inTray} answered, not yet taken`}`;
  const { action_type, action_class, target, actor_id } = intent;
  const what = `${action_type} ${target}  by ${actor_id}  ${action_class}  until ${request.expires_at}`;
  return `${visible(stream)}  ${visible(what)}${notes}\n`;
}

/**
 * Everything that an approver signs for, label by label. Text of several lines is set off with `|`. What is asked stands
 * first and last: a long request cannot push it off the screen.
 */
export function formatWaiting(waiting: WaitingAction): string {
  const { stream, intent, decision, request, requestDigest, requestedAt, answeredBy, inTray, isLate } = waiting;
  const { presentation, requirement } = request;
  const { preview = null, executor, asked_by, risk } = presentation ?? {};
  const asked = `${intent.action_type} ${intent.target}`;
  const roles = requirement.roles.length === 0 ? 'any role' : requirement.roles.join(' and ');
  const policies = asked_by?.policies ?? decision.pdp.determining_policies;
  const unknown = findUnknownFacts(decision.facts, intent);
  const lines: (readonly [label: string, text: string])[] = [
    ['asked', asked],
    ['stream', stream],
    ['actor', `${intent.actor_type} ${intent.actor_id}`],
    ['reason', intent.reason],
    ['tenant', `${intent.tenant_id}, cell ${intent.cell_id}`],
    ['session', intent.correlation_id],
    ['executor', executor === undefined ? 'not said' : canonicalize(executor)],
    ['policies', policies.join(', ') || 'none'],
    ['rules', asked_by?.safety_rules.join(', ') || 'none'],
    ['why', asked_by?.rationale ?? decision.pdp.rationale],
    ['class', `${intent.action_class}, least for this executor ${risk?.action_class_floor ?? 'not said'}`],
    ['undo', risk?.reversible === true ? 'possible' : risk?.reversible === false ? 'impossible' : 'not said'],
    ['facts', unknown.length === 0 ? 'all that were asked for are known' : `unknown: ${unknown.join(', ')}`],
    ['trust', risk?.trust_milli === undefined || risk.trust_milli === null ? 'unknown' : `${risk.trust_milli} of 1000`],
    ['agree', `${requirement.quorum} of ${roles}`],
    ['answers', `${answeredBy.length} recorded, ${inTray} not yet taken`],
    ['since', requestedAt],
    ['expires', `${request.expires_at}${isLate ? '  EXPIRED' : ''}`],
    ['policy', request.policy_digest],
    ['request', requestDigest],
  ];
  return [
    ...lines.slice(0, 4).map(formatLabel),
    block('parameters', JSON.stringify(JSON.parse(canonicalize(intent.parameters)), null, 2)),
    block('safety context', JSON.stringify(JSON.parse(canonicalize(intent.safety_context)), null, 2)),
    ...lines.slice(4).map(formatLabel),
    preview === null
      ? formatLabel(['preview', 'the executor cannot say what it would do'])
      : block(
          `preview (${preview.media_type}${preview.is_truncated ? ', CUT' : ''}): ${preview.summary}`,
          preview.body,
        ),
    formatLabel(['asked', asked]),
  ].join('');
}

function formatLabel([label, text]: readonly [string, string]): string {
  return `${label.padEnd(10)}${visible(text)}\n`;
}

function block(title: string, body: string): string {
  return [visible(title), ...body.split('\n').map((line) => `  | ${visible(line)}`)].join('\n').concat('\n');
}
