import type { SwitchCommand } from '@exoarmur/contracts';
import { describe, expect, it } from 'vitest';
import { createSwitchBoard, mergeSwitches, UNKNOWN_SWITCHES as UNKNOWN } from './switch-board.ts';

const ENGAGE: SwitchCommand = {
  schema: 'exoarmur.switch-command/1',
  tenant: 'acme',
  cell: 'cell-1',
  sequence: 1,
  switch: 'global',
  subject: null,
  state: 'engaged',
  reason: 'incident 7',
  issued_by: 'alice',
  issued_at: '2024-01-01T12:00:00.000Z',
};
const SCOPE = { tenant: 'acme', actor: 'agent-1', actionClass: 'A2_hard_containment' };
const CLEAR = { global: 'clear', tenant: 'clear', actor: 'clear', action_class: 'clear' } as const;
const create = () => createSwitchBoard({ maxAgeMs: 5000 });

describe('createSwitchBoard', () => {
  it('knows nothing until it is confirmed', () => {
    const board = create();
    expect(board.read(SCOPE, 1000)).toEqual(UNKNOWN);
    board.confirm(1000);
    expect(board.read(SCOPE, 1000)).toEqual(CLEAR);
  });

  it.each([
    ['as old as it may be', 6000, CLEAR],
    ['one millisecond older', 6001, UNKNOWN],
    ['in the future of a clock that went back', 999, UNKNOWN],
    ['of no age at all', Number.NaN, UNKNOWN],
  ])('reads a confirmation %s', (_, now, expected) => {
    const board = create();
    board.confirm(1000);
    expect(board.read(SCOPE, now)).toEqual(expected);
  });

  it('keeps an engaged switch engaged at any age, confirmed or not', () => {
    const board = create();
    board.apply(ENGAGE);
    expect(board.read(SCOPE, 9_000_000)).toEqual({ ...UNKNOWN, global: 'engaged' });
  });

  it.each([
    [
      { switch: 'tenant', subject: 'acme' },
      { ...SCOPE, tenant: 'other' },
    ],
    [
      { switch: 'actor', subject: 'agent-1' },
      { ...SCOPE, actor: 'agent-2' },
    ],
    [
      { switch: 'action_class', subject: 'A2_hard_containment' },
      { ...SCOPE, actionClass: 'A1_soft_containment' },
    ],
  ] as const)('stops what %j names and nothing beside it, until it is cleared', (change, beside) => {
    const board = create();
    board.confirm(0);
    board.apply({ ...ENGAGE, ...change } as SwitchCommand);
    expect(board.read(SCOPE, 0)).toEqual({ ...CLEAR, [change.switch]: 'engaged' });
    expect(board.read(beside, 0)).toEqual(CLEAR);
    board.apply({ ...ENGAGE, ...change, sequence: 2, state: 'clear' } as SwitchCommand);
    expect(board.read(SCOPE, 0)).toEqual(CLEAR);
  });

  it('takes no command twice, and none that is older than the last', () => {
    const board = create();
    board.apply({ ...ENGAGE, sequence: 5 });
    for (const sequence of [4, 5]) {
      expect(() => board.apply({ ...ENGAGE, sequence, state: 'clear' })).toThrow(RangeError);
    }
    expect(board.lastSequence).toBe(5);
    expect(board.read(SCOPE, 0).global).toBe('engaged');
  });

  it('passes over a command without obeying it', () => {
    const board = create();
    board.apply(ENGAGE);
    board.skip({ ...ENGAGE, sequence: 2, state: 'clear' });
    expect(board.lastSequence).toBe(2);
    expect(board.read(SCOPE, 0).global).toBe('engaged');
    expect(() => board.skip({ ...ENGAGE, sequence: 2 })).toThrow(RangeError);
  });

  it('needs an age that is one', () => {
    for (const maxAgeMs of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => createSwitchBoard({ maxAgeMs })).toThrow(RangeError);
    }
    const board = createSwitchBoard({ maxAgeMs: 0 });
    board.confirm(7);
    expect(board.read(SCOPE, 7)).toEqual(CLEAR);
    expect(board.read(SCOPE, 8)).toEqual(UNKNOWN);
  });
});

describe('mergeSwitches', () => {
  it('takes the stricter answer for each switch', () => {
    const states = ['clear', 'unknown', 'engaged'] as const;
    for (const [i, a] of states.entries()) {
      for (const [j, b] of states.entries()) {
        const all = (state: (typeof states)[number]) =>
          ({ global: state, tenant: state, actor: state, action_class: state }) as const;
        expect(mergeSwitches(all(a), all(b))).toEqual(all(states[Math.max(i, j)] as (typeof states)[number]));
      }
    }
    expect(mergeSwitches({ ...CLEAR, global: 'engaged' }, { ...CLEAR, actor: 'unknown' })).toEqual({
      ...CLEAR,
      global: 'engaged',
      actor: 'unknown',
    });
    expect(mergeSwitches({ ...CLEAR, global: undefined as never }, CLEAR).global).not.toBe('clear');
  });
});
