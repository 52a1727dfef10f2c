import {
  createLegacyEvent,
  type LegacyEvent,
  type LegacyObject,
  toLegacyValue,
} from '@exoarmur/canonical/legacy-python';

/** Correlation of every event of {@link createEventTrail}. */
export const TRAIL_ID = 'session-1';

/** A sound trail of telemetry events as the Python ancestor recorded them, in the order of their numbers. */
export function createEventTrail(length: number): LegacyEvent[] {
  return [...streamEventTrail(length)];
}

/** {@link createEventTrail} event by event: nothing of it is held. */
export function* streamEventTrail(length: number): Generator<LegacyEvent> {
  for (let index = 0; index < length; index++) {
    const id = `event-${String(index).padStart(9, '0')}`;
    const ref = { event_id: id, correlation_id: TRAIL_ID, trace_id: 'trace-1', reading: index, unit: 'celsius' };
    const fields = {
      event_id: id,
      event_type: 'telemetry_ingested',
      actor: 'sensor-1',
      correlation_id: TRAIL_ID,
      payload: { kind: 'inline', ref },
      payload_hash: '',
      sequence_number: index,
    };
    yield createLegacyEvent(toLegacyValue(fields) as LegacyObject);
  }
}
