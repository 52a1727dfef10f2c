import { describe, expect, it } from 'vitest';
import { expectRefusal } from '../../test/errors.ts';
import { readVectors } from '../../test/vectors.ts';
import { CanonicalError } from '../errors.ts';
import { formatLegacyJson } from './dialects.ts';
import {
  createLegacyEvent,
  formatLegacyEvent,
  isLegacyPayloadIntact,
  legacyEventPriority,
  legacyOrderingKey,
  projectLegacyRecord,
  sortLegacyEvents,
} from './event.ts';
import { hashLegacyJson } from './hash.ts';
import { parseLegacyJson } from './reader.ts';
import { type LegacyObject, toLegacyValue } from './value.ts';

interface EventVector {
  readonly name: string;
  readonly fields_json: string;
  readonly construct_error?: string;
  readonly payload_hash?: string;
  readonly priority?: number;
  readonly ordering_key?: readonly [number, string, number];
  readonly integrity?: boolean;
  readonly to_dict_canonical?: string;
  readonly to_dict_sha256?: string | null;
  readonly tampers?: readonly { readonly name: string; readonly patch_json: string; readonly integrity: boolean }[];
}

interface OrderingVector {
  readonly name: string;
  readonly events: readonly {
    readonly event_id: string;
    readonly event_type: string;
    readonly sequence_number: number | null;
  }[];
  readonly sorted_indices: readonly number[];
  readonly ordering_keys: readonly (readonly [number, string, number])[];
}

interface ProjectionVector {
  readonly name: string;
  readonly record_json: string;
  readonly sequence_number: number | null;
  readonly event_canonical?: string;
  readonly error?: string;
}

const readObject = (text: string) => parseLegacyJson(text) as LegacyObject;
const plainKey = ([priority, id, sequence]: readonly [number, string, bigint]) => [priority, id, Number(sequence)];

describe('events of the ancestor', () => {
  it.each(readVectors<EventVector[]>('legacy-python/canonical-events.json'))(
    'are made and checked as $name',
    (vector) => {
      const fields = readObject(vector.fields_json);
      if (vector.construct_error !== undefined) {
        expect(() => createLegacyEvent(fields)).toThrow(CanonicalError);
        return;
      }
      const event = createLegacyEvent(fields);
      expect(event.payload_hash).toBe(vector.payload_hash);
      expect(isLegacyPayloadIntact(event)).toBe(vector.integrity);
      expect(legacyEventPriority(event.event_type as string)).toBe(vector.priority);
      expect(plainKey(legacyOrderingKey(event))).toEqual(vector.ordering_key);
      const object = formatLegacyEvent(event);
      if (vector.to_dict_canonical !== undefined) {
        expect(formatLegacyJson(object, 'replay')).toBe(vector.to_dict_canonical);
      }
      if (typeof vector.to_dict_sha256 === 'string')
        expect(hashLegacyJson(object, 'replay')).toBe(vector.to_dict_sha256);
      for (const tamper of vector.tampers ?? []) {
        const patched = createLegacyEvent(new Map([...object, ...readObject(tamper.patch_json)]));
        expect([tamper.name, isLegacyPayloadIntact(patched)]).toEqual([tamper.name, tamper.integrity]);
      }
    },
  );

  it('name the defect of fields that make no event', () => {
    const fields = readObject(
      '{"event_id":"a","event_type":"t","actor":"s","correlation_id":"c","payload":{},"payload_hash":""}',
    );
    expectRefusal('CANONICAL_LEGACY_EVENT_MALFORMED', () => createLegacyEvent(new Map([...fields, ['extra', 1n]])));
    for (const name of fields.keys()) {
      const without = new Map([...fields].filter(([other]) => other !== name));
      expectRefusal('CANONICAL_LEGACY_EVENT_MALFORMED', () => createLegacyEvent(without));
    }
    const surrogate = new Map([...fields, ['payload', '\ud800'] as const]);
    expectRefusal('CANONICAL_LEGACY_VALUE_UNSUPPORTED', () => createLegacyEvent(surrogate));
  });

  it('compute a hash in place of each value that Python calls false', () => {
    for (const falsy of ['""', 'null', 'false', '0', '0.0', '-0.0', '[]', '{}']) {
      const text = `{"event_id":"a","event_type":"t","actor":"s","correlation_id":"c","payload":{},"payload_hash":${falsy}}`;
      expect(createLegacyEvent(readObject(text)).payload_hash).toBe(
        '44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a',
      );
    }
    for (const truthy of ['"x"', 'true', '1', 'NaN', '[0]', '{"a":0}']) {
      const text = `{"event_id":"a","event_type":"t","actor":"s","correlation_id":"c","payload":{},"payload_hash":${truthy}}`;
      expect(isLegacyPayloadIntact(createLegacyEvent(readObject(text)))).toBe(false);
    }
  });
});

describe('the replay order', () => {
  it.each(readVectors<OrderingVector[]>('legacy-python/event-ordering.json'))(
    'of $name is the recorded one',
    (vector) => {
      const events = vector.events.map((event, index) => ({
        event_id: event.event_id,
        event_type: event.event_type,
        sequence_number: event.sequence_number === null ? null : BigInt(event.sequence_number),
        index,
      }));
      const sorted = sortLegacyEvents(events);
      expect(sorted.map(({ index }) => index)).toEqual(vector.sorted_indices);
      expect(sorted.map((event) => plainKey(legacyOrderingKey(event)))).toEqual(vector.ordering_keys);
    },
  );

  it('folds letter case as Unicode does', () => {
    expect(legacyEventPriority('\u0131ntent_executed')).toBe(6);
  });

  it('refuses what the ancestor dropped in silence', () => {
    const event = { event_id: 'a', event_type: 't', sequence_number: null };
    expectRefusal('CANONICAL_LEGACY_EVENT_MALFORMED', () => legacyOrderingKey({ ...event, event_id: 1n }));
    expectRefusal('CANONICAL_LEGACY_EVENT_MALFORMED', () => legacyOrderingKey({ ...event, event_type: null }));
    expectRefusal('CANONICAL_LEGACY_EVENT_MALFORMED', () => legacyOrderingKey({ ...event, sequence_number: 1 }));
  });
});

describe('the projection of audit records', () => {
  it.each(readVectors<ProjectionVector[]>('legacy-python/audit-projection.json'))(
    'gives the event of $name',
    (vector) => {
      const record = readObject(vector.record_json);
      const sequence = vector.sequence_number === null ? null : BigInt(vector.sequence_number);
      if (vector.error !== undefined) {
        expectRefusal('CANONICAL_LEGACY_VALUE_UNSUPPORTED', () => projectLegacyRecord(record, sequence));
        return;
      }
      expect(formatLegacyJson(formatLegacyEvent(projectLegacyRecord(record, sequence)), 'replay')).toBe(
        vector.event_canonical,
      );
    },
  );

  it('prefers payload_ref even when it is null, and keeps a named actor', () => {
    const record = toLegacyValue({ payload_ref: null, payload: { a: 1 }, actor: 'x' }) as LegacyObject;
    const event = projectLegacyRecord(record);
    expect([event.payload, event.actor]).toEqual([new Map(), 'x']);
  });
});
