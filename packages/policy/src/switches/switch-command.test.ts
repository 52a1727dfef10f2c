import { canonicalizeToBytes, createSigner, encodeUtf8, signEnvelope } from '@exoarmur/canonical';
import { type Operator, SWITCH_COMMAND_PAYLOAD_TYPE, type SwitchCommand } from '@exoarmur/contracts';
import { describe, expect, it } from 'vitest';
import { parseSwitchCommand, signSwitchCommand } from './switch-command.ts';
import { MAX_SWITCH_SIGNATURES, verifySwitchCommand } from './switch-verification.ts';

const signerOf = (n: number) => createSigner(`operator-${n}`, new Uint8Array(32).fill(n));
const [ann, annToo, bob, carl, stranger] = [1, 2, 3, 4, 5].map(signerOf) as [
  ReturnType<typeof signerOf>,
  ReturnType<typeof signerOf>,
  ReturnType<typeof signerOf>,
  ReturnType<typeof signerOf>,
  ReturnType<typeof signerOf>,
];
const BOTH = ['switch-engage', 'switch-clear'];
const operator = (operatorId: string, { vkey }: { vkey: string }, roles: readonly string[], isRevoked = false) =>
  ({ operatorId, vkey, roles, isRevoked }) satisfies Operator;
const OPERATORS: readonly Operator[] = [
  operator('ann', ann, BOTH),
  operator('ann', annToo, BOTH),
  operator('bob', bob, BOTH),
  operator('carl', carl, ['switch-engage']),
];
const ENGAGE: SwitchCommand = {
  schema: 'exoarmur.switch-command/1',
  tenant: 'acme',
  cell: 'cell-1',
  sequence: 1,
  switch: 'global',
  subject: null,
  state: 'engaged',
  reason: 'incident 7',
  issued_by: 'ann',
  issued_at: '2024-01-01T12:00:00.000Z',
};
const CLEAR: SwitchCommand = { ...ENGAGE, state: 'clear' };
const OPTIONS = {
  ...{ tenant: 'acme', cell: 'cell-1', operators: OPERATORS },
  threshold: { engaged: 1, clear: 2 },
  lastSequence: 0,
};

function verdictOn(envelope: unknown, change: Partial<typeof OPTIONS> & { readonly isPast?: boolean } = {}): string {
  const verdict = verifySwitchCommand(envelope, { ...OPTIONS, ...change });
  return verdict.outcome === 'refused' ? verdict.reason : verdict.outcome;
}

describe('verifySwitchCommand', () => {
  it('hands on the command that was signed', () => {
    const envelope = signSwitchCommand(ENGAGE, [ann]);
    expect(verifySwitchCommand(envelope, OPTIONS)).toEqual({
      ...{ outcome: 'valid', command: ENGAGE, envelope, signers: ['ann'] },
    });
  });

  it('counts people who may, not keys: one person with two keys is one', () => {
    expect(verdictOn(signSwitchCommand(CLEAR, [ann]))).toBe('threshold_unmet');
    expect(verdictOn(signSwitchCommand(CLEAR, [ann, ann]))).toBe('threshold_unmet');
    expect(verdictOn(signSwitchCommand(CLEAR, [ann, annToo]))).toBe('threshold_unmet');
    expect(verdictOn(signSwitchCommand(CLEAR, [ann, carl]))).toBe('threshold_unmet');
    expect(verdictOn(signSwitchCommand(CLEAR, [ann, bob]))).toBe('valid');
  });

  it('asks for the role of what is done: who may stop may not therefore resume', () => {
    expect(verdictOn(signSwitchCommand({ ...ENGAGE, issued_by: 'carl' }, [carl]))).toBe('valid');
    expect(verdictOn(signSwitchCommand({ ...CLEAR, issued_by: 'carl' }, [carl]))).toBe('role_missing');
    const operators = [operator('ann', ann, ['admin', 'switch-clear'])];
    expect(verdictOn(signSwitchCommand(ENGAGE, [ann]), { operators })).toBe('role_missing');
  });

  it.each([
    ['an unknown key', signSwitchCommand(ENGAGE, [stranger]), 'signature_invalid'],
    ['another tenant', signSwitchCommand({ ...ENGAGE, tenant: 'other' }, [ann]), 'foreign_tenant'],
    [
      'a switch of another tenant',
      signSwitchCommand({ ...ENGAGE, switch: 'tenant', subject: 'other' }, [ann]),
      'foreign_tenant',
    ],
    ['another cell', signSwitchCommand({ ...ENGAGE, cell: 'cell-2' }, [ann]), 'other_cell'],
    ['an issuer who did not sign', signSwitchCommand({ ...ENGAGE, issued_by: 'bob' }, [ann]), 'issuer_mismatch'],
    [
      'another payload type',
      signEnvelope({ payloadType: 'application/json', payload: canonicalizeToBytes(ENGAGE), signers: [ann] }),
      'command_malformed',
    ],
    [
      'a payload that is no command',
      signEnvelope({ payloadType: SWITCH_COMMAND_PAYLOAD_TYPE, payload: encodeUtf8('{}'), signers: [ann] }),
      'command_malformed',
    ],
    [
      'more signatures than are looked at',
      signSwitchCommand(
        ENGAGE,
        Array.from({ length: MAX_SWITCH_SIGNATURES + 1 }, () => ann),
      ),
      'command_malformed',
    ],
    ['null', null, 'command_malformed'],
    ['text', 'x', 'command_malformed'],
    ['an empty object', {}, 'command_malformed'],
  ])('refuses %s', (_, envelope, reason) => {
    expect(verdictOn(envelope)).toBe(reason);
  });

  it('refuses one that nobody is registered for, and every altered byte', () => {
    const envelope = signSwitchCommand(ENGAGE, [ann]);
    expect(verdictOn(envelope, { operators: [] })).toBe('signer_unknown');
    const other = signSwitchCommand({ ...ENGAGE, reason: 'none' }, [ann]);
    expect(verdictOn({ ...envelope, payload: other.payload })).toBe('signature_invalid');
  });

  it('refuses a revoked operator, but not what that operator did before', () => {
    const operators = [operator('ann', ann, BOTH, true)];
    const envelope = signSwitchCommand(ENGAGE, [ann]);
    expect(verdictOn(envelope, { operators })).toBe('signer_revoked');
    expect(verdictOn(envelope, { operators, isPast: true })).toBe('valid');
  });

  it('refuses the same command again, and an older one', () => {
    const envelope = signSwitchCommand({ ...ENGAGE, sequence: 5 }, [ann]);
    expect(verdictOn(envelope, { lastSequence: 4 })).toBe('valid');
    expect(verdictOn(envelope, { lastSequence: 5 })).toBe('sequence_replayed');
    expect(verdictOn(envelope, { lastSequence: 6 })).toBe('sequence_replayed');
  });

  it('refuses one that leaves numbers out, so that nobody can use them up; what was obeyed before stands', () => {
    for (const sequence of [2, 100, Number.MAX_SAFE_INTEGER]) {
      const envelope = signSwitchCommand({ ...ENGAGE, sequence }, [ann]);
      expect(verdictOn(envelope)).toBe('sequence_skipped');
      expect(verdictOn(envelope, { isPast: true })).toBe('valid');
      expect(verdictOn(envelope, { lastSequence: sequence - 1 })).toBe('valid');
    }
  });

  it('is not asked with a threshold that would mean nothing', () => {
    const envelope = signSwitchCommand(ENGAGE, [ann]);
    for (const threshold of [
      { engaged: 0, clear: 1 },
      { engaged: 1, clear: Number.NaN },
    ]) {
      expect(() => verifySwitchCommand(envelope, { ...OPTIONS, threshold })).toThrow(RangeError);
    }
  });
});

describe('parseSwitchCommand', () => {
  it('reads what was signed', () => {
    expect(parseSwitchCommand(canonicalizeToBytes(ENGAGE))).toEqual(ENGAGE);
  });

  it.each([
    ['/schema', { schema: 'exoarmur.switch-command/2' }],
    ['/tenant', { tenant: 'Acme' }],
    ['/cell', { cell: 'Cell' }],
    ['/sequence', { sequence: 0 }],
    ['/sequence', { sequence: '1' }],
    ['/switch', { switch: 'all' }],
    ['/subject', { subject: 'acme' }],
    ['/subject', { switch: 'tenant', subject: null }],
    ['/subject', { switch: 'actor', subject: 'acme/agent-1' }],
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
