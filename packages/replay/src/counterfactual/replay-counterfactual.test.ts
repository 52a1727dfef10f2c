import { canonicalizeToBytes, digestBytes, digestValue, type JsonObject } from '@exoarmur/canonical';
import {
  BUNDLE_DIGEST_DOMAIN,
  decisionSchema,
  hypotheticalTrailSchema,
  type Intervention,
  type PolicyEvaluator,
  sealedRecordSchema,
  trailPayloadSchemas,
} from '@exoarmur/contracts';
import { describe, expect, it } from 'vitest';
import {
  allowedSteps,
  approvedSteps,
  buildBundle,
  deniedSteps,
  encodeBundle,
  type Step,
  signerOf,
} from '../../test/bundle-fixture.ts';
import { evaluator, POLICY_SET } from '../../test/evaluator.ts';
import { lying } from '../../test/tampering.ts';
import { verifyBundle } from '../verify-bundle.ts';
import { formatHypotheticalTrail } from './counterfactual-text.ts';
import { changeAt } from './json-change.ts';
import { replayCounterfactual } from './replay-counterfactual.ts';

const bytesOf = (steps: readonly Step[]) => encodeBundle(buildBundle(steps));

async function ask(steps: readonly Step[], ...interventions: Intervention[]) {
  const verdict = await replayCounterfactual(bytesOf(steps), { interventions, evaluator });
  if (verdict.outcome !== 'hypothetical') throw new Error(`refused: ${verdict.code} ${verdict.pointer}`);
  expect(hypotheticalTrailSchema.safeParse(verdict.trail).error).toBeUndefined();
  return verdict.trail;
}

const refusal = async (steps: readonly Step[], ...interventions: Intervention[]) =>
  replayCounterfactual(bytesOf(steps), { interventions, evaluator });

describe('a counterfactual', () => {
  it('denies what was allowed when the target was another', async () => {
    const trail = await ask(allowedSteps(), { on: 'intent', pointer: '/target', recorded: '/ok/x', value: '/no/x' });
    expect(trail).toMatchObject({
      outcome: 'different_outcome',
      recorded_end: 'permitted',
      hypothetical_end: 'denied',
      original_digest: digestBytes(BUNDLE_DIGEST_DOMAIN, bytesOf(allowedSteps())),
      interventions: [{ on: 'intent', pointer: '/target', recorded: '"/ok/x"', value: '"/no/x"' }],
    });
    expect(trail.steps[0]).toMatchObject({ record: 1, recorded_verdict: 'allow', shift: 'tighter' });
    expect(trail.steps[0]?.differences.find(({ pointer }) => pointer === '/verdict')).toEqual({
      pointer: '/verdict',
      recorded: '"allow"',
      hypothetical: '"deny"',
    });
  });

  it('changes nothing when what was changed does not matter', async () => {
    const trail = await ask(allowedSteps(), { on: 'intent', pointer: '/reason', value: 'because' });
    expect(trail.outcome).toBe('same_outcome');
    expect(trail.steps[0]?.shift).toBe('same');
    expect(trail.steps[0]?.differences.map(({ pointer }) => pointer)).toEqual(['/intent_digest']);
  });

  it('follows another policy set', async () => {
    const value = { ...POLICY_SET, policies: { p: '/no' } };
    const trail = await ask(deniedSteps(), { on: 'policy_set', value });
    expect(trail).toMatchObject({ outcome: 'different_outcome', hypothetical_end: 'permitted' });
    expect(trail.interventions[0]?.recorded).toBe(`"${digestValue('exoarmur.policy-set/1', POLICY_SET)}"`);
  });

  it('waits for a person that the recorded action did not need', async () => {
    const trail = await ask(allowedSteps(), { on: 'intent', pointer: '/action_type', value: 'transfer' });
    expect([trail.recorded_end, trail.hypothetical_end]).toEqual(['permitted', 'waiting']);
  });

  it('drops the approvals of an action that was another one', async () => {
    const trail = await ask(approvedSteps(), { on: 'intent', pointer: '/parameters', value: { amount: 1 } });
    expect(trail.assumptions).toEqual(['approvals_dropped', 'later_facts_kept']);
    expect(trail.steps.map(({ decision }) => decision?.verdict)).toEqual(['require_approval', 'require_approval']);
    expect(trail.steps[1]?.decision?.facts.approvals).toEqual([]);
    expect(trail.hypothetical_end).toBe('waiting');
  });

  it('keeps the approvals when only facts were others', async () => {
    const trail = await ask(approvedSteps(), { on: 'facts', pointer: '/trust_milli', recorded: 1000, value: 5 });
    expect(trail.assumptions).toEqual(['approvals_kept', 'later_facts_kept']);
    expect([trail.outcome, trail.hypothetical_end]).toEqual(['same_outcome', 'permitted']);
    expect(trail.steps.map(({ decision }) => decision?.facts.trust_milli)).toEqual([5, 5]);
  });

  it('does not reach a decision that the changed action ended before', async () => {
    const trail = await ask(approvedSteps(), { on: 'intent', pointer: '/target', value: '/no/x' });
    expect(trail.steps.map(({ shift, decision }) => [shift, decision === null])).toEqual([
      ['tighter', false],
      ['not_decidable', true],
    ]);
    expect(trail.hypothetical_end).toBe('denied');
  });

  it('engages a switch', async () => {
    const switching: PolicyEvaluator = {
      engine: evaluator.engine,
      evaluate: async (request) => {
        const decision = await evaluator.evaluate(request);
        return request.facts.switches.global === 'clear' ? decision : { ...decision, verdict: 'deny' };
      },
    };
    const verdict = await replayCounterfactual(bytesOf(allowedSteps()), {
      interventions: [{ on: 'switch', name: 'global', recorded: 'clear', value: 'engaged' }],
      evaluator: switching,
    });
    expect(verdict).toMatchObject({ outcome: 'hypothetical', trail: { hypothetical_end: 'denied' } });
  });

  it.each([
    [
      'a recorded value that is another',
      { on: 'intent', pointer: '/target', recorded: '/x', value: '/y' },
      'recorded_value_differs',
      '/0/recorded',
    ],
    [
      'a recorded value that is absent',
      { on: 'intent', pointer: '/parameters/x', recorded: null, value: 1 },
      'recorded_value_differs',
      '/0/recorded',
    ],
    ['a place that is not there', { on: 'intent', pointer: '/a/b', value: 1 }, 'place_unknown', '/0/pointer'],
    ['nothing to remove', { on: 'intent', pointer: '/parameters/x' }, 'place_unknown', '/0/pointer'],
    [
      'an intent that is none any more',
      { on: 'intent', pointer: '/target', value: 7 },
      'changed_intent_malformed',
      '/target',
    ],
    ['facts that are none any more', { on: 'facts', pointer: '/time' }, 'changed_facts_malformed', '/time'],
  ] as const)('has no answer with %s', async (_, intervention, code, pointer) => {
    expect(await refusal(allowedSteps(), intervention as Intervention)).toMatchObject({
      outcome: 'refused',
      code,
      pointer,
    });
  });

  it('has no answer when the recorded decision does not come out the same again', async () => {
    const steps = lying(deniedSteps(), 'verdict_resolved', (decision) => {
      decision.pdp.rationale = 'another';
    });
    const verdict = await refusal(steps, { on: 'intent', pointer: '/reason', value: 'x' });
    expect(verdict).toMatchObject({ outcome: 'refused', code: 'original_not_verified', found: 'decision_diverges' });
  });

  it('has no answer from a bundle of a stranger when a key is brought', async () => {
    const verdict = await replayCounterfactual(encodeBundle(buildBundle(deniedSteps(), { signer: signerOf(2) })), {
      interventions: [{ on: 'intent', pointer: '/reason', value: 'x' }],
      evaluator,
      trust: `log ${signerOf(1).vkey}\nquorum none\n`,
    });
    expect(verdict).toMatchObject({ outcome: 'refused', code: 'original_not_verified', found: 'signer_untrusted' });
  });

  it('has no answer when the evaluator fails on the changed question', async () => {
    let calls = 0;
    const failing: PolicyEvaluator = {
      engine: evaluator.engine,
      evaluate: (request) => {
        calls += 1;
        return calls === 1 ? evaluator.evaluate(request) : Promise.reject(new Error('no'));
      },
    };
    const verdict = await replayCounterfactual(bytesOf(deniedSteps()), {
      interventions: [{ on: 'intent', pointer: '/reason', value: 'x' }],
      evaluator: failing,
    });
    expect(verdict).toMatchObject({ outcome: 'refused', code: 'evaluator_failed' });
  });

  it.each([
    ['none', [], ''],
    ['one on something else', [{ on: 'time', value: 1 }], '/0/on'],
    ['one without a place', [{ on: 'intent', pointer: '', value: 1 }], '/0/pointer'],
  ])('is no question with interventions like %s', async (_, interventions, pointer) => {
    await expect(
      replayCounterfactual(bytesOf(deniedSteps()), { interventions: interventions as Intervention[], evaluator }),
    ).rejects.toMatchObject({ code: 'REPLAY_INTERVENTION_MALFORMED', pointer });
  });

  it('is accepted by no reader of records, decisions, payloads or bundles', async () => {
    const trail = await ask(allowedSteps(), { on: 'intent', pointer: '/reason', value: 'x' });
    const report = await verifyBundle(encodeBundle(trail), { evaluator });
    expect([report.verify_verdict, report.checks[0]?.status]).toEqual(['FAIL', 'failed']);
    const schemas = [sealedRecordSchema, decisionSchema, ...Object.values(trailPayloadSchemas)];
    const parts: unknown[] = [trail, ...trail.steps, ...trail.steps.map(({ decision }) => decision)];
    for (const part of parts) expect(schemas.some((schema) => schema.safeParse(part).success)).toBe(false);
  });

  it('is the same bytes every time, and leaves the bundle as it is', async () => {
    const steps = allowedSteps();
    const before = canonicalizeToBytes(buildBundle(steps));
    const change = { on: 'facts', pointer: '/trust_milli', value: 1 } as const;
    expect(canonicalizeToBytes(await ask(steps, change))).toEqual(canonicalizeToBytes(await ask(steps, change)));
    expect(canonicalizeToBytes(buildBundle(steps))).toEqual(before);
  });

  it('is shown to a person as what it is', async () => {
    const trail = await ask(allowedSteps(), { on: 'intent', pointer: '/reason', recorded: '', value: 'x' });
    const text = formatHypotheticalTrail(trail);
    expect(text.split('\n')[0]).toBe('HYPOTHETICAL  same_outcome  recorded: permitted, would be: permitted');
    expect(text).toContain('  changed   intent/reason  "" -> "x"\n');
    expect(text.endsWith('Nothing of this happened, and nothing of it is a record.\n')).toBe(true);
  });
});

describe('a change inside a JSON value', () => {
  const root: JsonObject = { a: [1, { b: 2 }], 'x/y': { '~': 3 } };

  it.each([
    ['/a/0', 9, { a: [9, { b: 2 }], 'x/y': { '~': 3 } }, 1],
    ['/a/1/b', undefined, { a: [1, {}], 'x/y': { '~': 3 } }, 2],
    ['/a/0', undefined, { a: [{ b: 2 }], 'x/y': { '~': 3 } }, 1],
    ['/x~1y/~0', 4, { a: [1, { b: 2 }], 'x/y': { '~': 4 } }, 3],
    ['/new', 1, { a: [1, { b: 2 }], 'x/y': { '~': 3 }, new: 1 }, undefined],
  ])('is made at %s', (pointer, value, changed, before) => {
    expect(changeAt(root, pointer, value)).toEqual({ outcome: 'changed', value: changed, before });
    expect(root).toEqual({ a: [1, { b: 2 }], 'x/y': { '~': 3 } });
  });

  it.each(['/a/2', '/a/-', '/a/01', '/a/-1', '/a/0/x', '/b/c', '/constructor/name', '/__proto__/x'])(
    'is refused at %s',
    (pointer) => {
      expect(changeAt(root, pointer, 1).outcome).toBe('unknown_place');
    },
  );

  it('adds a member named like the prototype as a member', () => {
    const change = changeAt({}, '/__proto__', { admin: true });
    expect(change.outcome === 'changed' && Object.hasOwn(change.value as object, '__proto__')).toBe(true);
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });
});
