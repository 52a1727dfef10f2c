import { digestValue, type JsonObject } from '@exoarmur/canonical';
import {
  type ActionIntent,
  DECISION_DIGEST_DOMAIN,
  type Decision,
  type Digest,
  INTENT_DIGEST_DOMAIN,
  POLICY_SET_DIGEST_DOMAIN,
  type PolicyEvaluator,
  type PolicyFlip,
  type PolicyReplay,
  type PolicyReview,
  type PolicySet,
} from '@exoarmur/contracts';
import { decideAgain, readDecision, readIntent } from '../reexecute-decision.ts';
import { acceptedFlips, reviewKey } from './policy-review.ts';
import { compareDecisions } from './verdict-shift.ts';

/** One decision as the log has it. What was withheld or erased is undefined. */
export interface RecordedDecision {
  readonly stream: string;
  readonly seq: number;
  readonly intent: JsonObject | undefined;
  readonly decision: JsonObject | undefined;
}

/** What is proposed, and who re-decides. */
export interface PolicyReplayOptions {
  readonly policySet: PolicySet;
  readonly evaluator: PolicyEvaluator;
  readonly review?: PolicyReview;
}

type TableRow = PolicyReplay['table'][number];

/** Flips that are listed, of each kind; all are counted. */
export const MAX_LISTED_FLIPS = 1000;

/** The result over some decisions: plain data, so that workers can each take a part of a log. */
export interface PolicyReplayPart {
  readonly policyDigest: Digest;
  readonly table: readonly TableRow[];
  readonly loosersAccepted: number;
  readonly flips: { readonly [Shift in 'looser' | 'not_decidable' | 'tighter']: readonly PolicyFlip[] };
  readonly reviewsUsed: readonly string[];
}

/**
 * Decides recorded decisions again under a proposed policy set: same intent, same facts, approvals included. Constant
 * memory but for the flips listed. Every decision is evaluated: each has its own time, so no two requests are the same.
 * @throws ReplayError REPLAY_REVIEW_OF_OTHER_POLICY
 */
export async function replayPolicyPart(
  decisions: Iterable<RecordedDecision> | AsyncIterable<RecordedDecision>,
  options: PolicyReplayOptions,
): Promise<PolicyReplayPart> {
  // Frozen, so that the evaluator may take its digest once.
  const policySet = Object.freeze({ ...options.policySet, policies: Object.freeze({ ...options.policySet.policies }) });
  const policyDigest = digestValue(POLICY_SET_DIGEST_DOMAIN, policySet);
  const accepted = acceptedFlips(options.review, policyDigest);
  const table = new Map<string, TableRow>();
  const flips = { looser: [] as PolicyFlip[], not_decidable: [] as PolicyFlip[], tighter: [] as PolicyFlip[] };
  const reviewsUsed = new Set<string>();
  let loosersAccepted = 0;
  for await (const recorded of decisions) {
    const flip = await flipOf(recorded, { policySet, policyDigest, evaluator: options.evaluator });
    count(table, flip);
    if (flip.shift === 'same') continue;
    const isListed = flips[flip.shift].length < MAX_LISTED_FLIPS;
    if (!isListed && (flip.shift !== 'looser' || accepted.size === 0)) continue;
    const listed = { ...flip, ...acceptanceOf(flip, recorded, accepted, reviewsUsed) };
    if (listed.accepted) loosersAccepted += 1;
    if (isListed) flips[flip.shift].push(listed);
  }
  return { policyDigest, table: [...table.values()], loosersAccepted, flips, reviewsUsed: [...reviewsUsed] };
}

async function flipOf(
  recorded: RecordedDecision,
  proposal: { policySet: PolicySet; policyDigest: Digest; evaluator: PolicyEvaluator },
): Promise<PolicyFlip> {
  const { stream, seq } = recorded;
  const intent = readIntent(recorded.intent);
  const decision = readDecision(recorded.decision);
  const base = { stream, seq, decision_digest: null, accepted: false };
  const known = { action_type: intent?.action_type ?? null, recorded: decision?.verdict ?? null, proposed: null };
  const open = (code: string): PolicyFlip => ({ ...base, ...known, shift: 'not_decidable', code });
  if (intent === undefined) return open(recorded.intent === undefined ? 'intent_withheld' : 'intent_malformed');
  if (decision === undefined) return open(recorded.decision === undefined ? 'decision_withheld' : 'decision_malformed');
  if (!isAbout(decision, intent)) return open('intent_digest_mismatch');
  const { policySet, policyDigest, evaluator } = proposal;
  const again = await decideAgain(evaluator, { intent, facts: decision.facts, policySet, policyDigest });
  if (again === undefined) return open('evaluator_failed');
  const { shift, code } = compareDecisions(decision, again);
  // A policy that errs denies, so its flips look merely stricter; the code says that it is broken.
  const isErring = again.pdp.errored_policies.length > 0;
  return { ...base, ...known, proposed: again.verdict, shift, code: isErring ? 'policies_erred' : code };
}

function isAbout(decision: Decision, intent: ActionIntent): boolean {
  return digestValue(INTENT_DIGEST_DOMAIN, intent) === decision.intent_digest;
}

function acceptanceOf(
  flip: PolicyFlip,
  { decision }: RecordedDecision,
  accepted: ReadonlySet<string>,
  used: Set<string>,
): Pick<PolicyFlip, 'decision_digest' | 'accepted'> {
  if (decision === undefined) return { decision_digest: null, accepted: false };
  const decision_digest = digestValue(DECISION_DIGEST_DOMAIN, decision);
  if (flip.shift !== 'looser' || flip.recorded === null || flip.proposed === null) {
    return { decision_digest, accepted: false };
  }
  const key = reviewKey(decision_digest, flip.recorded, flip.proposed);
  if (!accepted.has(key)) return { decision_digest, accepted: false };
  used.add(key);
  return { decision_digest, accepted: true };
}

function count(table: Map<string, TableRow>, { action_type, recorded, proposed, shift }: PolicyFlip): void {
  const key = `${action_type} ${recorded} ${proposed} ${shift}`;
  const row = table.get(key) ?? { action_type, recorded, proposed, shift, count: 0 };
  table.set(key, { ...row, count: row.count + 1 });
}
