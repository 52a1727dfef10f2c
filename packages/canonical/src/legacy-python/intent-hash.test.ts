import { describe, expect, it } from 'vitest';
import { expectRefusal } from '../../test/errors.ts';
import { readVectors } from '../../test/vectors.ts';
import { formatLegacyJson } from './dialects.ts';
import { legacyIntentHash, legacyIntentPreimage } from './intent-hash.ts';
import { parseLegacyJson } from './reader.ts';
import type { LegacyObject, LegacyValue } from './value.ts';

interface IntentVector {
  readonly name: string;
  readonly intent_json: string;
  readonly canonical: string;
  readonly intent_hash: string;
}

const vectors = readVectors<IntentVector[]>('legacy-python/intent-hash.json');
const valid = parseLegacyJson((vectors[0] as IntentVector).intent_json) as LegacyObject;
const withField = (name: string, value: LegacyValue) => new Map([...valid, [name, value]]);

describe('the intent hash', () => {
  it.each(vectors)('of $name is the recorded one', ({ intent_json, canonical, intent_hash }) => {
    const intent = parseLegacyJson(intent_json) as LegacyObject;
    expect(formatLegacyJson(legacyIntentPreimage(intent), 'replay')).toBe(canonical);
    expect(legacyIntentHash(intent)).toBe(intent_hash);
  });

  it('changes with every field', () => {
    const seen = new Set([legacyIntentHash(valid)]);
    for (const name of ['tenant_id', 'cell_id', 'intent_type', 'correlation_id', 'trace_id', 'idempotency_key']) {
      seen.add(legacyIntentHash(withField(name, 'changed')));
    }
    seen.add(legacyIntentHash(withField('action_class', 'A0_observe')));
    seen.add(legacyIntentHash(withField('requested_at', '2023-01-01T12:00:01Z')));
    seen.add(legacyIntentHash(withField('ttl_seconds', 1n)));
    seen.add(legacyIntentHash(withField('parameters', new Map())));
    expect(seen.size).toBe(11);
  });

  it('reads a time to live in the spellings the model coerced', () => {
    for (const value of [60n, 60, '60', ' +60 ']) {
      expect(legacyIntentPreimage(withField('ttl_seconds', value)).get('ttl_seconds')).toBe(60n);
    }
    expect(legacyIntentPreimage(withField('ttl_seconds', true)).get('ttl_seconds')).toBe(1n);
  });

  // As the ancestor's model printed them.
  it.each([
    ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00+00:00'],
    ['0001-01-01 00:00:00', '0001-01-01T00:00:00'],
    ['2024-01-01T00:00:00.1234567Z', '2024-01-01T00:00:00.123456+00:00'],
    ['2024-01-01T00:00:00+23:59', '2024-01-01T00:00:00+23:59'],
  ])('prints the time %s as %s', (text, printed) => {
    expect(legacyIntentPreimage(withField('requested_at', text)).get('requested_at')).toBe(printed);
  });

  it('trims outer white space of every kind, and nothing else', () => {
    const text = '\u00a0\u0085\t\n \u3000a \u2028 b\u200b\ufeff\u2029\u1680\u000b';
    expect(legacyIntentPreimage(withField('cell_id', text)).get('cell_id')).toBe('a \u2028 b\u200b\ufeff');
    expect(legacyIntentPreimage(withField('cell_id', ' \t ')).get('cell_id')).toBe('');
  });

  it('trims a text in time linear in its size', () => {
    const cost = (blanks: number, times: number) => {
      const intent = withField('cell_id', `a${' '.repeat(blanks)}b`);
      const start = performance.now();
      for (let i = 0; i < times; i++) legacyIntentPreimage(intent);
      return performance.now() - start;
    };
    // The same number of blanks in one text and in 64: squares would make the one 64 times as dear.
    let best = Number.POSITIVE_INFINITY;
    for (let attempt = 0; attempt < 5 && best > 16; attempt++) {
      best = Math.min(best, cost(1 << 16, 1) / cost(1 << 10, 64));
    }
    expect(best).toBeLessThan(16);
  });

  it.each<[string, LegacyValue]>([
    ['extra', 'x'],
    ['tenant_id', 1n],
    ['subject', 'x'],
    ['parameters', []],
    ['action_class', 'A9_destroy'],
    ['intent_id', '01J4NR5X9Z8GABCDEF1234567I'],
    ['requested_at', 'yesterday'],
    ['requested_at', '2023-13-01T00:00:00Z'],
    ['requested_at', '2024-02-30T00:00:00Z'],
    ['requested_at', '2023-02-29T00:00:00Z'],
    ['requested_at', '2024-01-01T24:00:00Z'],
    ['requested_at', '2024-01-01T23:59:60Z'],
    ['requested_at', '0000-01-01T00:00:00Z'],
    ['requested_at', '2024-01-01T00:00:00+24:00'],
    ['requested_at', '2024-01-01T00:00:00+10:60'],
    ['requested_at', 5n],
    ['ttl_seconds', 1.5],
    ['ttl_seconds', 'soon'],
  ])('refuses a bad %s (%#)', (name, value) => {
    expectRefusal('CANONICAL_LEGACY_INTENT_MALFORMED', () => legacyIntentHash(withField(name, value)));
  });

  it('refuses an intent without one of its fields', () => {
    for (const name of valid.keys()) {
      if (name === 'parameters' || name === 'ttl_seconds') continue;
      const without = new Map([...valid].filter(([other]) => other !== name));
      expectRefusal('CANONICAL_LEGACY_INTENT_MALFORMED', () => legacyIntentHash(without));
    }
  });
});
