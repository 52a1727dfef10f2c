import { decodeBase64, encodeBase64 } from './base64.ts';
import { parseCheckpoint } from './checkpoint.ts';
import { CanonicalError } from './errors.ts';

/** A proof that travels alone: one leaf's place in a checkpointed tree (C2SP tlog-proof). */
export interface TlogProof {
  readonly index: number;
  /** Sibling of the leaf first, 32 bytes each. */
  readonly path: readonly Uint8Array[];
  /** The checkpoint note, verbatim with all signatures. */
  readonly checkpoint: string;
  /** Opaque and not authenticated. */
  readonly extra?: Uint8Array;
}

const HEADER = 'c2sp.org/tlog-proof@v1';
const INDEX_LINE = /^index (0|[1-9][0-9]{0,15})$/;
const MAX_PATH_LENGTH = 63;

/** The text of a proof. @throws RangeError or TypeError for parts that no proof can hold. */
export function formatTlogProof(proof: TlogProof): string {
  const { index, path, checkpoint, extra } = proof;
  if (!Number.isSafeInteger(index) || index < 0) throw new RangeError('proof index is out of range');
  if (path.length > MAX_PATH_LENGTH || path.some((hash) => hash.length !== 32))
    throw new RangeError('proof path is malformed');
  const lines = [
    HEADER,
    ...(extra === undefined ? [] : [`extra ${encodeBase64(extra)}`]),
    `index ${index}`,
    ...path.map(encodeBase64),
  ];
  parseCheckpoint(checkpoint);
  return `${lines.join('\n')}\n\n${checkpoint}`;
}

/**
 * Parses a proof; the checkpoint is checked for form only. Attacker-controlled until `verifyCheckpoint` and
 * `verifyInclusion` say otherwise. @throws CanonicalError CANONICAL_PROOF_MALFORMED, or the checkpoint's own codes.
 */
export function parseTlogProof(text: string): TlogProof {
  const split = text.indexOf('\n\n');
  if (split < 0) throw malformed('proof has no checkpoint');
  const lines = text.slice(0, split).split('\n');
  if (lines.shift() !== HEADER) throw malformed('proof has another header');
  const extra = lines[0]?.startsWith('extra ')
    ? decodePart((lines.shift() as string).slice('extra '.length))
    : undefined;
  const index = Number(INDEX_LINE.exec(lines.shift() ?? '')?.[1] ?? Number.NaN);
  if (!Number.isSafeInteger(index)) throw malformed('proof has no index line');
  if (lines.length > MAX_PATH_LENGTH) throw malformed('proof path is too long');
  const path = lines.map(decodePart);
  if (path.some((hash) => hash.length !== 32)) throw malformed('proof path has a hash that has not 32 bytes');
  const checkpoint = text.slice(split + 2);
  if (!checkpoint.includes('\n\n')) throw malformed('checkpoint of the proof is not signed');
  parseCheckpoint(checkpoint);
  return { index, path, checkpoint, ...(extra === undefined ? {} : { extra }) };
}

function decodePart(text: string): Uint8Array {
  try {
    return decodeBase64(text);
  } catch (cause) {
    throw new CanonicalError('CANONICAL_PROOF_MALFORMED', 'proof has a line that is not base64', { cause });
  }
}

function malformed(message: string): CanonicalError {
  return new CanonicalError('CANONICAL_PROOF_MALFORMED', message);
}
