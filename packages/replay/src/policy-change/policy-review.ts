import { parseJson } from '@exoarmur/canonical';
import {
  type Digest,
  isExoArmurError,
  type PolicyReview,
  pointToProblem,
  policyReviewSchema,
  type Verdict,
} from '@exoarmur/contracts';
import { ReplayError } from '../errors.ts';

/** Largest review file, in bytes. */
export const MAX_REVIEW_BYTES = 67_108_864;

/** Reads a review file. @throws ReplayError REPLAY_REVIEW_MALFORMED, also for a flip that is listed twice. */
export function parsePolicyReview(bytes: Uint8Array): PolicyReview {
  const value = readJson(bytes);
  const parsed = policyReviewSchema.safeParse(value);
  if (!parsed.success) {
    const pointer = pointToProblem(parsed.error);
    throw new ReplayError('REPLAY_REVIEW_MALFORMED', 'the review file is not well formed', { pointer });
  }
  const seen = new Set<string>();
  for (const [index, entry] of parsed.data.accepted.entries()) {
    const key = reviewKey(entry.decision_digest, entry.recorded, entry.proposed);
    if (seen.has(key)) {
      const pointer = `/accepted/${index}`;
      throw new ReplayError('REPLAY_REVIEW_MALFORMED', 'the review file lists a flip twice', { pointer });
    }
    seen.add(key);
  }
  return parsed.data;
}

/** The accepted flips of a review. @throws ReplayError REPLAY_REVIEW_OF_OTHER_POLICY when it was made for another policy set. */
export function acceptedFlips(review: PolicyReview | undefined, policyDigest: Digest): ReadonlySet<string> {
  if (review === undefined) return new Set();
  if (review.policy_digest !== policyDigest) {
    const message = 'the review file is about another policy set';
    throw new ReplayError('REPLAY_REVIEW_OF_OTHER_POLICY', message, { pointer: '/policy_digest' });
  }
  return new Set(review.accepted.map((entry) => reviewKey(entry.decision_digest, entry.recorded, entry.proposed)));
}

/** What one review entry accepts: this decision, from this verdict to that one. */
export function reviewKey(decisionDigest: string, recorded: Verdict, proposed: Verdict): string {
  return `${decisionDigest} ${recorded} ${proposed}`;
}

function readJson(bytes: Uint8Array): unknown {
  try {
    return parseJson(bytes, { maxBytes: MAX_REVIEW_BYTES });
  } catch (error) {
    if (!isExoArmurError(error)) throw error;
    const pointer = error.pointer ?? '';
    throw new ReplayError('REPLAY_REVIEW_MALFORMED', 'the review file is no JSON', { pointer, cause: error });
  }
}
