import { expect, test } from 'vitest';
import { z } from 'zod';
import { findIssuePointers } from '../../test/model-laws.ts';
import { jsonValueSchema, legacyTimeSchema, mapSchema, ulidSchema } from './scalars.ts';

const accepts = (schema: z.ZodType, value: unknown): boolean => schema.safeParse(value).success;

test.each([
  '00000000000000000000000000',
  '7ZZZZZZZZZZZZZZZZZZZZZZZZZ',
  '8ZZZZZZZZZZZZZZZZZZZZZZZZZ',
  'ZZZZZZZZZZZZZZZZZZZZZZZZZZ',
  '0123456789ABCDEFGHJKMNPQRS',
  '000000000000000000000TVWXY',
])('accepts the ULID %s', (text) => {
  expect(accepts(ulidSchema, text)).toBe(true);
});

test.each([
  ['', 'nothing'],
  ['01J4NR5X9Z8GABCDEF1234567', '25 digits'],
  ['01J4NR5X9Z8GABCDEF123456700', '27 digits'],
  ['01j4nr5x9z8gabcdef12345670', 'lower case'],
  ['I1J4NR5X9Z8GABCDEF12345670', 'the letter I'],
  ['L1J4NR5X9Z8GABCDEF12345670', 'the letter L'],
  ['O1J4NR5X9Z8GABCDEF12345670', 'the letter O'],
  ['U1J4NR5X9Z8GABCDEF12345670', 'the letter U'],
  ['01J4NR5X9Z8GABCDEF12345670\n', 'a final line break'],
  [' 01J4NR5X9Z8GABCDEF12345670', 'a blank'],
  ['01J4NR5X9Z8G-BCDEF12345670', 'a dash'],
  ['０1J4NR5X9Z8GABCDEF1234567', 'a full-width digit'],
])('refuses as a ULID %j: %s', (value) => {
  expect(ulidSchema.safeParse(value).success).toBe(false);
});

test('says what a ULID must be', () => {
  expect(accepts(ulidSchema, 1)).toBe(false);
  expect(ulidSchema.safeParse('x').error?.issues[0]?.message).toBe('must be a valid ULID');
});

test.each([
  '2024-01-01T00:00:00+00:00',
  '2024-01-01 12:00:00+00:00',
  '2024-02-29T23:59:59.123456Z',
  '2000-02-29T00:00:00.1-23:59',
  '2024-12-31T00:00:00.123456789',
  '0001-01-01T00:00:00',
  '9999-12-31T23:59:59Z',
])('reads the time %s and keeps its spelling', (text) => {
  expect(legacyTimeSchema.parse(text)).toBe(text);
});

test.each([
  '2023-02-29T00:00:00Z',
  '1900-02-29T00:00:00Z',
  '2024-02-30T00:00:00Z',
  '2024-04-31T00:00:00Z',
  '2024-06-31T00:00:00Z',
  '2024-09-31T00:00:00Z',
  '2024-11-31T00:00:00Z',
  '2024-00-01T00:00:00Z',
  '2024-13-01T00:00:00Z',
  '2024-01-00T00:00:00Z',
  '2024-01-32T00:00:00Z',
  '0000-01-01T00:00:00Z',
  '2024-01-01T24:00:00Z',
  '2024-01-01T00:60:00Z',
  '2024-01-01T00:00:60Z',
  '2024-01-01T00:00:00.Z',
  '2024-01-01T00:00:00.1234567890Z',
  '2024-01-01T00:00:00+24:00',
  '2024-01-01T00:00:00+0000',
  '2024-01-01t00:00:00z',
  '2024-01-01T00:00Z',
  '2024-01-01',
  '1704067200',
  1704067200,
  '2024-01-01T00:00:00Z\n',
  '٢٠٢٤-01-01T00:00:00Z',
])('refuses as a time %j', (value) => {
  expect(accepts(legacyTimeSchema, value)).toBe(false);
});

test.each([null, false, 0, '', [], {}])('takes %j as a JSON value', (value) => {
  expect(accepts(jsonValueSchema, value)).toBe(true);
});

test.each([undefined, 1n, Symbol.iterator, () => 0])('refuses what JSON cannot say (%#)', (value) => {
  expect(accepts(jsonValueSchema, value)).toBe(false);
});

test('a time that is wrong in form is one issue', () => {
  expect(findIssuePointers(legacyTimeSchema, 'now')).toEqual(['']);
});

const counts = mapSchema(z.int(), { type: 'integer' });

test('a map keeps members named like a prototype and pollutes nothing', () => {
  const input: unknown = JSON.parse('{"__proto__":1,"constructor":2,"low":3}');
  const map = counts.parse(input);
  expect(JSON.stringify(map)).toBe('{"__proto__":1,"constructor":2,"low":3}');
  expect(Object.getPrototypeOf(map)).toBe(Object.prototype);
  expect(Object.hasOwn(Object.prototype, 'low')).toBe(false);
});

test('a map refuses a value of another kind at its key, also under `__proto__`', () => {
  expect(findIssuePointers(counts, { low: 1, high: 'x' })).toEqual(['/high']);
  expect(findIssuePointers(counts, JSON.parse('{"__proto__":{"low":1}}'))).toEqual(['/__proto__']);
  expect(findIssuePointers(counts, { low: 1.5 })).toEqual(['/low']);
});

test.each([null, [], 'x', new Map(), new Date(0)])('a map refuses what is no plain object (%#)', (value) => {
  expect(accepts(counts, value)).toBe(false);
});
