import { describe, expect, it } from 'vitest';
import { expectRefusal } from '../test/errors.ts';
import { encodeBase64 } from './base64.ts';
import { formatCheckpoint, parseCheckpoint, signCheckpoint, verifyCheckpoint } from './checkpoint.ts';
import { signCosignature } from './cosignature.ts';
import { formatSignatureLine, signNote } from './signed-note.ts';
import { createSigner } from './signer.ts';
import { formatTlogProof, parseTlogProof } from './tlog-proof.ts';
import { isQuorumMet, parseTrustPolicy, TRUST_POLICY_LIMITS } from './trust-policy.ts';
import { createVerifierKey, formatVerifierKey, parseVerifierKey, SIGNATURE_TYPES } from './verifier-key.ts';

const log = createSigner('log.example/t1', new Uint8Array(32).fill(1));
const key = parseVerifierKey(log.vkey);
const root = new Uint8Array(32).fill(7);
const checkpoint = { origin: 'log.example/t1', size: 70_000, root };
const body = `log.example/t1\n70000\n${encodeBase64(root)}\n`;
const note = signCheckpoint(checkpoint, [log]);
const witnesses = ['w1.example', 'w2.example', 'w3.example'].map((name, i) =>
  createSigner(name, new Uint8Array(32).fill(10 + i)),
);
const witnessKeys = witnesses.map(({ name, publicKey }) =>
  createVerifierKey(name, publicKey, SIGNATURE_TYPES.cosignature),
);

describe('checkpoints', () => {
  it('have one text', () => {
    expect(formatCheckpoint(checkpoint)).toBe(body);
    expect(parseCheckpoint(body)).toEqual(checkpoint);
    expect(parseCheckpoint(note)).toEqual(checkpoint);
    const extended = { ...checkpoint, size: 0, extensions: ['one', 'two'] };
    expect(parseCheckpoint(formatCheckpoint(extended))).toEqual(extended);
  });

  it('verify with the key of the log that the origin names', () => {
    expect(verifyCheckpoint(note, [key])).toMatchObject({ outcome: 'valid', checkpoint, text: body });
    const cosigned = note + formatSignatureLine(signCosignature(body, witnesses[0] as (typeof witnesses)[0], 5));
    expect(verifyCheckpoint(cosigned, [key, ...witnessKeys])).toMatchObject({
      outcome: 'valid',
      signatures: [{ key }, { key: witnessKeys[0], timestamp: 5 }],
    });
  });

  it('do not verify without it, though others signed', () => {
    const foreign = createSigner('other.example', new Uint8Array(32).fill(3));
    const foreignKey = parseVerifierKey(foreign.vkey);
    const reason = { outcome: 'invalid', failures: [{ reason: 'no_log_signature', name: 'log.example/t1' }] };
    expect(verifyCheckpoint(signNote(body, [foreign]), [foreignKey, key])).toEqual(reason);
    const cosigner = createVerifierKey('log.example/t1', log.publicKey, SIGNATURE_TYPES.cosignature);
    const cosigned = `${body}\n${formatSignatureLine(signCosignature(body, log, 1))}`;
    expect(verifyCheckpoint(cosigned, [cosigner])).toEqual(reason);
    expect(verifyCheckpoint('junk', [key])).toEqual({ outcome: 'invalid', failures: [{ reason: 'malformed_note' }] });
    expect(verifyCheckpoint(signNote('no checkpoint\n', [log]), [key])).toEqual({
      outcome: 'invalid',
      failures: [{ reason: 'malformed_checkpoint' }],
    });
  });

  it('do not verify with any character of the body changed', () => {
    for (let i = 0; i < body.length; i++) {
      expect(
        verifyCheckpoint(note.slice(0, i) + (note[i] === '1' ? '2' : '1') + note.slice(i + 1), [key]).outcome,
      ).toBe('invalid');
    }
  });

  it.each(['007', '+7', '-1', '1e3', ' 7', '7 ', '0x7', '9007199254740992', '99999999999999999'])(
    'refuse the size %j',
    (size) => {
      expectRefusal('CANONICAL_CHECKPOINT_MALFORMED', () => parseCheckpoint(body.replace('70000', size)));
    },
  );

  it.each([
    '',
    '\n',
    'log\n1\n',
    body.slice(0, -1),
    `${body.slice(0, -1)}x`,
    body.replace('log.example/t1', ''),
    body.replace('=\n', '\n'),
    body.replace(encodeBase64(root), encodeBase64(root.slice(1))),
    `${body}\r`,
  ])('refuse the body %j', (text) => {
    expectRefusal('CANONICAL_CHECKPOINT_MALFORMED', () => parseCheckpoint(text));
  });

  it('cannot be made of parts that no body holds', () => {
    for (const bad of [{ origin: '' }, { origin: 'a\nb' }, { extensions: [''] }]) {
      expect(() => formatCheckpoint({ ...checkpoint, ...bad })).toThrow(TypeError);
    }
    for (const bad of [{ size: -1 }, { size: 0.5 }, { root: new Uint8Array(31) }]) {
      expect(() => formatCheckpoint({ ...checkpoint, ...bad })).toThrow(RangeError);
    }
    expect(() => signCheckpoint(checkpoint, witnesses)).toThrow(TypeError);
  });
});

describe('tlog proofs', () => {
  const path = [root, new Uint8Array(32).fill(9)];

  it('have one text', () => {
    for (const proof of [
      { index: 0, path: [], checkpoint: note },
      { index: 69_999, path, checkpoint: note },
      { index: 5, path, checkpoint: note, extra: Uint8Array.of(1, 2, 3) },
    ]) {
      expect(parseTlogProof(formatTlogProof(proof))).toEqual(proof);
    }
    expect(formatTlogProof({ index: 5, path: [root], checkpoint: note, extra: Uint8Array.of(1) })).toBe(
      `c2sp.org/tlog-proof@v1\nextra AQ==\nindex 5\n${encodeBase64(root)}\n\n${note}`,
    );
  });

  it.each([
    ['', 'CANONICAL_PROOF_MALFORMED'],
    [`c2sp.org/tlog-proof@v2\nindex 5\n\n${note}`, 'CANONICAL_PROOF_MALFORMED'],
    [`c2sp.org/tlog-proof@v1\n\n${note}`, 'CANONICAL_PROOF_MALFORMED'],
    [`c2sp.org/tlog-proof@v1\nindex 05\n\n${note}`, 'CANONICAL_PROOF_MALFORMED'],
    [`c2sp.org/tlog-proof@v1\nindex 9007199254740992\n\n${note}`, 'CANONICAL_PROOF_MALFORMED'],
    [`c2sp.org/tlog-proof@v1\nindex 5\nextra AQ==\n\n${note}`, 'CANONICAL_PROOF_MALFORMED'],
    [`c2sp.org/tlog-proof@v1\nextra A\nindex 5\n\n${note}`, 'CANONICAL_PROOF_MALFORMED'],
    [`c2sp.org/tlog-proof@v1\nindex 5\nAQ==\n\n${note}`, 'CANONICAL_PROOF_MALFORMED'],
    [`c2sp.org/tlog-proof@v1\nindex 5\n${`${encodeBase64(root)}\n`.repeat(64)}\n${note}`, 'CANONICAL_PROOF_MALFORMED'],
    [`c2sp.org/tlog-proof@v1\nindex 5\n\n${body}`, 'CANONICAL_PROOF_MALFORMED'],
    [`c2sp.org/tlog-proof@v1\nindex 5\n\n${note}x`, 'CANONICAL_NOTE_MALFORMED'],
    [`c2sp.org/tlog-proof@v1\nindex 5\n\n${signNote('x\n', [log])}`, 'CANONICAL_CHECKPOINT_MALFORMED'],
  ] as const)('are refused when malformed (%#)', (text, code) => {
    expectRefusal(code, () => parseTlogProof(text));
  });

  it('cannot be made of parts that no proof holds', () => {
    expect(() => formatTlogProof({ index: -1, path, checkpoint: note })).toThrow(RangeError);
    expect(() => formatTlogProof({ index: 0, path: [new Uint8Array(31)], checkpoint: note })).toThrow(RangeError);
    expectRefusal('CANONICAL_CHECKPOINT_MALFORMED', () => formatTlogProof({ index: 0, path, checkpoint: 'x' }));
  });
});

describe('trust policies', () => {
  const [w1, w2, w3] = witnessKeys.map(formatVerifierKey) as [string, string, string];
  const logAsWitness = formatVerifierKey(createVerifierKey('w4', log.publicKey, SIGNATURE_TYPES.cosignature));
  const witnessAsLog = formatVerifierKey(createVerifierKey('log2', parseVerifierKey(w1).publicKey));
  const head = `# who is trusted\nlog ${log.vkey} https://log.example/\n\n \twitness one ${w1}\nwitness two ${w2} https://w2.example\nwitness three ${w3}\n`;
  const policy = parseTrustPolicy(`${head}group pair 2 one two\ngroup all-of all pair three\nquorum all-of\n`);

  it('say which logs, witnesses and groups count', () => {
    expect(policy.logs).toEqual([{ key, url: 'https://log.example/' }]);
    expect(policy.witnesses.map(({ name, key: { publicKey } }) => [name, publicKey])).toEqual(
      witnessKeys.map(({ publicKey }, i) => [['one', 'two', 'three'][i], publicKey]),
    );
    expect(policy.groups).toEqual([
      { name: 'pair', threshold: 2, members: ['one', 'two'] },
      { name: 'all-of', threshold: 2, members: ['pair', 'three'] },
    ]);
  });

  it('are met exactly by the subsets of cosigners that the groups demand', () => {
    const texts: readonly (readonly [string, (subset: readonly boolean[]) => boolean])[] = [
      ['group pair 2 one two\ngroup g all pair three\nquorum g', ([a, b, c]) => Boolean(a && b && c)],
      ['group pair any one two\ngroup g 2 pair three\nquorum g', ([a, b, c]) => Boolean((a || b) && c)],
      ['group g 2 one two three\nquorum g', (subset) => subset.filter(Boolean).length >= 2],
      ['quorum two', ([, b]) => Boolean(b)],
      ['quorum none', () => true],
    ];
    for (const [tail, expected] of texts) {
      const parsed = parseTrustPolicy(`${head}${tail}\n`);
      for (let bits = 0; bits < 8; bits++) {
        const subset = [1, 2, 4].map((bit) => (bits & bit) !== 0);
        expect(
          isQuorumMet(
            parsed,
            witnessKeys.filter((_, i) => subset[i]),
          ),
        ).toBe(expected(subset));
      }
    }
  });

  it.each([
    ['quorum none'.slice(0, -1), 'CANONICAL_POLICY_MALFORMED'],
    ['', 'CANONICAL_POLICY_MALFORMED'],
    ['quorum none\nquorum none', 'CANONICAL_POLICY_MALFORMED'],
    ['quorum none one', 'CANONICAL_POLICY_MALFORMED'],
    ['quorum', 'CANONICAL_POLICY_MALFORMED'],
    ['quorum later\ngroup later any one', 'CANONICAL_POLICY_MALFORMED'],
    ['group g 0 one\nquorum g', 'CANONICAL_POLICY_MALFORMED'],
    ['group g 3 one two\nquorum g', 'CANONICAL_POLICY_MALFORMED'],
    ['group g 01 one\nquorum g', 'CANONICAL_POLICY_MALFORMED'],
    ['group g any\nquorum g', 'CANONICAL_POLICY_MALFORMED'],
    ['group g any one one\nquorum g', 'CANONICAL_POLICY_MALFORMED'],
    ['group g any one\ngroup h any one\nquorum h', 'CANONICAL_POLICY_MALFORMED'],
    ['group g any none\nquorum g', 'CANONICAL_POLICY_MALFORMED'],
    ['group g any g\nquorum g', 'CANONICAL_POLICY_MALFORMED'],
    ['group one any two\nquorum one', 'CANONICAL_POLICY_MALFORMED'],
    ['group none any two\nquorum none', 'CANONICAL_POLICY_MALFORMED'],
    [`log ${log.vkey}\nquorum none`, 'CANONICAL_POLICY_MALFORMED'],
    [`log ${w1}\nquorum none`, 'CANONICAL_POLICY_MALFORMED'],
    [`log ${createSigner('x', new Uint8Array(32).fill(5)).vkey} a b\nquorum none`, 'CANONICAL_POLICY_MALFORMED'],
    [`witness again ${w1}\nquorum none`, 'CANONICAL_POLICY_MALFORMED'],
    [`witness log ${log.vkey}\nquorum none`, 'CANONICAL_POLICY_MALFORMED'],
    [`witness four ${logAsWitness}\nquorum four`, 'CANONICAL_POLICY_MALFORMED'],
    [`log ${witnessAsLog}\nquorum none`, 'CANONICAL_POLICY_MALFORMED'],
    ['witness four\nquorum none', 'CANONICAL_POLICY_MALFORMED'],
    ['witness four nonsense\nquorum none', 'CANONICAL_KEY_MALFORMED'],
    ['Quorum none', 'CANONICAL_POLICY_MALFORMED'],
    ['quorum\u00a0none', 'CANONICAL_POLICY_MALFORMED'],
    ['quorum none\r', 'CANONICAL_POLICY_MALFORMED'],
    ['# a bell \u0007\nquorum none', 'CANONICAL_POLICY_MALFORMED'],
  ] as const)('refuse %j', (tail, code) => {
    expectRefusal(code, () => parseTrustPolicy(`${head}${tail}\n`));
  });

  it('hold up to the limit of groups', () => {
    const chain = (count: number) => {
      const groups = Array.from({ length: count }, (_, i) => `group g${i} any ${i === 0 ? 'one' : `g${i - 1}`}\n`);
      return `${head}${groups.join('')}quorum g${count - 1}\n`;
    };
    expect(parseTrustPolicy(chain(TRUST_POLICY_LIMITS.maxGroups)).groups).toHaveLength(256);
    expectRefusal('CANONICAL_POLICY_MALFORMED', () => parseTrustPolicy(chain(TRUST_POLICY_LIMITS.maxGroups + 1)));
    expectRefusal('CANONICAL_POLICY_MALFORMED', () => parseTrustPolicy(`#${' '.repeat(1_000_000)}\nquorum none\n`));
  });

  it('end in a newline', () => {
    expect(parseTrustPolicy('quorum none\n')).toEqual({ logs: [], witnesses: [], groups: [], quorum: 'none' });
    expectRefusal('CANONICAL_POLICY_MALFORMED', () => parseTrustPolicy('quorum none'));
  });
});
