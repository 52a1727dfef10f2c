import { expect, test } from 'vitest';
import { z } from 'zod';
import {
  actionTypeSchema,
  asLine,
  base64Schema,
  digestSchema,
  identifierSchema,
  isIdentifier,
  jsonObjectSchema,
  keyedSchema,
  lineSchema,
  milliSchema,
  scopeNameSchema,
  timeSchema,
} from './primitives.ts';

const HEX = '0123456789abcdef'.repeat(4);

const accepted: readonly [string, z.ZodType, readonly unknown[]][] = [
  ['digest', digestSchema, [`sha256:${HEX}`]],
  ['time', timeSchema, ['2024-01-01T12:00:00.000Z', '9999-12-31T23:59:59.999Z']],
  ['scope name', scopeNameSchema, ['a', '0', 'tenant-1', 'a'.repeat(63)]],
  ['identifier', identifierSchema, ['A', '0', 'intent_1.a-b', 'x'.repeat(128)]],
  ['action type', actionTypeSchema, ['file.delete', 'a', 'http:get', 'a_b/c-d', `a${'b'.repeat(63)}`]],
  ['line', lineSchema(4), ['', 'a b', '😀😀😀😀']],
  ['base64', base64Schema, ['', 'AA==', 'AAA=', 'AAAA', '+/+/']],
  ['milli', milliSchema, [0, 500, 1000]],
  ['object', jsonObjectSchema, [{}, { a: null }, Object.create(null)]],
];

const refused: readonly [string, z.ZodType, readonly unknown[]][] = [
  ['digest', digestSchema, [HEX, `SHA256:${HEX}`, `sha256:${HEX.toUpperCase()}`, `sha256:${HEX}0`, `sha256:${HEX}\n`]],
  ['time', timeSchema, ['2024-01-01T12:00:00Z', '2024-01-01T12:00:00.000', '2024-13-01T12:00:00.000Z', 0]],
  ['scope name', scopeNameSchema, ['', '-a', 'a-', 'A', 'a_b', 'a'.repeat(64), 'a\n']],
  ['identifier', identifierSchema, ['', '.a', '-a', 'a b', 'a/b', 'é', 'x'.repeat(129), 'a\n']],
  ['action type', actionTypeSchema, ['', 'File.delete', '1a', 'a.', 'a..b', '.a', `a${'b'.repeat(64)}`]],
  ['line', lineSchema(4), ['abcde', 'a\nb', '\u0000', '\u0085', '😀😀😀😀😀']],
  ['base64', base64Schema, ['A', 'AA', 'AAA', 'A===', 'AA=A', 'AA==\n', '-_-_', ' AAA']],
  ['milli', milliSchema, [-1, 1001, 0.5, '1', Number.NaN]],
  ['object', jsonObjectSchema, [null, [], 'x', new Map(), new Date(0), Object.create({ inherited: 1 })]],
];

test.each(accepted.flatMap(([name, schema, values]) => values.map((value) => ({ name, schema, value }))))(
  'a $name may be $value',
  ({ schema, value }) => {
    expect(schema.parse(value)).toBe(value);
  },
);

test.each(refused.flatMap(([name, schema, values]) => values.map((value) => ({ name, schema, value }))))(
  'a $name may not be $value',
  ({ schema, value }) => {
    expect(schema.safeParse(value).success).toBe(false);
  },
);

test('an identifier is recognised by the function as by the schema', () => {
  const values = [...accepted, ...refused].flatMap(([, , list]) => list);
  for (const value of [...values, undefined, 5, ['a'], new String('a')]) {
    expect(isIdentifier(value)).toBe(identifierSchema.safeParse(value).success);
  }
});

test('a day is one of the calendar, for every month and every kind of year', () => {
  for (const year of ['0000', '0001', '0004', '0100', '0400', '1900', '2000', '2023', '2024', '2096', '2100', '9999']) {
    for (let month = 1; month <= 12; month += 1) {
      for (let day = 28; day <= 31; day += 1) {
        const text = `${year}-${String(month).padStart(2, '0')}-${day}T00:00:00.000Z`;
        const exists = year !== '0000' && new Date(text).toISOString() === text;
        expect(timeSchema.safeParse(text).success, text).toBe(exists);
      }
    }
  }
});

test('a base64 text of any length is judged, never a fault of the regular expression engine', () => {
  const long = 'A'.repeat(12_000_000);
  expect(base64Schema.safeParse(long).success).toBe(true);
  expect(base64Schema.safeParse(`${long}A!!=`).success).toBe(false);
});

test('a free-form object keeps its members, those named like a prototype included', () => {
  const object: unknown = JSON.parse('{"__proto__":{"isAdmin":true},"constructor":1}');
  expect(jsonObjectSchema.parse(object)).toBe(object);
  expect(({} as Record<string, unknown>).isAdmin).toBe(undefined);
});

const map = keyedSchema(z.string().max(3), z.number());

test('a map takes keys and values of the stated kinds and no others', () => {
  expect(map.parse({ a: 1, b: 2 })).toEqual({ a: 1, b: 2 });
  expect(map.safeParse({ long_key: 1 }).success).toBe(false);
  expect(map.safeParse({ a: 'text' }).success).toBe(false);
  expect(map.safeParse(null).success).toBe(false);
});

test('a map refuses a member named __proto__ instead of leaving it out unseen', () => {
  const result = map.safeParse(JSON.parse('{"a":1,"__proto__":2}'));
  expect(result.error?.issues.map((issue) => issue.message)).toEqual(['a member named `__proto__` is refused']);
});

test.each([
  ['plain text', 'plain text'],
  ['a\nb\u0000c\u0085d', 'a b c d'],
  ['0123456789abc', '0123456789ab'],
  ['0123456789a\u{1f600}', '0123456789a'],
  ['0123456789\u{1f600}!', '0123456789\u{1f600}'],
])('of %j the line is %j', (text, line) => {
  expect(asLine(text, 12)).toBe(line);
  expect(lineSchema(12).safeParse(asLine(text, 12)).success).toBe(true);
});
