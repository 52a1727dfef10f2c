import { canonicalizeToBytes, commitPayloadBytes, encodeUtf8, formatTime } from '@exoarmur/canonical';
import {
  type Clock,
  type Digest,
  isExoArmurError,
  isIdentifier,
  jsonObjectSchema,
  type LogContentKey,
  MAX_PAYLOAD_BYTES,
  quoteForMessage,
  type RandomSource,
  type RecordKind,
  recordKindSchema,
  type SealedRecord,
  sealedRecordSchema,
} from '@exoarmur/contracts';
import { AuditError } from '../errors.ts';
import { writeSealedText } from '../reader/record-grammar.ts';

/** What every draft says; `expectedSeq` null takes the next number of the stream. */
export interface DraftFields {
  readonly stream: string;
  readonly correlation: string;
  readonly trace: string | null;
  readonly actor: SealedRecord['actor'];
  readonly kind: RecordKind;
  /** A JSON object; whatever else it is, is refused. */
  readonly payload: object;
  readonly expectedSeq: number | null;
  readonly contentKey?: LogContentKey;
  /** The record gets a time before this one, or none is made. */
  readonly before?: string;
}

/** A draft as it was when it was handed in: later changes to the caller's objects change nothing. */
export interface Draft extends Omit<DraftFields, 'payload' | 'actor' | 'before' | 'contentKey'> {
  readonly actor: SealedRecord['actor'];
  readonly contentKey: LogContentKey | undefined;
  readonly time: string;
  readonly salt: Uint8Array;
  readonly payloadBytes: Uint8Array;
}

const { actor: actorSchema } = sealedRecordSchema.shape;
const KINDS: ReadonlySet<unknown> = new Set(recordKindSchema.options);

/** Whether a stream is closed after a record of this kind. */
export function endsStream(kind: RecordKind): boolean {
  return kind === 'stream_closed' || kind === 'ambiguity_resolved';
}

/**
 * Checks and snapshots a draft: time, salt and payload bytes are fixed here, so that a retry seals the same.
 * @throws AuditError AUDIT_DRAFT_INVALID with a pointer, AUDIT_DRAFT_LATE, AUDIT_PAYLOAD_TOO_LARGE.
 */
export function takeDraft(fields: DraftFields, clock: Clock, random: RandomSource): Draft {
  const { stream, correlation, trace, kind, expectedSeq, contentKey, before } = fields;
  if (!isIdentifier(stream)) throw invalid('/stream', String(stream));
  if (!isIdentifier(correlation)) throw invalid('/correlation', String(correlation));
  if (trace !== null && !isIdentifier(trace)) throw invalid('/trace', String(trace));
  if (!KINDS.has(kind)) throw invalid('/kind', String(kind));
  const actor = actorSchema.safeParse(fields.actor);
  if (!actor.success) throw invalid('/actor', '');
  if (expectedSeq !== null && !(Number.isSafeInteger(expectedSeq) && expectedSeq >= 0)) {
    throw invalid('/expectedSeq', String(expectedSeq));
  }
  const time = formatTime(clock.now());
  if (before !== undefined && time >= before) throw new AuditError('AUDIT_DRAFT_LATE', `${kind} came too late`);
  const payloadBytes = encodePayload(fields.payload);
  const salt = takeSalt(random);
  return {
    stream,
    correlation,
    trace,
    kind,
    expectedSeq,
    actor: actor.data,
    time,
    salt,
    payloadBytes,
    contentKey,
  };
}

/** Checked here, where it stops one append: in a batch it would stop all of them. */
function takeSalt(random: RandomSource): Uint8Array {
  const salt: unknown = random.bytes(16);
  if (salt instanceof Uint8Array && salt.length === 16) return salt.slice();
  throw new AuditError('AUDIT_COMMIT_FAILED', 'the source of random bytes did not give 16 of them');
}

/** The record a draft becomes at its place. */
export function sealDraft(
  draft: Draft,
  place: { readonly tenant: string; readonly cell: string; readonly seq: number; readonly prev: Digest | null },
): { readonly record: SealedRecord; readonly bytes: Uint8Array } {
  const record: SealedRecord = {
    schema: 'exoarmur.record/1',
    tenant: place.tenant,
    cell: place.cell,
    correlation: draft.correlation,
    stream: draft.stream,
    seq: place.seq,
    prev: place.prev,
    kind: draft.kind,
    time: draft.time,
    actor: draft.actor,
    trace: draft.trace,
    payload: { digest: commitPayloadBytes(draft.salt, draft.payloadBytes), size: draft.payloadBytes.length },
  };
  // Every field passed its schema in takeDraft, so the grammar holds.
  const bytes = encodeUtf8(writeSealedText(record));
  return { record, bytes };
}

function encodePayload(payload: object): Uint8Array {
  if (!jsonObjectSchema.safeParse(payload).success) throw invalid('/payload', '');
  let bytes: Uint8Array;
  try {
    bytes = canonicalizeToBytes(payload);
  } catch (error) {
    if (!isExoArmurError(error)) throw error;
    const pointer = `/payload${error.pointer ?? ''}`;
    throw new AuditError('AUDIT_DRAFT_INVALID', `payload is not canonical JSON: ${error.code}`, {
      cause: error,
      pointer,
    });
  }
  if (bytes.length > MAX_PAYLOAD_BYTES) {
    throw new AuditError('AUDIT_PAYLOAD_TOO_LARGE', `payload is larger than ${MAX_PAYLOAD_BYTES} bytes`);
  }
  return bytes;
}

function invalid(pointer: string, text: string): AuditError {
  return new AuditError('AUDIT_DRAFT_INVALID', `${pointer.slice(1)} is not valid: ${quoteForMessage(text)}`, {
    pointer,
  });
}
