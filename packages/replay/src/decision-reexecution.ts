import type { Digest, PolicyEvaluator, PolicySet } from '@exoarmur/contracts';
import type { Check } from './check.ts';
import { type BundleRecord, type ParsedBundle, payloadPointer } from './parsed-bundle.ts';
import { reexecuteDecision } from './reexecute-decision.ts';

/**
 * Would it be decided the same again: every `verdict_resolved` is decided anew from the recorded intent, facts and policy
 * set, and has to come out as the same bytes. Another engine than ours, a withheld payload or policy set leave the
 * question open; they never answer it.
 */
export async function checkDecisions(
  parsed: ParsedBundle,
  evaluator: PolicyEvaluator | undefined,
  check: Check,
): Promise<void> {
  const decisions = [...parsed.records.entries()].filter(([, { record }]) => record.kind === 'verdict_resolved');
  if (decisions.length === 0) check.gap('decision_missing', { pointer: '/records' });
  if (evaluator === undefined) {
    check.gap('no_evaluator');
    return;
  }
  for (const [index, entry] of decisions) await checkDecision(parsed, entry, index, evaluator, check);
}

async function checkDecision(
  parsed: ParsedBundle,
  entry: BundleRecord,
  index: number,
  evaluator: PolicyEvaluator,
  check: Check,
): Promise<void> {
  const { policies } = parsed.bundle;
  const verdict = await reexecuteDecision({
    intent: parsed.records.find(({ record }) => record.kind === 'intent_received')?.payload?.value,
    decision: entry.payload?.value,
    policySetOf: (digest: Digest): PolicySet | undefined =>
      Object.hasOwn(policies, digest) ? policies[digest] : undefined,
    evaluator,
  });
  if (verdict.outcome === 'same') return;
  const { code, expected, found } = verdict;
  if (code === 'policy_digest_mismatch') {
    check.fail(code, { pointer: `/policies/${expected}`, record: index, expected, found });
    return;
  }
  const place = { pointer: `${payloadPointer(entry.record)}${verdict.pointer}`, record: index, expected, found };
  if (verdict.outcome === 'diverges') check.fail(code, place);
  else check.gap(code, place);
}
