import {
  encodeUtf8,
  isQuorumMet,
  type PolicyWitness,
  parseCheckpoint,
  parseNote,
  type TrustPolicy,
  type VerifierKey,
  verifyNote,
} from '@exoarmur/canonical';
import { isExoArmurError } from '@exoarmur/contracts';
import { AuditError, type AuditErrorCode } from '../errors.ts';
import { ADD_CHECKPOINT_LIMITS, formatAddCheckpoint } from './add-checkpoint.ts';

/** Sends one request to a witness; the one place with a network. Rejects when there is no answer. */
export type WitnessTransport = (
  witness: PolicyWitness,
  body: Uint8Array,
) => Promise<{ readonly status: number; readonly type: string; readonly body: string }>;

/** What is to be witnessed, and how the proof for a witness that is behind is had. */
export interface WitnessSubmission {
  /** Signed checkpoint of the log. */
  readonly note: string;
  readonly policy: TrustPolicy;
  readonly transport: WitnessTransport;
  /** RFC 6962 consistency path from a smaller size to that of the note. */
  readonly proveConsistency: (oldSize: number, size: number) => Promise<readonly Uint8Array[]>;
  /** Size each witness is believed to have, by its name in the policy; the witness itself tells when it is another. */
  readonly knownSizes?: ReadonlyMap<string, number>;
}

/** What came of one witness. */
export type WitnessAnswer =
  | { readonly witness: string; readonly outcome: 'cosigned'; readonly timestamp: number }
  | {
      readonly witness: string;
      readonly outcome: 'refused';
      readonly code: AuditErrorCode;
      readonly status: number | null;
    };

/** The note with every cosignature that verified, and whether the quorum of the policy is met. */
export interface WitnessedNote {
  readonly note: string;
  readonly isQuorumMet: boolean;
  readonly answers: readonly WitnessAnswer[];
}

/**
 * Submits a checkpoint to every witness of a policy at once and collects what verifies. A witness that is down or refuses
 * costs its vote and nothing else; whether the votes suffice is in `isQuorumMet`.
 */
export async function collectCosignatures(submission: WitnessSubmission): Promise<WitnessedNote> {
  const results = await Promise.all(
    submission.policy.witnesses.map((witness) => submitToWitness(submission, witness).catch(refusal(witness))),
  );
  let { note } = submission;
  const keys: VerifierKey[] = [];
  for (const [index, result] of results.entries()) {
    if (result.line === undefined) continue;
    note += result.line;
    keys.push((submission.policy.witnesses[index] as PolicyWitness).key);
  }
  return { note, isQuorumMet: isQuorumMet(submission.policy, keys), answers: results.map(({ answer }) => answer) };
}

interface Result {
  readonly answer: WitnessAnswer;
  /** Signature line that verified under the witness's key. */
  readonly line?: string;
}

async function submitToWitness(submission: WitnessSubmission, witness: PolicyWitness): Promise<Result> {
  const { note, transport, proveConsistency, knownSizes } = submission;
  const { size } = parseCheckpoint(note);
  let oldSize = knownSizes?.get(witness.name) ?? 0;
  // A second try only with the size the witness told; one that keeps changing its mind is refused.
  for (let attempt = 0; attempt < 2; attempt++) {
    const path = await proveConsistency(oldSize, size);
    const response = await transport(witness, encodeUtf8(formatAddCheckpoint({ oldSize, path, note })));
    if (response.status === 200) return readCosignature(note, witness, response.body);
    if (response.status !== 409 || attempt > 0) throw refused(response.status);
    oldSize = readSize(response);
    // The witness has seen more of this log than we have: either a newer process, or a log that was rolled back.
    if (oldSize > size) throw refused(response.status);
  }
  throw refused(409);
}

function readCosignature(note: string, witness: PolicyWitness, body: string): Result {
  if (body.length > ADD_CHECKPOINT_LIMITS.maxBytes) throw malformed();
  const { text } = parseNote(note);
  let lines: readonly string[];
  try {
    parseNote(`${text}\n${body}`);
    lines = body.split('\n').slice(0, -1);
  } catch (error) {
    if (!isExoArmurError(error)) throw error;
    throw malformed();
  }
  for (const line of lines) {
    const verdict = verifyNote(`${text}\n${line}\n`, [witness.key]);
    const timestamp = verdict.outcome === 'valid' ? verdict.signatures[0]?.timestamp : undefined;
    if (timestamp !== undefined) {
      return { answer: { witness: witness.name, outcome: 'cosigned', timestamp }, line: `${line}\n` };
    }
  }
  throw malformed();
}

function readSize(response: { readonly type: string; readonly body: string }): number {
  const isSize = response.type.split(';')[0]?.trim() === 'text/x.tlog.size';
  const match = isSize ? /^(0|[1-9][0-9]{0,15})\n$/.exec(response.body) : null;
  const size = Number(match?.[1] ?? Number.NaN);
  if (!Number.isSafeInteger(size)) throw malformed();
  return size;
}

interface Refusal {
  readonly status: number | null;
  readonly error: AuditError;
}

class WitnessRefusal extends Error implements Refusal {
  readonly status: number | null;
  readonly error: AuditError;

  constructor(status: number | null, error: AuditError) {
    super(error.message);
    this.status = status;
    this.error = error;
  }
}

function refused(status: number): WitnessRefusal {
  return new WitnessRefusal(status, new AuditError('AUDIT_WITNESS_REFUSED', `witness answered ${status}`));
}

function malformed(): WitnessRefusal {
  return new WitnessRefusal(null, new AuditError('AUDIT_WITNESS_MALFORMED', 'witness gave no valid cosignature'));
}

function refusal(witness: PolicyWitness): (error: unknown) => Result {
  return (error) => {
    const { status, code } =
      error instanceof WitnessRefusal
        ? { status: error.status, code: error.error.code }
        : { status: null, code: 'AUDIT_WITNESS_UNREACHABLE' as const };
    return { answer: { witness: witness.name, outcome: 'refused', code, status } };
  };
}
