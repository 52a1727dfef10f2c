import { CanonicalError } from '@exoarmur/canonical';
import {
  formatLegacyJson,
  isLegacyObject,
  type LegacyEvent,
  type LegacyObject,
  type LegacyValue,
  legacyIntentHash,
  legacyIntentPreimage,
} from '@exoarmur/canonical/legacy-python';
import { eventData, isTruthy } from './event-data.ts';
import type { ReplayLedger } from './replay-ledger.ts';

/** Frozen intents by approval id: what an approval was given for. */
export interface IntentStore {
  get(approvalId: string): LegacyObject | undefined;
}

/** What every step may read and write. */
export interface EventContext {
  readonly ledger: ReplayLedger;
  readonly intents: IntentStore | undefined;
}

/** An event whose id and type are known to be strings. */
export type ReplayEvent = LegacyEvent & { readonly event_id: string; readonly event_type: string };

type Step = (event: ReplayEvent, data: LegacyObject | undefined, context: EventContext) => void;

const GATE_VERDICTS: readonly LegacyValue[] = ['allow', 'deny', 'require_human', 'require_quorum'];

/** Steps by exact type name, with the texts of the ancestor. */
const STEPS: ReadonlyMap<string, Step> = new Map<string, Step>([
  ['telemetry_ingested', ingestTelemetry],
  ['belief_creation_started', needs('Belief creation start', 'event_id', (data, field) => data.has(field))],
  ['belief_created', needs('Belief creation', 'belief_id')],
  ['intent_created', needs('Intent creation', 'intent_id')],
  ['safety_gate_evaluated', evaluateGate],
  ['approval_requested', needs('Approval request', 'approval_id')],
  ['approval_denied', needs('Approval denial', 'approval_id')],
  ['approval_bound_to_intent', bindApproval],
  ['intent_executed', executeIntent],
  ['intent_denied', denyIntent],
]);

/** Replays one event; a type that nobody knows is a warning. */
export function replayEvent(event: ReplayEvent, context: EventContext): void {
  const step = STEPS.get(event.event_type);
  if (step === undefined) {
    context.ledger.warn(`Unknown event type: ${event.event_type}`);
    return;
  }
  const data = eventData(event.payload);
  step(event, data === undefined || data.size === 0 ? undefined : data, context);
}

/** Judges the gate verdicts seen, once all events are replayed. */
export function judgeGateVerdicts(ledger: ReplayLedger): void {
  for (const verdict of ledger.verdicts.values()) {
    if (GATE_VERDICTS.includes(verdict)) continue;
    ledger.warn(`Unexpected safety verdict: ${textOf(verdict)}`);
    ledger.doubtGate();
  }
}

/** The approval that an executed intent names, if any. */
export function approvalOf(intent: LegacyObject): string | undefined {
  const context = intent.get('safety_context');
  const id = isLegacyObject(context) ? context.get('human_approval_id') : undefined;
  return typeof id === 'string' && id !== '' ? id : undefined;
}

function needs(
  subject: string,
  field: string,
  isThere: (data: LegacyObject, field: string) => boolean = (data) => isTruthy(data.get(field)),
): Step {
  return (_, data, { ledger }) => {
    if (data === undefined) ledger.fail(`${subject} payload missing data`);
    else if (!isThere(data, field)) ledger.fail(`${subject} missing ${field}`);
  };
}

function ingestTelemetry(_: ReplayEvent, data: LegacyObject | undefined, { ledger }: EventContext): void {
  if (data === undefined) {
    ledger.fail('Telemetry payload missing reference data');
    return;
  }
  const missing = ['event_id', 'correlation_id', 'trace_id'].find((field) => !data.has(field));
  if (missing !== undefined) ledger.fail(`Telemetry missing required field: ${missing}`);
}

function evaluateGate(event: ReplayEvent, data: LegacyObject | undefined, { ledger }: EventContext): void {
  const verdict = data?.get('verdict');
  if (data === undefined) ledger.fail('Safety gate payload missing verdict data');
  else if (verdict === undefined || !isTruthy(verdict)) ledger.fail('Safety gate verdict missing');
  else ledger.verdicts.set(event.event_id, verdict);
}

function bindApproval(_: ReplayEvent, data: LegacyObject | undefined, { ledger, intents }: EventContext): void {
  if (data === undefined) {
    ledger.fail('Intent binding payload missing data');
    return;
  }
  const [hash, approvalId] = [data.get('intent_hash'), data.get('approval_id')];
  if (typeof hash !== 'string' || hash === '' || typeof approvalId !== 'string' || approvalId === '') {
    ledger.fail('Intent binding missing hash or approval_id');
    return;
  }
  const frozen = intents?.get(approvalId);
  if (frozen === undefined) {
    ledger.warn(`Could not verify intent binding: no frozen intent for approval ${approvalId}`);
    ledger.doubtIntent();
    return;
  }
  const computed = legacyIntentHash(frozen);
  if (computed === hash) ledger.intents.set(approvalId, legacyIntentPreimage(frozen));
  else {
    ledger.fail(`Intent hash mismatch: expected ${hash}, got ${computed}`);
    ledger.doubtIntent();
  }
}

function executeIntent(event: ReplayEvent, data: LegacyObject | undefined, { ledger, intents }: EventContext): void {
  if (data === undefined) {
    ledger.fail('Intent execution payload missing data');
    return;
  }
  const intent = data.has('intent') ? data.get('intent') : data;
  if (!isTruthy(intent)) {
    ledger.fail('Intent execution missing intent data');
    return;
  }
  const executed = readIntent(intent);
  if (executed === undefined) {
    ledger.fail('Failed to reconstruct executed intent');
    ledger.doubtIntent();
    return;
  }
  ledger.intents.set(event.event_id, executed);
  const approvalId = approvalOf(executed);
  const frozen = approvalId === undefined ? undefined : intents?.get(approvalId);
  if (frozen !== undefined && legacyIntentHash(frozen) !== legacyIntentHash(executed)) {
    ledger.fail('Executed intent hash differs from stored intent');
    ledger.doubtIntent();
  } else if (frozen === undefined && approvalId !== undefined) {
    ledger.warn(`Could not verify executed intent: no frozen intent for approval ${approvalId}`);
    ledger.doubtIntent();
  }
}

function denyIntent(_: ReplayEvent, data: LegacyObject | undefined, { ledger }: EventContext): void {
  if (data === undefined) ledger.fail('Intent denial payload missing data');
}

function readIntent(value: LegacyValue | undefined): LegacyObject | undefined {
  if (!isLegacyObject(value)) return undefined;
  try {
    return legacyIntentPreimage(value);
  } catch (error) {
    if (error instanceof CanonicalError) return undefined;
    throw error;
  }
}

function textOf(value: LegacyValue): string {
  return typeof value === 'string' ? value : formatLegacyJson(value, 'compact-ascii');
}
