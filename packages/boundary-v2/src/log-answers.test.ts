import { expect, it } from 'vitest';
import { readReceipt } from './log-answers.ts';

const TIME = '2024-01-01T12:00:00.000Z';
const RECORD = { stream: 's', kind: 'switch_changed', seq: 3, time: TIME };
const ASKED = { stream: 's', kind: 'switch_changed' } as const;

it('a receipt of the record that was asked for gives its time', () => {
  for (const asked of [ASKED, { ...ASKED, seq: 3 }, { ...ASKED, seq: 3, time: TIME }]) {
    expect(readReceipt({ record: RECORD }, asked)).toBe(TIME);
  }
});

it.each([
  ['nothing', undefined, ASKED],
  ['no record', {}, ASKED],
  ['another stream', { record: { ...RECORD, stream: 't' } }, ASKED],
  ['another kind', { record: { ...RECORD, kind: 'policy_activated' } }, ASKED],
  ['another place', { record: RECORD }, { ...ASKED, seq: 4 }],
  ['no place', { record: { ...RECORD, seq: undefined } }, ASKED],
  ['a place that is none', { record: { ...RECORD, seq: -1 } }, ASKED],
  ['no time', { record: { ...RECORD, time: undefined } }, ASKED],
  ['no time of any', { record: { ...RECORD, time: 'soon' } }, { ...ASKED, time: TIME }],
])('a receipt with %s is none', (_, receipt, asked) => {
  expect(() => readReceipt(receipt, asked)).toThrow();
});
