import { parseJson } from '@exoarmur/canonical';
import type { JsonObject } from '@exoarmur/contracts';
import { describe, expect, it } from 'vitest';
import { ARGUMENT_LIMITS, flattenArguments } from './arguments.ts';

describe('flattenArguments', () => {
  it('gives every scalar by its pointer, whole numbers as numbers and arrays of strings as lists', () => {
    const parameters = {
      to: ['a@x', 'b@x'],
      amount: 12,
      nested: { 'a/b~c': true, none: null },
      mixed: ['x', 1],
      empty: [],
    };
    expect(flattenArguments(parameters)).toEqual({
      outcome: 'valid',
      value: {
        texts: {
          '/to/0': 'a@x',
          '/to/1': 'b@x',
          '/amount': '12',
          '/nested/a~1b~0c': 'true',
          '/nested/none': 'null',
          '/mixed/0': 'x',
          '/mixed/1': '1',
        },
        numbers: { '/amount': 12, '/mixed/1': 1 },
        lists: { '/to': ['a@x', 'b@x'], '/empty': [] },
      },
    });
  });

  it.each([
    ['fraction', { n: 0.1 }],
    ['unsafe_number', { n: 2 ** 53 }],
    ['unsafe_number', { n: Number.NaN }],
    ['unsafe_number', { n: Number.POSITIVE_INFINITY }],
    ['too_many_leaves', { a: Array.from({ length: ARGUMENT_LIMITS.maxLeaves }, () => 'x') }],
    ['pointer_too_long', { ['k'.repeat(ARGUMENT_LIMITS.maxPointerLength)]: 'x' }],
  ])('refuses %s', (reason, parameters) => {
    expect(flattenArguments(parameters)).toEqual({ outcome: 'refused', reason });
  });

  it('refuses what is nested too deeply', () => {
    let value: JsonObject = {};
    for (let depth = 0; depth < ARGUMENT_LIMITS.maxDepth; depth += 1) value = { d: value };
    expect(flattenArguments({ d: value })).toEqual({ outcome: 'refused', reason: 'too_deep' });
  });

  it('keeps a member named like a prototype as what it is', () => {
    const parameters = parseJson('{"__proto__":{"admin":"yes"}}') as JsonObject;
    expect(flattenArguments(parameters)).toMatchObject({ value: { texts: { '/__proto__/admin': 'yes' } } });
  });
});
