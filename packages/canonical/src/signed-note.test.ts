import { describe, expect, it } from 'vitest';
import { expectRefusal } from '../test/errors.ts';
import { encodeUtf8 } from './bytes.ts';
import { signCosignature, verifyCosignature } from './cosignature.ts';
import { formatNote, NOTE_LIMITS, parseNote, signNote, verifyNote } from './signed-note.ts';
import { createSigner, isOwnSigner } from './signer.ts';
import { createVerifierKey, parseSigningKey, parseVerifierKey, SIGNATURE_TYPES } from './verifier-key.ts';

/** The example of C2SP signed-note. */
const EXAMPLE_KEY = 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k';
const EXAMPLE = `This is an example message.

\u2014 example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=
`;

/** The example of the Go note package, with its published private key. */
const PETER_SECRET = 'PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz';
const PETER_TEXT = `If you think cryptography is the answer to your problem,
then you don't know what your problem is.
`;
const PETER_LINE =
  '\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n';

const signer = createSigner('a.example', new Uint8Array(32).fill(1));
const other = createSigner('b.example', new Uint8Array(32).fill(2));

describe('isOwnSigner', () => {
  it('is true of a signer that nobody can have changed, and of no copy', () => {
    expect([signer, { ...signer }, Object.create(signer), {}].map(isOwnSigner)).toEqual([true, false, false, false]);
    expect(() => Object.assign(signer, { sign: () => new Uint8Array(64) })).toThrow(TypeError);
  });
});
const keys = [parseVerifierKey(signer.vkey), parseVerifierKey(other.vkey)];
const note = signNote('text\n', [signer, other]);
const lines = note.slice('text\n\n'.length).split(/(?<=\n)/) as [string, string];

describe('signed notes', () => {
  it('verify the example of the specification', () => {
    const verdict = verifyNote(EXAMPLE, [parseVerifierKey(EXAMPLE_KEY)]);
    expect(verdict).toMatchObject({ outcome: 'valid', text: 'This is an example message.\n' });
    expect(verifyNote(encodeUtf8(EXAMPLE), [parseVerifierKey(EXAMPLE_KEY)])).toEqual(verdict);
  });

  it('are written as the Go package writes them', () => {
    const { name, seed } = parseSigningKey(PETER_SECRET);
    expect(signNote(PETER_TEXT, [createSigner(name, seed)])).toBe(`${PETER_TEXT}\n${PETER_LINE}`);
  });

  it('read and write each other', () => {
    for (const text of [note, EXAMPLE]) expect(formatNote(parseNote(text))).toBe(text);
    expect(parseNote('a\n\nb\n\n\u2014 k AAAAAAA=\n').text).toBe('a\n\nb\n');
  });

  it('ignore unknown keys, also those that share only a name or only an id', () => {
    expect(verifyNote(note, keys.slice(1))).toMatchObject({ outcome: 'valid', keys: keys.slice(1) });
    const sameName = createVerifierKey('a.example', other.publicKey);
    expect(verifyNote(note, [sameName])).toEqual({ outcome: 'invalid', failures: [{ reason: 'no_known_signature' }] });
    const sameId = { ...(keys[0] as (typeof keys)[0]), name: 'c.example' };
    expect(verifyNote(note, [sameId])).toEqual({ outcome: 'invalid', failures: [{ reason: 'no_known_signature' }] });
    expect(verifyNote(note, [])).toEqual({ outcome: 'invalid', failures: [{ reason: 'no_known_signature' }] });
  });

  it('are refused when a known key has a bad signature, even beside good ones', () => {
    const bad = `${lines[0].slice(0, 30)}${lines[0][30] === 'A' ? 'B' : 'A'}${lines[0].slice(31)}`;
    for (const block of [bad + lines[1], lines[1] + bad, lines[0] + bad]) {
      expect(verifyNote(`text\n\n${block}`, keys)).toEqual({
        outcome: 'invalid',
        failures: [{ reason: 'signature_mismatch', name: 'a.example' }],
      });
    }
    expect(verifyNote(note.replace('text', 'Text'), keys).outcome).toBe('invalid');
  });

  it('count each key once', () => {
    const again = verifyNote(note, [...keys, parseVerifierKey(signer.vkey), parseVerifierKey(other.vkey)]);
    expect(again).toMatchObject({ outcome: 'valid', keys, signatures: keys.map((key) => ({ key })) });
    expect(verifyNote(`text\n\n${lines[0]}${lines[0]}`, keys)).toMatchObject({ outcome: 'valid', keys: [keys[0]] });
  });

  it('hold up to the limit of signatures', () => {
    expect(parseNote(`text\n\n${lines[0].repeat(NOTE_LIMITS.maxSignatures)}`).signatures).toHaveLength(100);
    expectRefusal('CANONICAL_NOTE_MALFORMED', () => parseNote(`text\n\n${lines[0].repeat(101)}`));
    expectRefusal('CANONICAL_NOTE_MALFORMED', () => parseNote(`${'x'.repeat(NOTE_LIMITS.maxBytes)}\n\n${lines[0]}`));
  });

  it.each([
    '',
    'text\n',
    'text\n\n',
    `text\n${lines[0]}`,
    note.slice(0, -1),
    `${note.slice(0, -1)}x`,
    `${note}\n`,
    `${note}x\n`,
    `te\txt\n\n${lines[0]}`,
    `te\rxt\n\n${lines[0]}`,
    `te\u0000xt\n\n${lines[0]}`,
    `te\ud800xt\n\n${lines[0]}`,
    `text\n\n- a.example ${lines[0].slice(12)}`,
    `text\n\n${lines[0].replace('a.example', 'a+example')}`,
    `text\n\n${lines[0].replace('a.example', 'a\u00a0example')}`,
    `text\n\n${lines[0].replace('a.example ', 'a.example  ')}`,
    `text\n\n${lines[0].replace('=\n', '\n')}`,
    'text\n\n\u2014 a.example AAAAAA==\n',
    'text\n\n\u2014  AAAAAAA=\n',
  ])('are refused when malformed: %j', (text) => {
    expectRefusal('CANONICAL_NOTE_MALFORMED', () => parseNote(text));
    expect(verifyNote(text, keys)).toEqual({ outcome: 'invalid', failures: [{ reason: 'malformed_note' }] });
  });

  it('cannot be made of a text that no note holds', () => {
    expectRefusal('CANONICAL_NOTE_MALFORMED', () => signNote('no newline', [signer]));
    expectRefusal('CANONICAL_NOTE_MALFORMED', () => signNote('\u0007\n', [signer]));
    expect(() => signNote('text\n', [])).toThrow(TypeError);
    const bad = { name: 'a b', keyId: new Uint8Array(4), signature: new Uint8Array(64) };
    expect(() => formatNote({ text: 'text\n', signatures: [bad] })).toThrow(TypeError);
    expect(() => formatNote({ text: 'text\n', signatures: [{ ...bad, name: 'a', keyId: new Uint8Array(3) }] })).toThrow(
      TypeError,
    );
  });
});

describe('cosignatures', () => {
  const key = createVerifierKey('w.example', other.publicKey, SIGNATURE_TYPES.cosignature);
  const witness = createSigner('w.example', new Uint8Array(32).fill(2));
  const line = signCosignature('text\n', witness, 1_679_315_147);

  it('carry the time they were made', () => {
    const cosigned = formatNote({ text: 'text\n', signatures: [...parseNote(note).signatures, line] });
    expect(verifyNote(cosigned, [key])).toEqual({
      outcome: 'valid',
      text: 'text\n',
      keys: [key],
      signatures: [{ key, timestamp: 1_679_315_147 }],
    });
  });

  it('fail for another text, time, key type or length', () => {
    expect(verifyCosignature('text\n', key, line.signature)).toBe(1_679_315_147);
    expect(verifyCosignature('other\n', key, line.signature)).toBe(undefined);
    for (let i = 0; i < 72; i++) {
      const changed = line.signature.slice();
      changed[i] = (changed[i] as number) ^ 1;
      expect(verifyCosignature('text\n', key, changed)).toBe(undefined);
    }
    expect(verifyCosignature('text\n', key, line.signature.slice(1))).toBe(undefined);
    expect(verifyCosignature('text\n', createVerifierKey('w.example', other.publicKey), line.signature)).toBe(
      undefined,
    );
    for (const time of [-1, 0.5, 2 ** 53]) expect(() => signCosignature('text\n', witness, time)).toThrow(RangeError);
  });

  it('do not pass for plain signatures, nor plain ones for them', () => {
    const plain = other.sign(encodeUtf8('text\n'));
    expect(verifyCosignature('text\n', key, plain)).toBe(undefined);
    const asCosignature = formatNote({
      text: 'text\n',
      signatures: [{ name: key.name, keyId: key.keyId, signature: plain }],
    });
    expect(verifyNote(asCosignature, [key]).outcome).toBe('invalid');
  });
});
