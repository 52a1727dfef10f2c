import { sha256 } from '@noble/hashes/sha2.js';
import { encodeHex } from '../hex.ts';
import { nobleEd25519 } from './noble.ts';
import type { Platform } from './platform.ts';

const ENCODER = new TextEncoder();

/** Plain ECMAScript: pages have no synchronous hash or signature of their own. */
export const platform: Platform = {
  name: 'browser',
  sha256: (bytes) => sha256(bytes),
  sha256Hex: (bytes) => encodeHex(sha256(bytes)),
  sha256HexOfText: (text) => encodeHex(sha256(ENCODER.encode(text))),
  encodeText: (text) => ENCODER.encode(text),
  ed25519: nobleEd25519,
  nativeEd25519: undefined,
};
