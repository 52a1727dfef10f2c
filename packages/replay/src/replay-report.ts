import {
  formatLegacyJson,
  hashLegacyText,
  type LegacyObject,
  type LegacyValue,
} from '@exoarmur/canonical/legacy-python';

/** `partial`: nothing failed, but something could not be verified or understood. It is no success. */
export type ReplayResult = 'success' | 'partial' | 'failure';

/** What the replay of one correlation showed, in the shape of the Python ancestor. */
export interface ReplayReport {
  readonly correlation_id: string;
  readonly replay_timestamp: '1970-01-01T00:00:00Z';
  readonly result: ReplayResult;
  readonly total_events: number;
  readonly processed_events: number;
  readonly failed_events: number;
  /** False when an intent differs from the frozen one, or could not be compared with it. */
  readonly intent_hash_verified: boolean;
  /** False for an unknown gate verdict, and for an execution that the gate did not allow. */
  readonly safety_gate_verified: boolean;
  /** False as soon as anything failed. */
  readonly audit_integrity_verified: boolean;
  /** By approval id, event id or stream: the intent. */
  readonly reconstructed_intents: ReadonlyMap<string, LegacyObject>;
  /** By stream and sequence number. The ancestor declared this member and never filled it, and it is empty for its events. */
  readonly reconstructed_decisions: ReadonlyMap<string, LegacyObject>;
  /** By event id. */
  readonly safety_gate_verdicts: ReadonlyMap<string, LegacyValue>;
  readonly failures: readonly string[];
  readonly warnings: readonly string[];
}

/** The canonical text of a report in the ancestor's `replay` dialect: what its hash is over. */
export function formatReplayReport(report: ReplayReport): string {
  return formatLegacyJson(toLegacy(report), 'replay');
}

/** Lower-case hex SHA-256 of {@link formatReplayReport}. It names no input: two trails can have the same report. */
export function hashReplayReport(report: ReplayReport): string {
  return hashLegacyText(formatReplayReport(report));
}

function toLegacy(report: ReplayReport): LegacyObject {
  return new Map<string, LegacyValue>([
    ['correlation_id', report.correlation_id],
    ['replay_timestamp', report.replay_timestamp],
    ['result', report.result],
    ['total_events', BigInt(report.total_events)],
    ['processed_events', BigInt(report.processed_events)],
    ['failed_events', BigInt(report.failed_events)],
    ['intent_hash_verified', report.intent_hash_verified],
    ['safety_gate_verified', report.safety_gate_verified],
    ['audit_integrity_verified', report.audit_integrity_verified],
    ['reconstructed_intents', report.reconstructed_intents],
    ['reconstructed_decisions', report.reconstructed_decisions],
    ['safety_gate_verdicts', report.safety_gate_verdicts],
    ['failures', report.failures],
    ['warnings', report.warnings],
  ]);
}
