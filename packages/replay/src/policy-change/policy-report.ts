import { compareCodePoints } from '@exoarmur/canonical/legacy-python';
import type { EngineIdentity, PolicyFlip, PolicyReplay, PolicyReview, VerdictShift } from '@exoarmur/contracts';
import { MAX_LISTED_FLIPS, type PolicyReplayPart } from './replay-policy.ts';

/** What the judge of a policy change decides for himself. */
export interface PolicyReportOptions {
  readonly engine: EngineIdentity;
  readonly review?: PolicyReview;
  /** Decisions that cannot be taken again do not fail the verdict. Each could hide a looser one. */
  readonly exemptUndecidable: boolean;
}

/**
 * Puts the parts of a log, in its order, into one report. The same decisions give the same report however they were split,
 * as far as no more flips came up than are listed. @throws TypeError without a part, or for parts about different policy sets.
 */
export function createPolicyReport(parts: readonly PolicyReplayPart[], options: PolicyReportOptions): PolicyReplay {
  const [first] = parts;
  if (first === undefined) throw new TypeError('a report needs at least one part');
  if (parts.some(({ policyDigest }) => policyDigest !== first.policyDigest)) {
    throw new TypeError('the parts are about different policy sets');
  }
  const table = mergeTables(parts);
  const sum = (shift?: VerdictShift): number =>
    table.filter((row) => shift === undefined || row.shift === shift).reduce((total, row) => total + row.count, 0);
  const accepted = parts.reduce((total, part) => total + part.loosersAccepted, 0);
  const used = new Set(parts.flatMap(({ reviewsUsed }) => reviewsUsed));
  const list = (shift: 'looser' | 'not_decidable' | 'tighter'): PolicyFlip[] =>
    parts.flatMap(({ flips }) => flips[shift]).slice(0, MAX_LISTED_FLIPS);
  const totals = {
    decisions: sum(),
    same: sum('same'),
    tighter: sum('tighter'),
    looser: sum('looser'),
    looser_accepted: accepted,
    not_decidable: sum('not_decidable'),
  };
  const isDecided = totals.not_decidable === 0 || options.exemptUndecidable;
  return {
    schema: 'exoarmur.policy-replay/1',
    verdict: totals.looser === accepted && isDecided ? 'PASS' : 'FAIL',
    policy_digest: first.policyDigest,
    engine: options.engine,
    totals,
    undecidable_exempted: options.exemptUndecidable,
    reviews_unused: (options.review?.accepted.length ?? 0) - used.size,
    assumptions: ['approvals_kept'],
    table,
    flips: [...list('looser'), ...list('not_decidable'), ...list('tighter')],
  };
}

function mergeTables(parts: readonly PolicyReplayPart[]): PolicyReplay['table'] {
  const rows = new Map<string, PolicyReplay['table'][number]>();
  for (const row of parts.flatMap(({ table }) => table)) {
    const key = `${row.action_type ?? ''} ${row.recorded ?? ''} ${row.proposed ?? ''} ${row.shift}`;
    rows.set(key, { ...row, count: row.count + (rows.get(key)?.count ?? 0) });
  }
  return [...rows].sort(([a], [b]) => compareCodePoints(a, b)).map(([, row]) => row);
}
