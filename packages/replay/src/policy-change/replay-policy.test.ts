import { canonicalizeToBytes, digestValue, encodeUtf8 } from '@exoarmur/canonical';
import {
  DECISION_DIGEST_DOMAIN,
  type PolicyEvaluator,
  type PolicyReview,
  type PolicySet,
  policyReplaySchema,
} from '@exoarmur/contracts';
import { describe, expect, it } from 'vitest';
import { evaluator, POLICY_SET } from '../../test/evaluator.ts';
import { recordedOn } from '../../test/recorded-decisions.ts';
import { createPolicyReport } from './policy-report.ts';
import { formatPolicyReport } from './policy-report-text.ts';
import { parsePolicyReview } from './policy-review.ts';
import { type RecordedDecision, replayPolicyPart } from './replay-policy.ts';

/** Everything below the root is inside. */
const WIDER: PolicySet = { ...POLICY_SET, policies: { p: '/' } };
/** Nothing is inside. */
const NARROWER: PolicySet = { ...POLICY_SET, policies: { p: '/never' } };

const DENIED = recordedOn({ intent_id: 'denied', target: '/no/x' });
const ALLOWED = recordedOn({ intent_id: 'allowed', target: '/ok/x' });
const WAITING = recordedOn({ intent_id: 'waiting', target: '/ok/x', action_type: 'transfer' });
const ALL = [DENIED, ALLOWED, WAITING];

async function report(
  decisions: readonly RecordedDecision[],
  policySet: PolicySet,
  options: { review?: PolicyReview; exemptUndecidable?: boolean; evaluator?: PolicyEvaluator; parts?: number } = {},
) {
  const { review, exemptUndecidable = false, parts = 1 } = options;
  const size = Math.ceil(decisions.length / parts);
  const part = (index: number) =>
    replayPolicyPart(decisions.slice(index * size, (index + 1) * size), {
      policySet,
      evaluator: options.evaluator ?? evaluator,
      ...(review === undefined ? {} : { review }),
    });
  const results = await Promise.all(Array.from({ length: parts }, (_, index) => part(index)));
  const made = createPolicyReport(results, {
    engine: evaluator.engine,
    exemptUndecidable,
    ...(review === undefined ? {} : { review }),
  });
  expect(policyReplaySchema.safeParse(made).success).toBe(true);
  return made;
}

function reviewOf(decision: RecordedDecision, changes: object = {}): PolicyReview {
  return {
    schema: 'exoarmur.policy-review/1',
    policy_digest: digestValue('exoarmur.policy-set/1', WIDER),
    accepted: [
      {
        decision_digest: digestValue(DECISION_DIGEST_DOMAIN, decision.decision),
        recorded: 'deny',
        proposed: 'allow',
        reason: 'meant so',
        ...changes,
      },
    ],
  } as PolicyReview;
}

describe('recorded decisions under a proposed policy set', () => {
  it('come out the same under the same one', async () => {
    const { verdict, totals, flips } = await report(ALL, POLICY_SET);
    expect([verdict, totals.same, flips]).toEqual(['PASS', 3, []]);
  });

  it('are tighter under a narrower one, which nobody has to review', async () => {
    const { verdict, totals } = await report(ALL, NARROWER);
    expect([verdict, totals.tighter, totals.same]).toEqual(['PASS', 2, 1]);
  });

  it('are looser under a wider one, which fails until somebody accepts it', async () => {
    const { verdict, totals, flips } = await report(ALL, WIDER);
    expect([verdict, totals.looser, totals.looser_accepted]).toEqual(['FAIL', 1, 0]);
    expect(flips).toEqual([
      {
        stream: 'denied',
        seq: 1,
        decision_digest: digestValue(DECISION_DIGEST_DOMAIN, DENIED.decision),
        action_type: 'delete',
        shift: 'looser',
        recorded: 'deny',
        proposed: 'allow',
        code: null,
        accepted: false,
      },
    ]);
  });

  it('pass with a review that lists each looser flip', async () => {
    const { verdict, totals, reviews_unused } = await report(ALL, WIDER, { review: reviewOf(DENIED) });
    expect([verdict, totals.looser, totals.looser_accepted, reviews_unused]).toEqual(['PASS', 1, 1, 0]);
  });

  it.each([
    ['another decision', reviewOf(ALLOWED)],
    ['another flip of it', reviewOf(DENIED, { proposed: 'require_approval' })],
  ])('are not helped by a review of %s, which is reported as unused', async (_, review) => {
    const { verdict, reviews_unused } = await report(ALL, WIDER, { review });
    expect([verdict, reviews_unused]).toEqual(['FAIL', 1]);
  });

  it('are not helped by a review of another policy set', async () => {
    await expect(report(ALL, NARROWER, { review: reviewOf(DENIED) })).rejects.toMatchObject({
      code: 'REPLAY_REVIEW_OF_OTHER_POLICY',
    });
  });

  it.each([
    ['its intent is withheld', { ...DENIED, intent: undefined }, 'intent_withheld'],
    ['its intent is no intent', { ...DENIED, intent: {} }, 'intent_malformed'],
    ['it is withheld itself', { ...DENIED, decision: undefined }, 'decision_withheld'],
    ['it is no decision', { ...DENIED, decision: {} }, 'decision_malformed'],
    ['it is about another intent', { ...DENIED, intent: ALLOWED.intent }, 'intent_digest_mismatch'],
  ])('fail when one cannot be taken again because %s, unless that is exempted', async (_, decision, code) => {
    const made = await report([decision as RecordedDecision], POLICY_SET);
    expect([made.verdict, made.totals.not_decidable, made.flips[0]?.code]).toEqual(['FAIL', 1, code]);
    const exempted = await report([decision as RecordedDecision], POLICY_SET, { exemptUndecidable: true });
    expect([exempted.verdict, exempted.undecidable_exempted]).toEqual(['PASS', true]);
  });

  it('cannot be decided by an evaluator that throws', async () => {
    const failing = { engine: evaluator.engine, evaluate: () => Promise.reject(new Error('no')) };
    const made = await report([DENIED], POLICY_SET, { evaluator: failing });
    expect([made.verdict, made.flips[0]?.code]).toEqual(['FAIL', 'evaluator_failed']);
  });

  it('show which flips come from a policy that errs', async () => {
    const erring: PolicyEvaluator = {
      engine: evaluator.engine,
      evaluate: async (request) => {
        const decision = await evaluator.evaluate(request);
        return { ...decision, verdict: 'deny', pdp: { ...decision.pdp, verdict: 'deny', errored_policies: ['p'] } };
      },
    };
    const made = await report([ALLOWED], POLICY_SET, { evaluator: erring });
    expect(made.flips[0]).toMatchObject({ shift: 'tighter', code: 'policies_erred' });
  });

  it('give the same report however the log is split', async () => {
    const many = Array.from({ length: 40 }, (_, i) =>
      recordedOn({ intent_id: `i${i}`, target: i % 3 ? '/ok/x' : '/no' }),
    );
    const whole = await report(many, WIDER);
    expect(await report(many, WIDER, { parts: 7 })).toEqual(whole);
    expect(whole.totals.decisions).toBe(40);
  });

  it('are all counted when more flip than are listed, and all accepted ones count', async () => {
    const many = Array.from({ length: 1003 }, (_, i) => ({ ...DENIED, seq: i }));
    const made = await report(many, WIDER, { review: reviewOf(DENIED) });
    expect([made.verdict, made.totals.looser_accepted, made.flips.length]).toEqual(['PASS', 1003, 1000]);
    expect((await report(many, WIDER)).totals.looser).toBe(1003);
  });

  it('come from a stream as well', async () => {
    async function* stream() {
      yield* ALL;
    }
    const part = await replayPolicyPart(stream(), { policySet: WIDER, evaluator });
    expect(part.table.reduce((sum, { count }) => sum + count, 0)).toBe(3);
  });

  it('are shown to a person', async () => {
    expect(formatPolicyReport(await report([...ALL, { ...DENIED, intent: undefined }], WIDER))).toBe(
      [
        `FAIL  4 decisions under ${digestValue('exoarmur.policy-set/1', WIDER)}`,
        '  same 2  tighter 0  looser 1 (0 accepted)  not decidable 1',
        '',
        '  action                      recorded          proposed          shift          count',
        '  -                           deny              -                 not_decidable  1',
        '  delete                      allow             allow             same           1',
        '  delete                      deny              allow             looser         1',
        '  transfer                    require_approval  require_approval  same           1',
        '',
        'Looser and not accepted',
        `  denied#1  delete  deny -> allow  ${digestValue(DECISION_DIGEST_DOMAIN, DENIED.decision)}`,
        '',
        'Not decidable',
        `  denied#1  -  deny  intent_withheld  ${digestValue(DECISION_DIGEST_DOMAIN, DENIED.decision)}`,
        '',
      ].join('\n'),
    );
  });
});

describe('a review file', () => {
  it('is read back', () => {
    expect(parsePolicyReview(canonicalizeToBytes(reviewOf(DENIED)))).toEqual(reviewOf(DENIED));
  });

  const twice = { ...reviewOf(DENIED), accepted: [...reviewOf(DENIED).accepted, ...reviewOf(DENIED).accepted] };
  it.each([
    ['no JSON', encodeUtf8('x'), ''],
    ['another shape', encodeUtf8('{}'), '/schema'],
    ['a flip twice', canonicalizeToBytes(twice), '/accepted/1'],
    ['no reason', canonicalizeToBytes(reviewOf(DENIED, { reason: '' })), '/accepted/0/reason'],
  ])('is refused with %s', (_, bytes, pointer) => {
    expect(() => parsePolicyReview(bytes)).toThrow(
      expect.objectContaining({ code: 'REPLAY_REVIEW_MALFORMED', pointer }),
    );
  });
});
