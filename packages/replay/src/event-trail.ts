import {
  formatLegacyEvent,
  hashLegacyJson,
  isLegacyObject,
  type LegacyObject,
  type LegacyValue,
  legacyIntentHash,
} from '@exoarmur/canonical/legacy-python';
import { eventData } from './event-data.ts';
import { approvalOf, type ReplayEvent } from './event-steps.ts';
import type { ReplayLedger } from './replay-ledger.ts';

/** What a trail has to remember of its events to judge what may have been executed. Grows with approvals and executions only. */
export class ExecutionFacts {
  readonly #executed: { readonly id: string; readonly sequence: LegacyValue }[] = [];
  /** Approval id and intent hash of every binding. */
  readonly #bound = new Set<string>();
  #isApprovalDenied = false;
  #isIntentDenied = false;
  #lastGate: bigint | undefined;

  add(event: ReplayEvent): void {
    const { event_type: type, sequence_number: sequence } = event;
    if (type === 'intent_executed') this.#executed.push({ id: event.event_id, sequence });
    else if (type === 'approval_denied') this.#isApprovalDenied = true;
    else if (type === 'intent_denied') this.#isIntentDenied = true;
    else if (type === 'approval_bound_to_intent') this.#bind(event);
    else if (type === 'safety_gate_evaluated' && typeof sequence === 'bigint') {
      if (this.#lastGate === undefined || sequence > this.#lastGate) this.#lastGate = sequence;
    }
  }

  #bind(event: ReplayEvent): void {
    const data = eventData(event.payload);
    const [approvalId, hash] = [data?.get('approval_id'), data?.get('intent_hash')];
    if (typeof approvalId === 'string' && typeof hash === 'string') this.#bound.add(bindingKey(approvalId, hash));
  }

  /**
   * What may have been executed: nothing after a denial by gate, person or policy, nothing without a gate verdict, and
   * where the gate demanded a person, only with an approval that was bound to this very intent.
   */
  judge(ledger: ReplayLedger): void {
    if (this.#executed.length === 0) return;
    const verdicts = new Set(ledger.verdicts.values());
    const isRefused = [...verdicts].some((verdict) => !isPermitting(verdict));
    const needsPerson = verdicts.has('require_human') || verdicts.has('require_quorum');
    for (const { id, sequence } of this.#executed) {
      const refuse = (reason: string): void => {
        ledger.fail(`Intent executed in event ${id} although ${reason}`);
        ledger.doubtGate();
      };
      if (this.#isApprovalDenied) refuse('an approval was denied');
      if (this.#isIntentDenied) refuse('the intent was denied');
      if (verdicts.size === 0) refuse('no safety gate verdict is recorded');
      if (isRefused) refuse('the safety gate did not allow it');
      if (needsPerson && !this.#isBound(ledger.intents.get(id))) refuse('no approval is bound to this intent');
      const isLate = typeof sequence === 'bigint' && this.#lastGate !== undefined && this.#lastGate > sequence;
      if (isLate) refuse('the safety gate was asked later');
    }
  }

  #isBound(intent: LegacyObject | undefined): boolean {
    const approvalId = intent && approvalOf(intent);
    if (intent === undefined || approvalId === undefined) return false;
    return this.#bound.has(bindingKey(approvalId, legacyIntentHash(intent)));
  }
}

/** Tenants and cells of a trail: one of each, empty ones aside. */
export class ScopeFacts {
  readonly #scopes = { tenant_id: new Set<LegacyValue>(), cell_id: new Set<LegacyValue>() };

  add(event: ReplayEvent): void {
    for (const member of ['tenant_id', 'cell_id'] as const) {
      const scope = event[member];
      if (scope !== '' && scope !== null && this.#scopes[member].size <= MAX_SCOPES) this.#scopes[member].add(scope);
    }
  }

  judge(ledger: ReplayLedger): void {
    for (const member of ['tenant_id', 'cell_id'] as const) {
      const scopes = [...this.#scopes[member]];
      if (scopes.length > 1)
        ledger.fail(`Events of more than one ${member}: ${scopes.map(showScope).sort().join(', ')}`);
    }
  }
}

/** Foreign scopes that a failure names; one more than one is failure enough. */
const MAX_SCOPES = 16;

/** Fails the replay for an event of another correlation. */
export function judgeCorrelation(event: ReplayEvent, correlationId: string, ledger: ReplayLedger): void {
  if (event.correlation_id === correlationId) return;
  ledger.fail(`Event ${event.event_id} belongs to another correlation: ${showScope(event.correlation_id)}`);
}

/**
 * Rules about the events of one correlation as a whole, where the ancestor looked at one event at a time: they belong to it,
 * no two share an id with different content, and the sequence numbers that there are have no gap.
 */
export function judgeBelonging(events: readonly ReplayEvent[], correlationId: string, ledger: ReplayLedger): void {
  const scopes = new ScopeFacts();
  for (const event of events) {
    judgeCorrelation(event, correlationId, ledger);
    scopes.add(event);
  }
  scopes.judge(ledger);
  judgeIds(events, ledger);
  judgeSequence(events, ledger);
}

function isPermitting(verdict: LegacyValue): boolean {
  return verdict === 'allow' || verdict === 'require_human' || verdict === 'require_quorum';
}

function bindingKey(approvalId: string, intentHash: string): string {
  return JSON.stringify([approvalId, intentHash]);
}

function showScope(scope: LegacyValue): string {
  return isLegacyObject(scope) || Array.isArray(scope) ? 'a value that is no text' : String(scope);
}

/** Events that share an id are compared; one that stands alone is never hashed for it. */
function judgeIds(events: readonly ReplayEvent[], ledger: ReplayLedger): void {
  const firsts = new Map<string, ReplayEvent>();
  const repeated = new Map<string, Set<string>>();
  for (const event of events) {
    const first = firsts.get(event.event_id);
    if (first === undefined) {
      firsts.set(event.event_id, event);
      continue;
    }
    const contents = repeated.get(event.event_id) ?? new Set([contentOf(first)]);
    repeated.set(event.event_id, contents.add(contentOf(event)));
  }
  const ids = [...repeated.keys()].sort();
  if (ids.length === 0) return;
  ledger.warn(`Envelope validation issue: Duplicate audit IDs found: [${ids.map(quoteLikePython).join(', ')}]`);
  for (const id of ids) {
    if ((repeated.get(id)?.size ?? 0) > 1) ledger.fail(`Events with the same id and different content: ${id}`);
  }
}

function contentOf(event: ReplayEvent): string {
  return hashLegacyJson(formatLegacyEvent(event), 'compact-ascii');
}

function judgeSequence(events: readonly ReplayEvent[], ledger: ReplayLedger): void {
  const numbers = new Set<bigint>();
  for (const { sequence_number: number } of events) if (typeof number === 'bigint') numbers.add(number);
  let [least, most]: [bigint | undefined, bigint | undefined] = [undefined, undefined];
  for (const number of numbers) {
    if (least === undefined || number < least) least = number;
    if (most === undefined || number > most) most = number;
  }
  if (least === undefined || most === undefined || most - least + 1n === BigInt(numbers.size)) return;
  const sorted = [...numbers].sort((a, b) => (a < b ? -1 : 1));
  const gap = sorted.findIndex((number, index) => index > 0 && number !== (sorted[index - 1] as bigint) + 1n);
  ledger.fail(`Sequence numbers are missing between ${sorted[gap - 1]} and ${sorted[gap]}`);
}

/** The text of a string as the ancestor's lists show it. */
function quoteLikePython(text: string): string {
  const escaped = text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r').replaceAll('\t', '\\t');
  if (!escaped.includes("'")) return `'${escaped}'`;
  return escaped.includes('"') ? `'${escaped.replaceAll("'", "\\'")}'` : `"${escaped}"`;
}
