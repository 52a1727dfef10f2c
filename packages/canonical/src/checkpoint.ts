import { decodeBase64, encodeBase64 } from './base64.ts';
import { encodeUtf8 } from './bytes.ts';
import { CanonicalError } from './errors.ts';
import { type NoteFailure, parseNote, signNote, type VerifiedSignature, verifyNote } from './signed-note.ts';
import type { NamedSigner } from './signer.ts';
import { SIGNATURE_TYPES, type VerifierKey } from './verifier-key.ts';

/** What a log says about itself at one size. */
export interface Checkpoint {
  /** The log's identity, and the name of its key. */
  readonly origin: string;
  /** Number of leaves, at most 2^53 - 1. */
  readonly size: number;
  /** RFC 6962 root of that many leaves, 32 bytes. */
  readonly root: Uint8Array;
  /** Opaque lines after the root; discouraged by the specification, and never written by this project's logs. */
  readonly extensions?: readonly string[];
}

/** Why a checkpoint was refused. */
export interface CheckpointFailure {
  readonly reason: NoteFailure['reason'] | 'malformed_checkpoint' | 'no_log_signature';
  readonly name?: string;
}

/** The answer of {@link verifyCheckpoint}. */
export type CheckpointVerdict =
  | {
      readonly outcome: 'valid';
      readonly checkpoint: Checkpoint;
      /** The note text that was signed. */
      readonly text: string;
      /** Every known key that signed, the log's and cosigners'. */
      readonly signatures: readonly VerifiedSignature[];
    }
  | { readonly outcome: 'invalid'; readonly failures: readonly [CheckpointFailure, ...CheckpointFailure[]] };

const SIZE = /^(?:0|[1-9][0-9]{0,15})$/;

/**
 * Parses a checkpoint body, or the body of a note: origin, decimal size, base64 root, extension lines (C2SP
 * tlog-checkpoint, "Note text"). Attacker-controlled until {@link verifyCheckpoint} says otherwise.
 * @throws CanonicalError CANONICAL_CHECKPOINT_MALFORMED, also for `007` or `+7`; CANONICAL_NOTE_MALFORMED.
 */
export function parseCheckpoint(bodyOrNote: string): Checkpoint {
  // A body has no empty line, so one means that signatures follow.
  const body = bodyOrNote.includes('\n\n') ? parseNote(bodyOrNote).text : bodyOrNote;
  if (!body.endsWith('\n')) throw malformed('checkpoint does not end in a newline');
  const [origin = '', sizeText = '', rootText = '', ...extensions] = body.slice(0, -1).split('\n');
  if (origin === '' || extensions.includes('')) throw malformed('checkpoint has an empty line');
  const size = SIZE.test(sizeText) ? Number(sizeText) : Number.NaN;
  if (!Number.isSafeInteger(size)) throw malformed('checkpoint size is not a decimal number');
  const root = decodeRoot(rootText);
  return { origin, size, root, ...(extensions.length === 0 ? {} : { extensions }) };
}

/** The body of a checkpoint. @throws TypeError or RangeError for parts that no checkpoint can hold. */
export function formatCheckpoint(checkpoint: Checkpoint): string {
  const { origin, size, root, extensions = [] } = checkpoint;
  if ([origin, ...extensions].some((line) => line === '' || line.includes('\n'))) {
    throw new TypeError('checkpoint lines must be non-empty and hold no newline');
  }
  if (!Number.isSafeInteger(size) || size < 0) throw new RangeError('checkpoint size is out of range');
  if (root.length !== 32) throw new RangeError('a checkpoint root has 32 bytes');
  encodeUtf8(origin);
  return `${[origin, size, encodeBase64(root), ...extensions].join('\n')}\n`;
}

/** Signs a checkpoint as a note. @throws TypeError unless the first signer is named like the origin. */
export function signCheckpoint(checkpoint: Checkpoint, signers: readonly NamedSigner[]): string {
  if (signers[0]?.name !== checkpoint.origin)
    throw new TypeError('the first signer must be the log named by the origin');
  return signNote(formatCheckpoint(checkpoint), signers);
}

/**
 * Verifies a checkpoint note: a known Ed25519 key (type 0x01) named like the origin must have signed it, and no known key's
 * signature may be bad. Cosignatures by known keys are reported, not required. Never throws on a bad note.
 */
export function verifyCheckpoint(note: string | Uint8Array, keys: readonly VerifierKey[]): CheckpointVerdict {
  const verdict = verifyNote(note, keys);
  if (verdict.outcome === 'invalid') return verdict;
  const checkpoint = parseOrUndefined(verdict.text);
  if (checkpoint === undefined) return { outcome: 'invalid', failures: [{ reason: 'malformed_checkpoint' }] };
  const isLog = (key: VerifierKey) => key.name === checkpoint.origin && key.type === SIGNATURE_TYPES.ed25519;
  if (!verdict.keys.some(isLog)) {
    return { outcome: 'invalid', failures: [{ reason: 'no_log_signature', name: checkpoint.origin }] };
  }
  return { outcome: 'valid', checkpoint, text: verdict.text, signatures: verdict.signatures };
}

function parseOrUndefined(text: string): Checkpoint | undefined {
  try {
    return parseCheckpoint(text);
  } catch (error) {
    if (error instanceof CanonicalError) return undefined;
    throw error;
  }
}

function decodeRoot(text: string): Uint8Array {
  let root: Uint8Array;
  try {
    root = decodeBase64(text);
  } catch (cause) {
    throw new CanonicalError('CANONICAL_CHECKPOINT_MALFORMED', 'checkpoint root is not base64', { cause });
  }
  if (root.length !== 32) throw malformed('checkpoint root has not 32 bytes');
  return root;
}

function malformed(message: string): CanonicalError {
  return new CanonicalError('CANONICAL_CHECKPOINT_MALFORMED', message);
}
