import type { ActionResult, ExecuteOptions } from '@exoarmur/boundary-v2';
import type { CheckName, VerificationReport } from '@exoarmur/contracts';
import { createCedarEvaluator } from '@exoarmur/policy';
import { verifyBundle } from '@exoarmur/replay';
import { createBoundary } from './boundary.ts';
import type { BoundaryConfig } from './config.ts';

/** Checks that a replay has to pass, besides the signer when there is somebody to trust. */
const REPLAYED: readonly CheckName[] = ['structure', 'integrity', 'completeness', 'lifecycle', 'decision'];

/** One governed action with its proof. */
export interface GovernedExecution {
  readonly result: ActionResult;
  /** Proof bundle 3, as it stands after this call. */
  readonly bundle: Uint8Array;
}

/**
 * Takes one intent through a boundary of its own and proves what became of it. Policies and executors are those of the
 * configuration: there is no default that allows, and none that pretends to act.
 * @throws as createBoundary and Boundary.execute
 */
export async function runGovernedExecution(
  intent: unknown,
  config: BoundaryConfig,
  options: ExecuteOptions = {},
): Promise<GovernedExecution> {
  const boundary = await createBoundary(config);
  try {
    const result = await boundary.execute(intent, options);
    return { result, bundle: await result.bundle() };
  } finally {
    await boundary.close();
  }
}

/**
 * Checks a proof bundle and takes its decisions again with the engine of this installation, under the policies and on the
 * facts it holds. Nothing is executed and nothing of the bundle is believed: any bytes give a report. Bundles of the Python
 * ancestor cannot be decided again, and fail here.
 * @param trust whose keys count, as C2SP tlog-policy text; without it nobody vouches for the bundle
 */
export function replayGovernedExecution(
  bundle: Uint8Array,
  options: { readonly trust?: string } = {},
): Promise<VerificationReport> {
  return verifyBundle(bundle, { ...options, evaluator: createCedarEvaluator(), require: REPLAYED });
}

/** Answer of {@link verifyGovernanceIntegrity}, which every check that was made stands behind. */
export interface GovernanceIntegrity {
  /** Whether a key that the caller trusts vouches for a bundle that is whole, lawful and unaltered. */
  readonly isValid: boolean;
  readonly report: VerificationReport;
}

/**
 * Whether the record of one governed action can be relied on. The keys come from the caller, never from the bundle, because
 * anybody can make a bundle that agrees with itself.
 * @throws CanonicalError for a trust text that does not parse
 */
export async function verifyGovernanceIntegrity(
  bundle: Uint8Array,
  options: { readonly trust: string },
): Promise<GovernanceIntegrity> {
  const report = await verifyBundle(bundle, {
    trust: options.trust,
    evaluator: createCedarEvaluator(),
    require: ['structure', 'integrity', 'signer', 'completeness', 'lifecycle'],
  });
  return { isValid: report.verify_verdict === 'PASS', report };
}
