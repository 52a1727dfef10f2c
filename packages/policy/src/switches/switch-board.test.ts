import {
  canonicalizeToBytes,
  createSigner,
  encodeUtf8,
  type NamedSigner,
  parseVerifierKey,
  signEnvelope,
} from '@exoarmur/canonical';
import { beforeEach, describe, expect, it } from 'vitest';
import { createSwitchBoard, type SwitchBoard } from './switch-board.ts';
import {
  parseSwitchCommand,
  SWITCH_COMMAND_PAYLOAD_TYPE,
  type SwitchCommand,
  signSwitchCommand,
} from './switch-command.ts';

const [first, second, stranger] = [1, 2, 3].map((n) => createSigner(`operator-${n}`, new Uint8Array(32).fill(n))) as [
  NamedSigner,
  NamedSigner,
  NamedSigner,
];
const keys = [first, second].map(({ vkey }) => parseVerifierKey(vkey));
const ENGAGE: SwitchCommand = {
  schema: 'exoarmur.switch-command/1',
  cell: 'cell-1',
  sequence: 1,
  switch: 'global',
  subject: null,
  state: 'engaged',
  reason: 'incident 7',
  issued_by: 'operator-1',
  issued_at: '2024-01-01T12:00:00.000Z',
};
const SCOPE = { tenant: 'acme', actor: 'agent-1', actionClass: 'A2_hard_containment' };
const CLEAR = { global: 'clear', tenant: 'clear', actor: 'clear', action_class: 'clear' };
const UNKNOWN = { global: 'unknown', tenant: 'unknown', actor: 'unknown', action_class: 'unknown' };

let now: number;
let board: SwitchBoard;
beforeEach(() => {
  now = 1_000_000;
  const clock = { now: () => now };
  board = createSwitchBoard({ cell: 'cell-1', clock, keys, threshold: { engage: 1, clear: 2 }, maxAgeMs: 5000 });
});

describe('createSwitchBoard', () => {
  it('knows nothing until it is confirmed', async () => {
    expect(await board.read(SCOPE)).toEqual(UNKNOWN);
    board.confirm();
    expect(await board.read(SCOPE)).toEqual(CLEAR);
  });

  it('knows nothing again once the confirmation is old, or lies in the future of a clock that went back', async () => {
    board.confirm();
    now += 5000;
    expect(await board.read(SCOPE)).toEqual(CLEAR);
    now += 1;
    expect(await board.read(SCOPE)).toEqual(UNKNOWN);
    now -= 5002;
    expect(await board.read(SCOPE)).toEqual(UNKNOWN);
  });

  it('keeps an engaged switch engaged at any age', async () => {
    expect(board.obey(signSwitchCommand(ENGAGE, [first]))).toMatchObject({ outcome: 'obeyed', command: ENGAGE });
    now += 1_000_000;
    expect(await board.read(SCOPE)).toEqual({ ...UNKNOWN, global: 'engaged' });
  });

  it.each([
    ['tenant', 'acme', { ...SCOPE, tenant: 'other' }],
    ['actor', 'acme/agent-1', { ...SCOPE, tenant: 'other' }],
    ['action_class', 'A2_hard_containment', { ...SCOPE, actionClass: 'A1_soft_containment' }],
  ] as const)('stops the %s it names and nothing beside it', async (kind, subject, beside) => {
    board.confirm();
    board.obey(signSwitchCommand({ ...ENGAGE, switch: kind, subject }, [first]));
    expect(await board.read(SCOPE)).toEqual({ ...CLEAR, [kind]: 'engaged' });
    expect(await board.read(beside)).toEqual(CLEAR);
  });

  it('clears only with as many distinct keys as clearing takes', async () => {
    board.confirm();
    board.obey(signSwitchCommand(ENGAGE, [first]));
    const clear: SwitchCommand = { ...ENGAGE, sequence: 2, state: 'clear' };
    expect(board.obey(signSwitchCommand(clear, [first]))).toEqual({ outcome: 'refused', reason: 'signature_invalid' });
    expect(board.obey(signSwitchCommand(clear, [first, first]))).toEqual({
      outcome: 'refused',
      reason: 'signature_invalid',
    });
    expect((await board.read(SCOPE)).global).toBe('engaged');
    expect(board.obey(signSwitchCommand(clear, [first, second])).outcome).toBe('obeyed');
    expect((await board.read(SCOPE)).global).toBe('clear');
  });

  it('obeys no command twice, and none that is older than the last', () => {
    const envelope = signSwitchCommand({ ...ENGAGE, sequence: 5 }, [first]);
    expect(board.obey(envelope).outcome).toBe('obeyed');
    expect(board.obey(envelope)).toEqual({ outcome: 'refused', reason: 'sequence_replayed' });
    const older = signSwitchCommand({ ...ENGAGE, sequence: 4, state: 'clear' }, [first, second]);
    expect(board.obey(older)).toEqual({ outcome: 'refused', reason: 'sequence_replayed' });
  });

  it('refuses an unknown key, an altered payload, another cell, another payload type and what is no envelope', () => {
    const refused = (envelope: unknown) => {
      const verdict = board.obey(envelope);
      return verdict.outcome === 'refused' ? verdict.reason : verdict.outcome;
    };
    const signed = signSwitchCommand(ENGAGE, [first]);
    const other = signSwitchCommand({ ...ENGAGE, reason: 'none' }, [first]);
    expect(refused(signSwitchCommand(ENGAGE, [stranger]))).toBe('signature_invalid');
    expect(refused({ ...signed, payload: other.payload })).toBe('signature_invalid');
    expect(refused(signSwitchCommand({ ...ENGAGE, cell: 'cell-2' }, [first]))).toBe('other_cell');
    const payload = canonicalizeToBytes(ENGAGE);
    expect(refused(signEnvelope({ payloadType: 'application/json', payload, signers: [first] }))).toBe(
      'payload_type_unknown',
    );
    const garbage = signEnvelope({
      payloadType: SWITCH_COMMAND_PAYLOAD_TYPE,
      payload: encodeUtf8('{}'),
      signers: [first],
    });
    expect(refused(garbage)).toBe('command_malformed');
    for (const nothing of [null, {}, 'x', []]) expect(refused(nothing)).toBe('signature_invalid');
  });

  it('refuses to be created with thresholds or an age that would mean nothing', () => {
    const options = { cell: 'c', clock: { now: () => 0 }, keys, threshold: { engage: 1, clear: 1 }, maxAgeMs: 1 };
    expect(() => createSwitchBoard({ ...options, threshold: { engage: 0, clear: 1 } })).toThrowError(RangeError);
    expect(() => createSwitchBoard({ ...options, threshold: { engage: 1, clear: 0 } })).toThrowError(RangeError);
    expect(() => createSwitchBoard({ ...options, maxAgeMs: Number.POSITIVE_INFINITY })).toThrowError(RangeError);
  });
});

describe('parseSwitchCommand', () => {
  it('reads what was signed', () => {
    expect(parseSwitchCommand(canonicalizeToBytes(ENGAGE))).toEqual(ENGAGE);
  });

  it.each([
    ['/schema', { schema: 'exoarmur.switch-command/2' }],
    ['/cell', { cell: 'Cell' }],
    ['/sequence', { sequence: 0 }],
    ['/sequence', { sequence: '1' }],
    ['/switch', { switch: 'all' }],
    ['/subject', { subject: 'acme' }],
    ['/subject', { switch: 'tenant', subject: null }],
    ['/subject', { switch: 'actor', subject: 'agent-1' }],
    ['/subject', { switch: 'actor', subject: 'acme/agent-1/x' }],
    ['/subject', { switch: 'action_class', subject: 'A4' }],
    ['/state', { state: 'unknown' }],
    ['/reason', { reason: '' }],
    ['/issued_by', { issued_by: 'a b' }],
    ['/issued_at', { issued_at: '2024-02-30T00:00:00.000Z' }],
    ['', { extra: 1 }],
  ])('refuses a wrong %s', (pointer, change) => {
    const payload = canonicalizeToBytes({ ...ENGAGE, ...change });
    expect(() => parseSwitchCommand(payload)).toThrowError(
      expect.objectContaining({ code: 'POLICY_SWITCH_COMMAND_MALFORMED', pointer }),
    );
  });

  it.each([['[]'], ['null'], ['{'], ['{ "schema": 1 }'], ['"x"']])('refuses %s', (text) => {
    const refused = expect.objectContaining({ code: 'POLICY_SWITCH_COMMAND_MALFORMED' });
    expect(() => parseSwitchCommand(encodeUtf8(text))).toThrowError(refused);
  });
});
