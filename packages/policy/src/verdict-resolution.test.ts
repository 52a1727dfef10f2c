import type { PdpVerdict, SafetyVerdict } from '@exoarmur/contracts';
import { describe, expect, it } from 'vitest';
import { resolveVerdict } from './verdict-resolution.ts';

const I = 'deny invalid_safety_verdict_treated_as_deny';
const P = 'deny policy_deny_overrides_all';
const S = 'deny safety_deny_overrides_all';
const F = 'deny default_restrictive_fallback';
const A = 'require_approval policy_require_approval_overrides';
const SAFETY = ['allow', 'deny', 'block', 'warn', 'require_quorum', 'require_human', 'something else'];
const TABLE: Readonly<Record<PdpVerdict, readonly string[]>> = {
  deny: [P, P, P, P, P, P, I],
  require_approval: [A, S, S, F, A, A, I],
  defer: [F, S, S, F, F, F, I],
  allow: [
    'allow both_allow',
    S,
    S,
    F,
    'require_quorum safety_require_quorum_overrides_allow',
    'require_human safety_require_human_overrides_allow',
    I,
  ],
};
const cells = Object.entries(TABLE).flatMap(([pdp, row]) =>
  row.map((cell, column) => [pdp, SAFETY[column], cell] as const),
);

describe('resolveVerdict', () => {
  it('has 28 cells', () => {
    expect(cells).toHaveLength(28);
  });

  it.each(cells)('policy %s and gate %s make %s', (pdp, safety, expected) => {
    const { verdict, rule } = resolveVerdict(pdp as PdpVerdict, safety as SafetyVerdict);
    expect(`${verdict} ${rule}`).toBe(expected);
  });

  it('makes an allow in one cell only', () => {
    expect(cells.filter(([, , expected]) => expected.startsWith('allow'))).toHaveLength(1);
  });

  it('denies a policy verdict that does not exist', () => {
    expect(resolveVerdict('permit' as PdpVerdict, 'allow').verdict).toBe('deny');
  });
});
