import { decodeBase64, encodeBase64 } from './base64.ts';
import { concatBytes, decodeUtf8, encodeUtf8, equalBytes, isWellFormed } from './bytes.ts';
import { verifyCosignature } from './cosignature.ts';
import { verifyEd25519 } from './ed25519.ts';
import { CanonicalError } from './errors.ts';
import { encodeHex } from './hex.ts';
import type { NamedSigner } from './signer.ts';
import { computeKeyId, isKeyName, SIGNATURE_TYPES, type VerifierKey } from './verifier-key.ts';

/** Limits of a note that is read; the specification asks for at least 16 signatures. */
export const NOTE_LIMITS = Object.freeze({ maxBytes: 1_000_000, maxSignatures: 100 } as const);

/** One signature line. Says nothing until the note verifies. */
export interface NoteSignature {
  readonly name: string;
  /** Four bytes. */
  readonly keyId: Uint8Array;
  /** Everything after the key id; its form depends on the key's type. */
  readonly signature: Uint8Array;
}

/** A parsed note. Attacker-controlled until {@link verifyNote} says otherwise. */
export interface Note {
  /** The signed text, its last newline included. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

/** A signature that verified; `timestamp` (seconds since 1970) is present for a cosignature. */
export interface VerifiedSignature {
  readonly key: VerifierKey;
  readonly timestamp?: number;
}

/** Why a note was refused; `name` is the key name on the line in question. */
export interface NoteFailure {
  readonly reason: 'malformed_note' | 'no_known_signature' | 'signature_mismatch';
  readonly name?: string;
}

/** The answer of {@link verifyNote}. Go on with `text` only, never with the input. */
export type NoteVerdict =
  | {
      readonly outcome: 'valid';
      readonly text: string;
      readonly keys: readonly VerifierKey[];
      readonly signatures: readonly VerifiedSignature[];
    }
  | { readonly outcome: 'invalid'; readonly failures: readonly [NoteFailure, ...NoteFailure[]] };

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what a note must not hold
const CONTROL = /[\u0000-\u0009\u000b-\u001f]/;
const SIGNATURE_LINE = /^\u2014 ([^ ]+) ([A-Za-z0-9+/=]+)$/;

/**
 * Parses a signed note (C2SP signed-note, "Format").
 * @throws CanonicalError CANONICAL_NOTE_MALFORMED, or CANONICAL_UTF8_MALFORMED for bytes that are not UTF-8.
 */
export function parseNote(input: string | Uint8Array): Note {
  if (input.length > NOTE_LIMITS.maxBytes) throw malformed('note is too large');
  const note = typeof input === 'string' ? input : decodeUtf8(input);
  checkCharacters(note);
  const split = note.lastIndexOf('\n\n');
  if (split < 0 || !note.endsWith('\n')) throw malformed('note has no signature block');
  const lines = note.slice(split + 2, -1).split('\n');
  if (lines.length > NOTE_LIMITS.maxSignatures) throw malformed('note has too many signatures');
  return { text: note.slice(0, split + 1), signatures: lines.map(parseSignatureLine) };
}

/** The text of a note; the inverse of {@link parseNote}. @throws CanonicalError CANONICAL_NOTE_MALFORMED, TypeError */
export function formatNote(note: Note): string {
  checkText(note.text);
  if (note.signatures.length === 0) throw new TypeError('a note needs a signature');
  return `${note.text}\n${note.signatures.map(formatSignatureLine).join('')}`;
}

/** Signs a text with each signer, in the order given. @throws CanonicalError CANONICAL_NOTE_MALFORMED for a text no note can hold. */
export function signNote(text: string, signers: readonly NamedSigner[]): string {
  checkText(text);
  const message = encodeUtf8(text);
  const signatures = signers.map((signer) => ({
    name: signer.name,
    keyId: computeKeyId(signer.name, signer.publicKey),
    signature: signer.sign(message),
  }));
  return formatNote({ text, signatures });
}

/**
 * Verifies a note against known keys of type 0x01 and 0x04. Signatures of unknown keys are ignored; one of a known key
 * (name and id) that does not verify refuses the note, and so does the lack of any that does. Each key (name, type and
 * public key) counts once, however often it is given or has signed. Never throws on a bad note.
 */
export function verifyNote(note: string | Uint8Array, keys: readonly VerifierKey[]): NoteVerdict {
  const parsed = parseOrUndefined(note);
  if (parsed === undefined) return { outcome: 'invalid', failures: [{ reason: 'malformed_note' }] };
  const verified = new Map<string, VerifiedSignature>();
  for (const line of parsed.signatures) {
    for (const key of keys) {
      if (key.name !== line.name || !equalBytes(key.keyId, line.keyId)) continue;
      const signature = verifySignature(parsed.text, key, line.signature);
      if (signature === undefined) {
        return { outcome: 'invalid', failures: [{ reason: 'signature_mismatch', name: line.name }] };
      }
      const identity = `${key.name} ${key.type} ${encodeHex(key.publicKey)}`;
      if (!verified.has(identity)) verified.set(identity, signature);
    }
  }
  if (verified.size === 0) return { outcome: 'invalid', failures: [{ reason: 'no_known_signature' }] };
  const signatures = [...verified.values()];
  return { outcome: 'valid', text: parsed.text, keys: signatures.map(({ key }) => key), signatures };
}

function verifySignature(text: string, key: VerifierKey, signature: Uint8Array): VerifiedSignature | undefined {
  if (key.type === SIGNATURE_TYPES.ed25519) {
    return verifyEd25519(key.publicKey, encodeUtf8(text), signature) ? { key } : undefined;
  }
  const timestamp = verifyCosignature(text, key, signature);
  return timestamp === undefined ? undefined : { key, timestamp };
}

function parseSignatureLine(line: string): NoteSignature {
  const [, name = '', body = ''] = SIGNATURE_LINE.exec(line) ?? [];
  if (!isKeyName(name)) throw malformed('note has a malformed signature line');
  const bytes = decodeBody(body);
  if (bytes.length < 5) throw malformed('note has a signature that is too short');
  return { name, keyId: bytes.slice(0, 4), signature: bytes.slice(4) };
}

/** One signature line with its newline. @throws TypeError for a name or key id that no line can carry. */
export function formatSignatureLine(signature: NoteSignature): string {
  if (!isKeyName(signature.name) || signature.keyId.length !== 4)
    throw new TypeError('signature line cannot be written');
  return `\u2014 ${signature.name} ${encodeBase64(concatBytes(signature.keyId, signature.signature))}\n`;
}

function decodeBody(body: string): Uint8Array {
  try {
    return decodeBase64(body);
  } catch (cause) {
    throw new CanonicalError('CANONICAL_NOTE_MALFORMED', 'note has a signature that is not base64', { cause });
  }
}

function parseOrUndefined(note: string | Uint8Array): Note | undefined {
  try {
    return parseNote(note);
  } catch (error) {
    if (error instanceof CanonicalError) return undefined;
    throw error;
  }
}

function checkText(text: string): void {
  checkCharacters(text);
  if (!text.endsWith('\n')) throw malformed('note text does not end in a newline');
}

function checkCharacters(text: string): void {
  if (CONTROL.test(text) || !isWellFormed(text)) throw malformed('note holds a control character or a lone surrogate');
}

function malformed(message: string): CanonicalError {
  return new CanonicalError('CANONICAL_NOTE_MALFORMED', message);
}
