import {
  formatLegacyEvent,
  hashLegacyJson,
  type LegacyValue,
  legacyIntentHash,
} from '@exoarmur/canonical/legacy-python';
import { eventData } from './event-data.ts';
import { approvalOf, type ReplayEvent } from './event-steps.ts';
import type { ReplayLedger } from './replay-ledger.ts';

/**
 * Rules about the events of one correlation as a whole, where the ancestor looked at one event at a time: they belong to it,
 * no two share an id with different content, and the sequence numbers that there are have no gap.
 */
export function judgeBelonging(events: readonly ReplayEvent[], correlationId: string, ledger: ReplayLedger): void {
  for (const event of events) {
    if (event.correlation_id !== correlationId) {
      ledger.fail(`Event ${event.event_id} belongs to another correlation: ${String(event.correlation_id)}`);
    }
  }
  for (const member of ['tenant_id', 'cell_id'] as const) {
    const scopes = [...new Set(events.map((event) => event[member]).filter((scope) => scope !== '' && scope !== null))];
    if (scopes.length > 1) ledger.fail(`Events of more than one ${member}: ${scopes.map(String).sort().join(', ')}`);
  }
  judgeIds(events, ledger);
  judgeSequence(events, ledger);
}

/**
 * Rules about what may have been executed: not after a denial by gate, person or policy, not without a gate verdict, and
 * where the gate demanded a person, only with an approval that was bound to this very intent.
 */
export function judgeExecution(events: readonly ReplayEvent[], ledger: ReplayLedger): void {
  const executed = events.filter((event) => event.event_type === 'intent_executed');
  if (executed.length === 0) return;
  const refusals = [
    ['approval_denied', 'an approval was denied'],
    ['intent_denied', 'the intent was denied'],
  ] as const;
  for (const event of executed) {
    const refuse = (reason: string): void => {
      ledger.fail(`Intent executed in event ${event.event_id} although ${reason}`);
      ledger.doubtGate();
    };
    for (const [type, reason] of refusals) if (events.some((other) => other.event_type === type)) refuse(reason);
    const verdicts = [...ledger.verdicts.values()];
    if (verdicts.length === 0) refuse('no safety gate verdict is recorded');
    if (verdicts.some((verdict) => !isPermitting(verdict))) refuse('the safety gate did not allow it');
    const needsPerson = verdicts.some((verdict) => verdict === 'require_human' || verdict === 'require_quorum');
    if (needsPerson && !isBound(event, events, ledger)) refuse('no approval is bound to this intent');
    if (isBeforeGate(event, events)) refuse('the safety gate was asked later');
  }
}

function isPermitting(verdict: LegacyValue): boolean {
  return verdict === 'allow' || verdict === 'require_human' || verdict === 'require_quorum';
}

function isBound(executed: ReplayEvent, events: readonly ReplayEvent[], ledger: ReplayLedger): boolean {
  const intent = ledger.intents.get(executed.event_id);
  const approvalId = intent && approvalOf(intent);
  if (intent === undefined || approvalId === undefined) return false;
  return events.some((event) => {
    const data = event.event_type === 'approval_bound_to_intent' ? eventData(event.payload) : undefined;
    return data?.get('approval_id') === approvalId && data.get('intent_hash') === legacyIntentHash(intent);
  });
}

function isBeforeGate(executed: ReplayEvent, events: readonly ReplayEvent[]): boolean {
  const at = executed.sequence_number;
  const gates = events.filter((event) => event.event_type === 'safety_gate_evaluated');
  return typeof at === 'bigint' && gates.some(({ sequence_number: seq }) => typeof seq === 'bigint' && seq > at);
}

function judgeIds(events: readonly ReplayEvent[], ledger: ReplayLedger): void {
  const contents = new Map<string, Set<string>>();
  const repeated = new Set<string>();
  for (const event of events) {
    const content = hashLegacyJson(formatLegacyEvent(event), 'compact-ascii');
    const known = contents.get(event.event_id);
    if (known !== undefined) repeated.add(event.event_id);
    contents.set(event.event_id, (known ?? new Set()).add(content));
  }
  const ids = [...repeated].sort();
  if (ids.length > 0) {
    ledger.warn(`Envelope validation issue: Duplicate audit IDs found: [${ids.map(quoteLikePython).join(', ')}]`);
  }
  for (const id of ids) {
    if ((contents.get(id)?.size ?? 0) > 1) ledger.fail(`Events with the same id and different content: ${id}`);
  }
}

function judgeSequence(events: readonly ReplayEvent[], ledger: ReplayLedger): void {
  const numbers = new Set<bigint>();
  for (const { sequence_number: number } of events) if (typeof number === 'bigint') numbers.add(number);
  const sorted = [...numbers].sort((a, b) => (a < b ? -1 : 1));
  const gap = sorted.findIndex((number, index) => index > 0 && number !== (sorted[index - 1] as bigint) + 1n);
  if (gap > 0) ledger.fail(`Sequence numbers are missing between ${sorted[gap - 1]} and ${sorted[gap]}`);
}

/** The text of a string as the ancestor's lists show it. */
function quoteLikePython(text: string): string {
  const escaped = text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r').replaceAll('\t', '\\t');
  if (!escaped.includes("'")) return `'${escaped}'`;
  return escaped.includes('"') ? `'${escaped.replaceAll("'", "\\'")}'` : `"${escaped}"`;
}
