import { parseTime, parseVerifierKey } from '@exoarmur/canonical';
import {
  actionClassSchema,
  type ClaimResult,
  digestSchema,
  identifierSchema,
  type KeptActivation,
  type Operator,
  type RefusedBundle,
  type StreamEvidence,
  sealedRecordSchema,
  type UseResult,
} from '@exoarmur/contracts';
import { settleWithin } from './deadline.ts';
import { BoundaryError, type BoundaryErrorCode, isBoundaryError, isCoded } from './errors.ts';

/** How long a store may take, and what it is called when it does not answer. */
export interface Asking {
  readonly timeoutMs: number;
  readonly code: BoundaryErrorCode;
}

/**
 * What a store answers, as far as it can be read. `read` throws for an answer that is none. One that is silent must not hold an
 * action, and all who ask for it, for ever. @throws BoundaryError the store's own, or `code` with whatever it threw as its cause
 */
export async function answerWithin<Answer, Value>(
  { timeoutMs, code }: Asking,
  work: () => Promise<Answer>,
  read: (answer: Answer) => Value,
): Promise<Value> {
  const settled = await settleWithin(timeoutMs, async () => read(await work()));
  if (settled.outcome === 'returned') return settled.value;
  if (settled.outcome !== 'threw') throw new BoundaryError(code, 'no answer in time');
  const { error: cause } = settled;
  if (isBoundaryError(cause)) throw cause;
  throw new BoundaryError(code, 'no answer, or none that can be read', { cause });
}

/** Reads the answer of whoever has nothing to say. */
export function readNothing(): void {}

/** Reads an answer as it is, where nobody here looks at it. */
export function readAsIs<Value>(answer: Value): Value {
  return answer;
}

/** Reads one of the words that a store may answer. */
export function readWord<Word extends string | boolean>(...words: readonly Word[]): (answer: unknown) => Word {
  return (answer) => {
    const word = words.find((known) => known === answer);
    if (word === undefined) throw misfit();
    return word;
  };
}

/** Reads a list, which is not what only looks like one. */
export function readList<Item>(answer: readonly Item[]): readonly Item[] {
  if (!Array.isArray(answer)) throw misfit();
  return Array.from({ length: answer.length }, (_, index) => answer[index] as Item);
}

/**
 * Reads operators. SECURITY: what is missing would widen: without clearance every class, without actors nobody's requests, without
 * a revocation the key counts; so each member is there or, where it may be absent, is what it says.
 */
export function readOperators(answer: readonly Operator[]): readonly Operator[] {
  return readList(answer).map(({ operatorId, vkey, roles, clearance, actorIds, isRevoked }) => {
    parseVerifierKey(vkey);
    return {
      operatorId: identifierSchema.parse(operatorId),
      vkey,
      roles: identifierSchema.array().parse(roles),
      ...(clearance === undefined ? {} : { clearance: actionClassSchema.parse(clearance) }),
      ...(actorIds === undefined ? {} : { actorIds: identifierSchema.array().parse(actorIds) }),
      isRevoked: readWord(true, false)(isRevoked),
    };
  });
}

/** Reads what became of a claim on a grant. */
export function readClaim(answer: ClaimResult): ClaimResult {
  const outcome = readWord('claimed', 'taken')(answer.outcome);
  if (outcome === 'claimed') return { outcome };
  const { grantDigest, intentDigest, purpose } = (answer as Extract<ClaimResult, { readonly outcome: 'taken' }>).by;
  return {
    outcome,
    by: {
      grantDigest: digestSchema.parse(grantDigest),
      intentDigest: digestSchema.parse(intentDigest),
      purpose: readWord('redeem', 'void')(purpose),
    },
  };
}

/** Reads what became of a use of a standing grant, which has a number from 1 to the uses that were signed. */
export function readUse(answer: UseResult, maxUses: number): UseResult {
  const outcome = readWord('used', 'exhausted', 'revoked', 'unknown')(answer.outcome);
  if (outcome !== 'used') return { outcome };
  const { use } = answer as Extract<UseResult, { readonly outcome: 'used' }>;
  if (!Number.isSafeInteger(use) || use < 1 || use > maxUses) throw misfit();
  return { outcome, use };
}

/** Reads the latest activation of a policy bundle, copied; undefined when there is none. */
export function readLatestActivation(answer: readonly KeptActivation[]): KeptActivation | undefined {
  const [latest] = readList(answer);
  if (latest === undefined) return undefined;
  const { generation, envelope, override, activatedAt } = latest;
  if (!Number.isSafeInteger(generation) || generation < 1) throw misfit();
  parseTime(activatedAt);
  return structuredClone({ generation, envelope, override, activatedAt });
}

/** Reads why the last bundle was refused; null when it was taken. */
export function readRefusalReason(answer: RefusedBundle | null): string | null {
  if (answer === null) return null;
  const { reason } = answer;
  if (typeof reason !== 'string' || !/^[a-z_]{1,32}$/.test(reason)) throw misfit();
  return reason;
}

/**
 * A stream as the log tells it: records that are some. @throws the log's own error where it has a code, such as
 * AUDIT_STREAM_NOT_FOUND, otherwise BoundaryError BOUNDARY_LOG_UNAVAILABLE; BOUNDARY_EVIDENCE_INCOMPLETE for a name that is no text
 */
export async function collectEvidence<Evidence extends Pick<StreamEvidence, 'records' | 'payloads'>>(
  log: { collect(stream: string): Promise<Evidence> },
  stream: string,
  timeoutMs: number,
): Promise<Evidence> {
  if (typeof stream !== 'string') {
    throw new BoundaryError('BOUNDARY_EVIDENCE_INCOMPLETE', 'what names no stream has no record');
  }
  const settled = await settleWithin(timeoutMs, async () => {
    const evidence = await log.collect(stream);
    sealedRecordSchema.array().parse(evidence.records);
    if (!(evidence.payloads instanceof Map)) throw misfit();
    return evidence;
  });
  if (settled.outcome === 'returned') return settled.value;
  const cause = settled.outcome === 'threw' ? settled.error : undefined;
  if (isCoded(cause)) throw cause;
  throw new BoundaryError('BOUNDARY_LOG_UNAVAILABLE', 'the log does not answer with a stream', { cause });
}

function misfit(): TypeError {
  return new TypeError('the answer is none');
}
