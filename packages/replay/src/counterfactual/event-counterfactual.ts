import {
  formatLegacyJson,
  hashLegacyPayload,
  isLegacyObject,
  type LegacyEvent,
  type LegacyValue,
} from '@exoarmur/canonical/legacy-python';
import type { IntentStore } from '../event-steps.ts';
import { ReplayEngine } from '../replay-engine.ts';
import type { ReplayReport } from '../replay-report.ts';

/** One value set in each event of a correlation, or in the named ones. */
export interface EventIntervention {
  /** JSON pointer into the event, below one of its members. */
  readonly pointer: string;
  /** The value that has to stand there now. */
  readonly recorded?: LegacyValue;
  readonly value: LegacyValue;
  readonly eventIds?: readonly string[];
}

/** What the replay would have said: `INCONCLUSIVE` when the recorded trail fails already and the changed one too. */
export type EventCounterfactualVerdict =
  | {
      readonly outcome: 'compared';
      readonly verdict: 'SAME_OUTCOME' | 'DIFFERENT_OUTCOME' | 'INCONCLUSIVE';
      readonly original: ReplayReport;
      readonly hypothetical: ReplayReport;
      readonly originalSummary: string;
      readonly hypotheticalSummary: string;
    }
  | {
      readonly outcome: 'refused';
      readonly code: 'member_fixed' | 'no_records' | 'place_unknown' | 'recorded_value_differs';
      /** Position of the event. */
      readonly event: number | null;
    };

/** What may be imagined otherwise. The hash follows the payload, and an event of another correlation would be another trail. */
const CHANGEABLE = [
  'payload',
  'actor',
  'event_type',
  'sequence_number',
  'parent_event_id',
  'tenant_id',
  'cell_id',
  'trace_id',
];

/**
 * Replays events of the Python ancestor as they are and once more with a value set, each changed payload under its own new
 * hash. Like the replay it takes no decision again; for that, ask about a bundle. The events stay as they are.
 */
export function replayEventCounterfactual(
  correlationId: string,
  events: readonly LegacyEvent[],
  intervention: EventIntervention,
  intentStore?: IntentStore,
): EventCounterfactualVerdict {
  if (events.length === 0) return { outcome: 'refused', code: 'no_records', event: null };
  const tokens = intervention.pointer.split('/').slice(1).map(unescapeToken);
  const [member, ...path] = tokens;
  if (member === undefined || !CHANGEABLE.includes(member)) {
    return { outcome: 'refused', code: 'member_fixed', event: null };
  }
  const changed: LegacyEvent[] = [];
  for (const [index, event] of events.entries()) {
    const { eventIds } = intervention;
    const isMeant = eventIds === undefined || (typeof event.event_id === 'string' && eventIds.includes(event.event_id));
    const result = isMeant ? changeEvent(event, member as keyof LegacyEvent, path, intervention) : event;
    if (typeof result === 'string') return { outcome: 'refused', code: result, event: index };
    changed.push(result);
  }
  const replay = (trail: readonly LegacyEvent[]): ReplayReport =>
    new ReplayEngine({
      auditStore: new Map([[correlationId, trail]]),
      ...(intentStore === undefined ? {} : { intentStore }),
    }).replayCorrelation(correlationId);
  const [original, hypothetical] = [replay(events), replay(changed)];
  return {
    outcome: 'compared',
    verdict: compare(original, hypothetical),
    original,
    hypothetical,
    originalSummary: summarize(original),
    hypotheticalSummary: summarize(hypothetical),
  };
}

function changeEvent(
  event: LegacyEvent,
  member: keyof LegacyEvent,
  path: readonly string[],
  { recorded, value }: EventIntervention,
): LegacyEvent | 'place_unknown' | 'recorded_value_differs' {
  const before = valueAt(event[member], path);
  if (before === undefined) return 'place_unknown';
  if (
    recorded !== undefined &&
    formatLegacyJson(before, 'compact-ascii') !== formatLegacyJson(recorded, 'compact-ascii')
  ) {
    return 'recorded_value_differs';
  }
  const after = withValue(event[member], path, value);
  return member === 'payload'
    ? { ...event, payload: after, payload_hash: hashLegacyPayload(after) }
    : { ...event, [member]: after };
}

function valueAt(value: LegacyValue, path: readonly string[]): LegacyValue | undefined {
  const [token, ...rest] = path;
  if (token === undefined) return value;
  const child = childOf(value, token);
  return child === undefined ? undefined : valueAt(child, rest);
}

function withValue(at: LegacyValue, path: readonly string[], value: LegacyValue): LegacyValue {
  const [token, ...rest] = path;
  if (token === undefined) return value;
  const inner = withValue(childOf(at, token) ?? null, rest, value);
  if (isLegacyObject(at)) return new Map(at).set(token, inner);
  return isList(at) ? at.with(Number(token), inner) : at;
}

function childOf(value: LegacyValue, token: string): LegacyValue | undefined {
  if (isLegacyObject(value)) return value.get(token);
  return isList(value) && /^(?:0|[1-9][0-9]{0,6})$/.test(token) ? value[Number(token)] : undefined;
}

function compare(
  original: ReplayReport,
  hypothetical: ReplayReport,
): 'SAME_OUTCOME' | 'DIFFERENT_OUTCOME' | 'INCONCLUSIVE' {
  if (original.result === 'failure' && hypothetical.result === 'failure') return 'INCONCLUSIVE';
  const isSame =
    original.result === hypothetical.result &&
    original.failures.length === hypothetical.failures.length &&
    verdictsOf(original) === verdictsOf(hypothetical);
  return isSame ? 'SAME_OUTCOME' : 'DIFFERENT_OUTCOME';
}

function verdictsOf(report: ReplayReport): string {
  return formatLegacyJson(report.safety_gate_verdicts, 'compact-ascii');
}

function summarize({ result, processed_events: count, failures, warnings }: ReplayReport): string {
  if (result === 'success') return `SUCCESS: ${count} events processed, no failures`;
  if (result === 'partial') return `PARTIAL: ${count} events processed, ${warnings.length} warnings`;
  const more = failures.length > 2 ? ` and ${failures.length - 2} more` : '';
  return `FAILURE: ${failures.slice(0, 2).join(', ')}${more}`;
}

function unescapeToken(token: string): string {
  return token.replaceAll('~1', '/').replaceAll('~0', '~');
}

function isList(value: LegacyValue): value is readonly LegacyValue[] {
  return Array.isArray(value);
}
