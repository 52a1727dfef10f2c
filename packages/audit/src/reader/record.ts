import { canonicalizeToBytes, digestLeaf, parseCanonicalJson } from '@exoarmur/canonical';
import {
  type Digest,
  isExoArmurError,
  MAX_PAYLOAD_BYTES,
  MAX_RECORD_BYTES,
  pointToProblem,
  quoteForMessage,
  recordKindSchema,
  type SealedRecord,
  sealedRecordSchema,
} from '@exoarmur/contracts';
import { AuditError } from '../errors.ts';
import { type RecordLimits, readSealedText } from './record-grammar.ts';

/** Longest text the grammar can match; anything longer goes straight to the general reader. */
const MAX_FAST_BYTES = 2048;
// A byte above 0x7f becomes a character that the grammar has no place for.
const LATIN1 = new TextDecoder('latin1');
/** Largest `seq` the schema allows. */
const MAX_RECORD_SEQ = 1_000_000;
const LIMITS: RecordLimits = {
  kinds: new Set(recordKindSchema.options),
  maxSeq: MAX_RECORD_SEQ,
  minPayloadBytes: 2,
  maxPayloadBytes: MAX_PAYLOAD_BYTES,
};

/**
 * Reads sealed bytes: one canonical JSON object of the record shape and nothing else (spec/record.md). The value is the
 * parsed JSON itself. @throws AuditError AUDIT_RECORD_MALFORMED, AUDIT_RECORD_TOO_LARGE above 65,535 bytes.
 */
export function parseRecord(bytes: Uint8Array): SealedRecord {
  if (bytes.length > MAX_RECORD_BYTES) {
    throw new AuditError('AUDIT_RECORD_TOO_LARGE', `record is larger than ${MAX_RECORD_BYTES} bytes`);
  }
  const record = bytes.length <= MAX_FAST_BYTES ? readSealedText(LATIN1.decode(bytes), LIMITS) : undefined;
  if (record !== undefined) return record;
  const value = readCanonical(bytes);
  const parsed = sealedRecordSchema.safeParse(value);
  if (parsed.success) return value as SealedRecord;
  const issue = parsed.error.issues[0];
  throw new AuditError(
    'AUDIT_RECORD_MALFORMED',
    `record is not well formed: ${quoteForMessage(issue?.message ?? '')}`,
    {
      pointer: pointToProblem(parsed.error),
    },
  );
}

/** The bytes that are hashed, stored and proved: the canonical JSON of the record. */
export function encodeRecord(record: SealedRecord): Uint8Array {
  return canonicalizeToBytes(record);
}

/** Identity of a record: the RFC 6962 leaf hash of its sealed bytes, as digest text. */
export function hashRecord(bytes: Uint8Array): Digest {
  return digestLeaf(bytes);
}

function readCanonical(bytes: Uint8Array): unknown {
  try {
    return parseCanonicalJson(bytes, { maxBytes: MAX_RECORD_BYTES, maxDepth: 4 });
  } catch (error) {
    if (!isExoArmurError(error)) throw error;
    const pointer = error.pointer ?? '';
    throw new AuditError('AUDIT_RECORD_MALFORMED', `record is not canonical: ${error.code}`, { cause: error, pointer });
  }
}
