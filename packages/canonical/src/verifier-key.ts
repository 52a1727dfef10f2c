import { decodeBase64, encodeBase64 } from './base64.ts';
import { concatBytes, encodeUtf8, equalBytes, isWellFormed } from './bytes.ts';
import { sha256 } from './digest.ts';
import { createKeyPair, type KeyPair } from './ed25519.ts';
import { CanonicalError, quote } from './errors.ts';
import { decodeHex, encodeHex } from './hex.ts';

/** Signature type bytes of C2SP signed-note that this package knows. */
export const SIGNATURE_TYPES = Object.freeze({
  /** Ed25519 over the note text. */
  ed25519: 0x01,
  /** Timestamped Ed25519 witness cosignature. */
  cosignature: 0x04,
} as const);

const PRIVATE_PREFIX = 'PRIVATE+KEY+';

/** A public key with the name it speaks for: what a verifier trusts. */
export interface VerifierKey {
  readonly name: string;
  /** First four bytes of SHA-256(name || 0x0A || type || public key). */
  readonly keyId: Uint8Array;
  /** One of {@link SIGNATURE_TYPES}. */
  readonly type: number;
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
}

const NAME_BYTES_LIMIT = 255;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what a key name must not hold
const BAD_NAME = /[\s+\u0000-\u001f\u0085]/;

/** Whether a text can be a key name: 1 to 255 UTF-8 bytes without white space, plus signs or control characters. */
export function isKeyName(name: string): boolean {
  return name !== '' && isWellFormed(name) && !BAD_NAME.test(name) && encodeUtf8(name).length <= NAME_BYTES_LIMIT;
}

/** The four-byte key id of C2SP signed-note; `type` is 0x01 unless said otherwise. */
export function computeKeyId(name: string, publicKey: Uint8Array, type: number = SIGNATURE_TYPES.ed25519): Uint8Array {
  return sha256(concatBytes(encodeUtf8(`${name}\n`), Uint8Array.of(type), publicKey)).slice(0, 4);
}

/** A verifier key from its parts. @throws TypeError for a bad name, RangeError for a key that has not 32 bytes. */
export function createVerifierKey(
  name: string,
  publicKey: Uint8Array,
  type: number = SIGNATURE_TYPES.ed25519,
): VerifierKey {
  checkName(name);
  if (publicKey.length !== 32) throw new RangeError('an Ed25519 public key has 32 bytes');
  return { name, keyId: computeKeyId(name, publicKey, type), type, publicKey: publicKey.slice() };
}

/** The vkey text `name+hex(key id)+base64(type || public key)`. */
export function formatVerifierKey(key: {
  readonly name: string;
  readonly publicKey: Uint8Array;
  readonly type?: number;
}): string {
  const { name, keyId, type, publicKey } = createVerifierKey(key.name, key.publicKey, key.type);
  return `${name}+${encodeHex(keyId)}+${encodeBase64(concatBytes(Uint8Array.of(type), publicKey))}`;
}

/**
 * Parses a vkey (C2SP signed-note, "Verifier keys") of type 0x01 or 0x04. The key id must be the computed one.
 * @throws CanonicalError CANONICAL_KEY_MALFORMED
 */
export function parseVerifierKey(text: string): VerifierKey {
  if (text.startsWith(PRIVATE_PREFIX))
    throw malformed('text is a private key, not the verifier key that belongs to it');
  const { name, keyId, type, key } = parseKeyText(text, text);
  const verifier = createVerifierKey(name, key, type);
  if (!equalBytes(keyId, verifier.keyId)) throw malformed(`key id of ${quote(text)} is not the id of its key`);
  return verifier;
}

/** The private key text `PRIVATE+KEY+name+hex(key id)+base64(type || seed)`. The result is a secret. */
export function formatSigningKey(key: { readonly name: string; readonly seed: Uint8Array }): string {
  checkName(key.name);
  const { seed, publicKey } = createKeyPair(key.seed);
  const body = encodeBase64(concatBytes(Uint8Array.of(SIGNATURE_TYPES.ed25519), seed));
  return `${PRIVATE_PREFIX}${key.name}+${encodeHex(computeKeyId(key.name, publicKey))}+${body}`;
}

/** Parses a private key text. @throws CanonicalError CANONICAL_KEY_MALFORMED; the message never holds the key. */
export function parseSigningKey(text: string): { readonly name: string } & KeyPair {
  if (!text.startsWith(PRIVATE_PREFIX)) throw malformed('text is not a private key');
  const { name, keyId, type, key } = parseKeyText(text.slice(PRIVATE_PREFIX.length), 'private key');
  if (type !== SIGNATURE_TYPES.ed25519) throw malformed('private key has an unsupported type');
  const pair = createKeyPair(key);
  if (!equalBytes(keyId, computeKeyId(name, pair.publicKey)))
    throw malformed('key id is not the id of the private key');
  return { name, ...pair };
}

function parseKeyText(text: string, shown: string) {
  const [name, id, body, ...rest] = splitKeyText(text);
  if (name === undefined || id === undefined || body === undefined || rest.length > 0 || !isKeyName(name)) {
    throw malformed(`${quote(shown)} has not the form name+id+key`);
  }
  const keyId = decodePart(() => decodeHex(id), shown);
  const bytes = decodePart(() => decodeBase64(body), shown);
  const type = bytes[0];
  const known = type === SIGNATURE_TYPES.ed25519 || type === SIGNATURE_TYPES.cosignature;
  if (keyId.length !== 4 || !known || bytes.length !== 33) throw malformed(`${quote(shown)} is not a supported key`);
  return { name, keyId, type, key: bytes.slice(1) };
}

// Standard base64 may hold plus signs itself, so only the first two separate.
function splitKeyText(text: string): string[] {
  const first = text.indexOf('+');
  const second = text.indexOf('+', first + 1);
  if (first < 0 || second < 0) return [];
  return [text.slice(0, first), text.slice(first + 1, second), text.slice(second + 1)];
}

function decodePart(decode: () => Uint8Array, shown: string): Uint8Array {
  try {
    return decode();
  } catch (cause) {
    if (!(cause instanceof CanonicalError)) throw cause;
    throw malformed(`${quote(shown)} has a part that does not decode`);
  }
}

function checkName(name: string): void {
  if (!isKeyName(name))
    throw new TypeError('key name must be non-empty and hold no white space, plus or control characters');
}

function malformed(message: string): CanonicalError {
  return new CanonicalError('CANONICAL_KEY_MALFORMED', message);
}
