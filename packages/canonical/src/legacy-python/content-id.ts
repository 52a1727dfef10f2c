import { decodeHex } from '../hex.ts';
import type { JsonObject } from '../json-value.ts';
import { encodeUlid } from '../ulid.ts';
import { formatLegacyJson, type LegacyDialect } from './dialects.ts';
import { hashLegacyText } from './hash.ts';
import { type LegacyObject, type LegacyValue, toLegacyValue } from './value.ts';

const DEFAULT_SEED = 'exoarmur-default';

/** The text whose hash gives {@link contentUlid}. */
export function contentUlidPreimage(kind: string, payload: JsonObject | LegacyObject, seed: string = ''): string {
  const legacy = payload instanceof Map ? (payload as LegacyObject) : toLegacyValue(payload as JsonObject);
  const preimage = new Map<string, LegacyValue>([
    ['kind', kind],
    ['payload', legacy],
    ['seed', seed === '' ? DEFAULT_SEED : seed],
  ]);
  return formatLegacyJson(preimage, 'compact-ascii');
}

/**
 * The ancestor's id of a thing by its content: the ULID of the first 16 bytes of SHA-256 over `{kind, payload, seed}`. In
 * plain JSON data an integral number counts as an integer; give a {@link LegacyObject} to keep `1.0` apart from `1`.
 * An empty seed means the default one. Not ordered by time, and no proof of anything.
 */
export function contentUlid(kind: string, payload: JsonObject | LegacyObject = {}, seed: string = ''): string {
  return ulidOfHash(hashLegacyText(contentUlidPreimage(kind, payload, seed)));
}

/** The ULID of the first 16 bytes of a value's hash in a dialect. */
export function ulidOfLegacyJson(value: LegacyValue, dialect: LegacyDialect): string {
  return ulidOfHash(hashLegacyText(formatLegacyJson(value, dialect)));
}

function ulidOfHash(hexHash: string): string {
  return encodeUlid(decodeHex(hexHash.slice(0, 32)));
}
