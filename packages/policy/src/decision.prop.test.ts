import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decideUnder, isAllowJustified, isNotWider, isSameDecision, type Texts } from '../test/laws.ts';
import { createApproval, createRequest } from '../test/requests.ts';
import { createCedarEvaluator } from './index.ts';

const EFFECTS = ['permit', 'forbid', '@approval("human") forbid', '@approval("quorum") @roles("ops") forbid'] as const;
const CONDITIONS = {
  true: 'true',
  false: 'false',
  matching: 'resource is Path && resource in Directory::"/srv"',
  other: 'resource is Path && resource in Directory::"/etc"',
  error: 'context.quantities.hasTag("/n") && context.quantities.getTag("/n") + 9223372036854775807 > 0',
} as const;
const policy = fc
  .tuple(fc.constantFrom(...EFFECTS), fc.constantFrom(...Object.values(CONDITIONS)))
  .map(([effect, condition]) => `${effect}(principal, action, resource) when { ${condition} };`);
const policies = fc
  .array(policy, { maxLength: 6 })
  .map((texts): Texts => Object.fromEntries(texts.map((text, index) => [`p${index}`, text])));
const requests = fc
  .record({ approvers: fc.integer({ min: 0, max: 3 }), ops: fc.boolean(), denies: fc.boolean() })
  .map(({ approvers, ops, denies }) => {
    const approvals = Array.from({ length: approvers }, (_, n) => createApproval(n + 1, { roles: ops ? ['ops'] : [] }));
    const refusal = denies ? [createApproval(9, { verdict: 'deny' })] : [];
    return createRequest({ parameters: { n: 1 } }, { approvals: [...approvals, ...refusal] });
  });
const options = { numRuns: 60, seed: 20240101 };

function rotate(texts: Texts, turn: number): Texts {
  const entries = Object.entries(texts);
  return Object.fromEntries([...entries.slice(turn), ...entries.slice(0, turn)].reverse());
}

describe('the decision obeys its laws', () => {
  it('allows only what policies, gate and resolution each allow', async () => {
    await fc.assert(
      fc.asyncProperty(policies, requests, async (texts, request) => {
        expect(isAllowJustified(await decideUnder(texts, request))).toBe(true);
      }),
      options,
    );
  });

  it('never permits more after a forbid was added', async () => {
    await fc.assert(
      fc.asyncProperty(policies, policy, requests, async (texts, added, request) => {
        fc.pre(added.includes('forbid'));
        const before = await decideUnder(texts, request);
        expect(isNotWider(before, await decideUnder({ ...texts, added }, request))).toBe(true);
      }),
      options,
    );
  });

  it('never permits more after a permit was removed', async () => {
    await fc.assert(
      fc.asyncProperty(policies, requests, async (texts, request) => {
        const before = await decideUnder(texts, request);
        for (const id of Object.keys(texts).filter((key) => texts[key]?.startsWith('permit') === true)) {
          const { [id]: _, ...rest } = texts;
          const after = await decideUnder(rest, request);
          // A permit that errs had denied everything; without it the others may speak again.
          if (before.pdp.errored_policies.length === 0) expect(isNotWider(before, after)).toBe(true);
        }
      }),
      options,
    );
  });

  it('keeps a forbid in force whatever permits, duplicates and erring policies stand beside it', async () => {
    const forbid = 'forbid(principal, action, resource) when { resource is Path && resource in Directory::"/srv" };';
    await fc.assert(
      fc.asyncProperty(policies, requests, async (texts, request) => {
        expect((await decideUnder({ ...texts, forbid, twice: forbid }, request)).verdict).toBe('deny');
      }),
      options,
    );
  });

  it('denies as soon as any policy errs', async () => {
    const erring = `permit(principal, action, resource) when { ${CONDITIONS.error} };`;
    await fc.assert(
      fc.asyncProperty(policies, requests, async (texts, request) => {
        const decision = await decideUnder({ ...texts, erring }, request);
        expect(decision.verdict).toBe('deny');
        expect(decision.pdp.errored_policies).toContain('erring');
      }),
      options,
    );
  });

  it('lets approvals lift a demand only when they match it', async () => {
    const texts = {
      permit: 'permit(principal, action, resource);',
      demand: '@approval("quorum") @roles("ops") forbid(principal, action, resource);',
    };
    await fc.assert(
      fc.asyncProperty(requests, async (request) => {
        const { approvals } = request.facts;
        const counting = approvals.filter(({ verdict, roles }) => verdict === 'approve' && roles.includes('ops'));
        const isRefused = approvals.some(({ verdict }) => verdict === 'deny');
        const expected = isRefused ? 'deny' : counting.length >= 2 ? 'allow' : 'require_approval';
        expect((await decideUnder(texts, request)).verdict).toBe(expected);
      }),
      options,
    );
  });

  it('gives the same bytes over a thousand runs, and by fresh evaluators that see the policies in another order', async () => {
    const texts = Object.fromEntries(
      Array.from({ length: 12 }, (_, n) => [`p${n}`, `permit(principal, action, resource) when { ${n} < 20 };`]),
    );
    const request = createRequest({ parameters: { n: 1 } });
    const first = await decideUnder(texts, request);
    expect(first.pdp.determining_policies).toHaveLength(12);
    for (let run = 0; run < 1000; run += 1) expect(isSameDecision(first, await decideUnder(texts, request))).toBe(true);
    for (let turn = 1; turn <= 12; turn += 1) {
      const again = await decideUnder(rotate(texts, turn), request, createCedarEvaluator());
      expect(isSameDecision(first, again)).toBe(true);
    }
  });
});
