import {
  type Checkpoint,
  type Digest,
  type JsonObject,
  type JsonValue,
  type Note,
  SIGNATURE_TYPES,
  type VerifierKey,
} from '@exoarmur/canonical';
import type { ProofBundle, SealedRecord, Statement } from '@exoarmur/contracts';

/** One sealed record of a bundle with all that its header binds. */
export interface BundleRecord {
  readonly record: SealedRecord;
  /** RFC 6962 leaf hash of its canonical bytes, 32 bytes. */
  readonly leafHash: Uint8Array;
  /** The same as digest text. */
  readonly leafDigest: Digest;
  /** With its canonical size in bytes; undefined when withheld. */
  readonly payload: { readonly salt: Uint8Array; readonly value: JsonObject; readonly size: number } | undefined;
}

/** Decoded inclusion proof of one record. */
export interface BundleProof {
  readonly index: number;
  readonly path: readonly Uint8Array[];
}

/**
 * A bundle 3 whose structure holds: canonical bytes, strict shape, nothing unreferenced, every embedded text parsed. Its
 * content is still attacker-controlled: no hash and no signature was checked.
 */
export interface ParsedBundle {
  readonly bundle: ProofBundle;
  readonly records: readonly BundleRecord[];
  /** One per record, in the same order. */
  readonly proofs: readonly BundleProof[];
  readonly statement: Statement;
  readonly checkpoint: Checkpoint;
  readonly note: Note;
  /** All of `log.vkeys`, in their order. */
  readonly vkeys: readonly VerifierKey[];
}

/** Whether a key signs notes and envelopes, and is no witness. */
export function isSigningKey(key: VerifierKey): boolean {
  return key.type === SIGNATURE_TYPES.ed25519;
}

/** Payload of the last record of a kind, with the index of that record; undefined when there is none or it is withheld. */
export function lastPayloadOf(
  parsed: ParsedBundle,
  kind: SealedRecord['kind'],
): { readonly index: number; readonly value: JsonObject } | undefined {
  const index = parsed.records.findLastIndex((entry) => entry.record.kind === kind);
  const value = parsed.records[index]?.payload?.value;
  return value === undefined ? undefined : { index, value };
}

/** JSON pointer to the payload of a record inside the bundle file. */
export function payloadPointer(record: SealedRecord): string {
  return `/payloads/${record.payload.digest}/value`;
}

/** A member of a JSON object as text; undefined when it is missing or something else. Prototype members do not count. */
export function textMember(object: JsonValue | undefined, key: string): string | undefined {
  if (typeof object !== 'object' || object === null || Array.isArray(object)) return undefined;
  const value = Object.hasOwn(object, key) ? (object as JsonObject)[key] : undefined;
  return typeof value === 'string' ? value : undefined;
}
