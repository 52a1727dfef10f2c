import { CanonicalError, canonicalizeToBytes, equalBytes, parseCanonicalJson } from '@exoarmur/canonical';
import {
  type Digest,
  type GovernanceCode,
  type GovernanceSubject,
  type JsonObject,
  MAX_PROVIDER_RESPONSE_BYTES,
  type ProviderRequest,
  type ProviderResponse,
  providerResponseSchema,
} from '@exoarmur/contracts';
import type { ProviderHandle, ProviderRun } from './provider-port.ts';

/** An answer that counts, or the code of why there is none. */
export type ProviderAnswer =
  | { readonly code: 'SEMANTIC_VALID'; readonly reason: null }
  | { readonly code: 'SEMANTIC_INVALID'; readonly reason: string }
  | { readonly code: Exclude<GovernanceCode, 'SEMANTIC_VALID' | 'SEMANTIC_INVALID'>; readonly reason: null };

/** What is asked about one artifact whose hash was verified. */
export interface Question {
  readonly schemaVersion: string;
  readonly artifact: JsonObject;
  readonly artifactHash: Digest;
  readonly subject: GovernanceSubject | null;
}

const NO_ANSWER = {
  unconfined: 'PROVIDER_UNCONFINED',
  load_failed: 'PROVIDER_LOAD_FAILED',
  timed_out: 'PROVIDER_TIMEOUT',
  crashed: 'PROVIDER_CRASHED',
  malformed: 'PROVIDER_RESPONSE_MALFORMED',
} as const;

/**
 * Asks a provider twice from nothing. Its answer counts when both runs gave the same canonical bytes, their shape is right and
 * the provider saw the artifact that the verifier sees. A provider can only ever answer about its own artifact.
 */
export async function askProvider(provider: ProviderHandle, question: Question): Promise<ProviderAnswer> {
  const request: ProviderRequest = {
    schema: 'exoarmur.provider-request/1',
    schema_version: question.schemaVersion,
    artifact: question.artifact,
    subject: question.subject,
    configuration: provider.configuration,
  };
  const bytes = canonicalizeToBytes(request);
  const [first, second] = await Promise.all([runOnce(provider, bytes), runOnce(provider, bytes)]);
  if (first.outcome !== 'answered') return none(NO_ANSWER[first.outcome]);
  if (second.outcome !== 'answered' || !equalBytes(first.bytes, second.bytes)) return none('PROVIDER_NONDETERMINISTIC');
  const response = parseResponse(first.bytes);
  if (response === undefined) return none('PROVIDER_RESPONSE_MALFORMED');
  if (response.canonical_hash !== question.artifactHash) return none('PROVIDER_HASH_DISAGREES');
  if (response.valid) return { code: 'SEMANTIC_VALID', reason: null };
  return { code: 'SEMANTIC_INVALID', reason: response.reason ?? '' };
}

async function runOnce(provider: ProviderHandle, request: Uint8Array): Promise<ProviderRun> {
  try {
    // A run must not see what an earlier one did to the bytes.
    return readRun(await provider.run(request.slice()));
  } catch {
    return { outcome: 'crashed' };
  }
}

/** A runtime is a part of the operator's: how a run ended has one of the shapes, or it has no answer. Throws what that thing throws. */
function readRun(run: unknown): ProviderRun {
  const { outcome, bytes } = (run ?? {}) as Partial<Record<'outcome' | 'bytes', unknown>>;
  if (outcome === 'answered' && bytes instanceof Uint8Array) return { outcome, bytes: bytes.slice() };
  return { outcome: isUnanswered(outcome) ? outcome : 'malformed' };
}

function isUnanswered(outcome: unknown): outcome is keyof typeof NO_ANSWER {
  return typeof outcome === 'string' && Object.hasOwn(NO_ANSWER, outcome);
}

function parseResponse(bytes: Uint8Array): ProviderResponse | undefined {
  try {
    const parsed = providerResponseSchema.safeParse(
      parseCanonicalJson(bytes, { maxBytes: MAX_PROVIDER_RESPONSE_BYTES }),
    );
    if (!parsed.success) return undefined;
    // A reason belongs to a refusal and to nothing else.
    return parsed.data.valid === (parsed.data.reason === null) ? parsed.data : undefined;
  } catch (error) {
    if (error instanceof CanonicalError) return undefined;
    throw error;
  }
}

function none(code: Exclude<GovernanceCode, 'SEMANTIC_VALID' | 'SEMANTIC_INVALID'>): ProviderAnswer {
  return { code, reason: null };
}
