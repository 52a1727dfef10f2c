import { digestBytes, type JsonObject } from '@exoarmur/canonical';
import {
  BUNDLE_DIGEST_DOMAIN,
  type HypotheticalTrail,
  type Intervention,
  interventionSchema,
  type PolicyEvaluator,
  pointToProblem,
  type VerificationReport,
} from '@exoarmur/contracts';
import { parseBundle, readBundleFile } from '../bundle-structure.ts';
import { Check } from '../check.ts';
import { ReplayError } from '../errors.ts';
import type { ParsedBundle } from '../parsed-bundle.ts';
import { type VerifyBundleOptions, verifyBundle } from '../verify-bundle.ts';
import type { CounterfactualRefusalCode } from './counterfactual-refusal.ts';
import { imagineSteps, type StepsResult } from './hypothetical-steps.ts';

/** Whose evidence is believed, who decides, and what is imagined otherwise. */
export interface CounterfactualOptions {
  readonly interventions: readonly Intervention[];
  /** Takes the recorded decisions again first, and then the changed ones. */
  readonly evaluator: PolicyEvaluator;
  readonly trust?: VerifyBundleOptions['trust'];
}

/** The answer to {@link replayCounterfactual}: what would have been decided, or why that cannot be said. */
export type CounterfactualVerdict =
  | { readonly outcome: 'hypothetical'; readonly trail: HypotheticalTrail; readonly original: VerificationReport }
  | {
      readonly outcome: 'refused';
      readonly code: CounterfactualRefusalCode;
      readonly pointer: string;
      readonly expected: string | null;
      readonly found: string | null;
      readonly original: VerificationReport;
    };

/** Most interventions in one question. */
const MAX_INTERVENTIONS = 64;

/**
 * Asks what would have been decided if what a decision read had been otherwise (spec/verification-report.md,
 * "Counterfactuals"). The recorded decisions are verified and taken again first, unchanged; then once more with the
 * interventions. Nothing is executed. @throws ReplayError REPLAY_INTERVENTION_MALFORMED, CanonicalError for a bad trust text.
 */
export async function replayCounterfactual(
  bundle: Uint8Array,
  options: CounterfactualOptions,
): Promise<CounterfactualVerdict> {
  const { evaluator, trust } = options;
  const interventions = readInterventions(options.interventions);
  // Verified and used are the same bytes, whatever the caller does to his meanwhile.
  const bytes = bundle.slice();
  const original = await verifyBundle(bytes, {
    evaluator,
    require: ['structure', 'integrity', 'completeness', 'lifecycle', 'decision'],
    ...(trust === undefined ? {} : { trust }),
  });
  const parsed = original.verify_verdict === 'PASS' ? reparse(bytes) : undefined;
  if (parsed === undefined) {
    const found = original.checks.find(({ divergences }) => divergences.length > 0)?.divergences[0]?.code ?? null;
    return { outcome: 'refused', code: 'original_not_verified', pointer: '', expected: 'PASS', found, original };
  }
  const result = await imagineSteps(parsed, interventions, evaluator);
  if (result.outcome === 'refused') return { ...result, original };
  const digest = digestBytes(BUNDLE_DIGEST_DOMAIN, bytes);
  return { outcome: 'hypothetical', trail: trailOf(parsed, digest, evaluator, result), original };
}

function trailOf(
  { statement }: ParsedBundle,
  original_digest: HypotheticalTrail['original_digest'],
  { engine }: PolicyEvaluator,
  { steps, applied, assumptions, recordedEnd, hypotheticalEnd }: Extract<StepsResult, { outcome: 'imagined' }>,
): HypotheticalTrail {
  return {
    schema: 'exoarmur.hypothetical-trail/1',
    hypothetical: true,
    original_digest,
    stream: statement.predicate.stream,
    engine,
    interventions: [...applied],
    assumptions: [...assumptions],
    outcome: recordedEnd === hypotheticalEnd ? 'same_outcome' : 'different_outcome',
    recorded_end: recordedEnd,
    hypothetical_end: hypotheticalEnd,
    steps: [...steps],
  };
}

function reparse(bytes: Uint8Array): ParsedBundle | undefined {
  const check = new Check('structure');
  const file: JsonObject | undefined = readBundleFile(bytes, check);
  return file === undefined ? undefined : parseBundle(file, check);
}

function readInterventions(interventions: readonly Intervention[]): readonly Intervention[] {
  if (interventions.length === 0 || interventions.length > MAX_INTERVENTIONS) {
    throw malformed(`a counterfactual needs 1 to ${MAX_INTERVENTIONS} interventions`, '');
  }
  for (const [index, intervention] of interventions.entries()) {
    const parsed = interventionSchema.safeParse(intervention);
    if (parsed.success) continue;
    throw malformed('an intervention is not well formed', `/${index}${pointToProblem(parsed.error)}`);
  }
  return interventions;
}

function malformed(message: string, pointer: string): ReplayError {
  return new ReplayError('REPLAY_INTERVENTION_MALFORMED', message, { pointer });
}
