import { canonicalize, canonicalizeToBytes, encodeUtf8 } from '@exoarmur/canonical';
import { isExoArmurError, recordKindSchema, type SealedRecord, sealedRecordSchema } from '@exoarmur/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeRecord, hashRecord, parseRecord } from './index.ts';
import { writeSealedText } from './record-grammar.ts';

const digest = fc.stringMatching(/^[0-9a-f]{64}$/).map((hex) => `sha256:${hex}` as const);
const identifier = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/);
const scope = fc.stringMatching(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/);
const record: fc.Arbitrary<SealedRecord> = fc.record({
  schema: fc.constant('exoarmur.record/1' as const),
  tenant: scope,
  cell: scope,
  correlation: identifier,
  stream: identifier,
  seq: fc.integer({ min: 0, max: 1_000_000 }),
  prev: fc.option(digest),
  kind: fc.constantFrom(...recordKindSchema.options),
  time: fc
    .date({ min: new Date(0), max: new Date('9999-12-31'), noInvalidDate: true })
    .map((date) => date.toISOString()),
  actor: fc.record({ type: fc.constantFrom('agent', 'human', 'service', 'boundary'), id: identifier }),
  trace: fc.option(identifier),
  payload: fc.record({ digest, size: fc.integer({ min: 2, max: 4_194_304 }) }),
});

const codeOf = (bytes: Uint8Array): string => {
  try {
    parseRecord(bytes);
  } catch (error) {
    if (isExoArmurError(error)) return error.code;
    throw error;
  }
  return 'none';
};

const sample: SealedRecord = {
  schema: 'exoarmur.record/1',
  tenant: 'demo',
  cell: 'cell-1',
  correlation: 'session-1',
  stream: 'intent-1',
  seq: 1,
  prev: `sha256:${'a'.repeat(64)}`,
  kind: 'verdict_resolved',
  time: '2024-01-01T12:00:00.000Z',
  actor: { type: 'boundary', id: 'cell-1' },
  trace: 'trace-1',
  payload: { digest: `sha256:${'b'.repeat(64)}`, size: 100 },
};

describe('parseRecord', () => {
  it('reads back every record the schema allows, and the grammar spells it as the general writer does', () => {
    fc.assert(
      fc.property(record, (value) => {
        expect(sealedRecordSchema.safeParse(value).success).toBe(true);
        expect(writeSealedText(value)).toBe(canonicalize(value));
        expect(parseRecord(encodeRecord(value))).toEqual(value);
      }),
    );
  });

  it('agrees with the general reader on every changed byte of a record', () => {
    const bytes = encodeRecord(sample);
    for (let position = 0; position < bytes.length; position++) {
      for (const bit of [0, 3, 5, 7]) {
        const changed = bytes.slice();
        changed[position] = (changed[position] ?? 0) ^ (1 << bit);
        if (codeOf(changed) !== 'none') continue;
        const value: unknown = JSON.parse(new TextDecoder().decode(changed));
        expect(sealedRecordSchema.safeParse(value).success).toBe(true);
        expect(canonicalizeToBytes(value)).toEqual(changed);
      }
    }
  });

  it.each([
    ['another spelling of the same value', ` ${canonicalize(sample)}`],
    ['trailing data', `${canonicalize(sample)}\n`],
    ['an unknown member', canonicalize({ ...sample, note: 'x' })],
    ['a missing member', '{}'],
    ['a sequence number above the limit', canonicalize({ ...sample, seq: 1_000_001 })],
    ['a payload of one byte', canonicalize({ ...sample, payload: { ...sample.payload, size: 1 } })],
    ['a payload above the limit', canonicalize({ ...sample, payload: { ...sample.payload, size: 4_194_305 } })],
    ['an unknown kind', canonicalize({ ...sample, kind: 'something_else' })],
    ['a stream name with a slash', canonicalize({ ...sample, stream: '../x' })],
    ['a time without milliseconds', canonicalize({ ...sample, time: '2024-01-01T12:00:00Z' })],
    ['no JSON', 'nonsense'],
  ])('refuses %s', (_, text) => {
    expect(codeOf(encodeUtf8(text))).toBe('AUDIT_RECORD_MALFORMED');
  });

  it('says where a record is malformed', () => {
    const bytes = canonicalizeToBytes({ ...sample, payload: { ...sample.payload, size: 1 } });
    expect(() => parseRecord(bytes)).toThrow(expect.objectContaining({ pointer: '/payload/size' }));
  });

  it.each(['2024-02-31', '2023-02-29', '0000-01-01', '2024-04-31'])(
    'refuses the day %s, which does not exist',
    (day) => {
      const bytes = canonicalizeToBytes({ ...sample, time: `${day}T00:00:00.000Z` });
      expect(codeOf(bytes)).toBe('AUDIT_RECORD_MALFORMED');
    },
  );

  it('refuses more bytes than a log entry can hold before it looks at them', () => {
    expect(codeOf(new Uint8Array(65_536))).toBe('AUDIT_RECORD_TOO_LARGE');
  });

  it('refuses bytes that are not UTF-8', () => {
    expect(codeOf(Uint8Array.of(0xff, 0xfe))).toBe('AUDIT_RECORD_MALFORMED');
  });
});

describe('hashRecord', () => {
  it('is the RFC 6962 leaf hash of the sealed bytes', () => {
    // SHA-256 of one zero byte: the leaf hash of the empty entry (RFC 6962 section 2.1).
    expect(hashRecord(new Uint8Array())).toBe(
      'sha256:6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
    );
  });
});
