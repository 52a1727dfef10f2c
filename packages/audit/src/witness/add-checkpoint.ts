import { type Checkpoint, decodeBase64, decodeUtf8, encodeBase64, parseCheckpoint } from '@exoarmur/canonical';
import { isExoArmurError } from '@exoarmur/contracts';
import { AuditError } from '../errors.ts';

/** Limits of a request body (C2SP tlog-witness, "add-checkpoint"). */
export const ADD_CHECKPOINT_LIMITS = Object.freeze({ maxBytes: 131_072, maxProofLines: 63 } as const);

/** The body of an `add-checkpoint` request. */
export interface AddCheckpoint {
  /** Size of the checkpoint that the proof begins at. */
  readonly oldSize: number;
  /** Consistency path from `oldSize` to the checkpoint. */
  readonly path: readonly Uint8Array[];
  /** Signed checkpoint, verbatim. */
  readonly note: string;
}

const OLD_LINE = /^old (0|[1-9][0-9]{0,15})$/;

/** The bytes of a request. @throws RangeError for more than 63 hashes. */
export function formatAddCheckpoint({ oldSize, path, note }: AddCheckpoint): string {
  if (path.length > ADD_CHECKPOINT_LIMITS.maxProofLines) throw new RangeError('consistency proof is too long');
  return `${[`old ${oldSize}`, ...path.map(encodeBase64)].join('\n')}\n\n${note}`;
}

/** Parses a request; nothing in it is verified. @throws AuditError AUDIT_WITNESS_MALFORMED */
export function parseAddCheckpoint(body: Uint8Array): AddCheckpoint & { readonly checkpoint: Checkpoint } {
  if (body.length > ADD_CHECKPOINT_LIMITS.maxBytes) throw malformed('request is too large');
  try {
    const text = decodeUtf8(body);
    const split = text.indexOf('\n\n');
    if (split < 0) throw malformed('request has no checkpoint');
    const [oldLine = '', ...lines] = text.slice(0, split).split('\n');
    const oldSize = Number(OLD_LINE.exec(oldLine)?.[1] ?? Number.NaN);
    if (!Number.isSafeInteger(oldSize)) throw malformed('request has no old size');
    if (lines.length > ADD_CHECKPOINT_LIMITS.maxProofLines) throw malformed('consistency proof is too long');
    const path = lines.map(decodeBase64);
    if (path.some((hash) => hash.length !== 32)) throw malformed('consistency proof has a hash that has not 32 bytes');
    const note = text.slice(split + 2);
    if (!note.includes('\n\n')) throw malformed('checkpoint is not signed');
    return { oldSize, path, note, checkpoint: parseCheckpoint(note) };
  } catch (cause) {
    if (cause instanceof AuditError || !isExoArmurError(cause)) throw cause;
    throw new AuditError('AUDIT_WITNESS_MALFORMED', `request cannot be read: ${cause.code}`, { cause });
  }
}

function malformed(message: string): AuditError {
  return new AuditError('AUDIT_WITNESS_MALFORMED', message);
}
