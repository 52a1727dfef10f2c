import { observedActionSchema } from '@exoarmur/contracts';
import { createTestExecutor } from '@exoarmur/executors';
import { describe, expect, it } from 'vitest';
import { createIntent, createTestBoundary, createTrap, kindsOf } from '../test/boundary.ts';
import { type Governance, ObservingPipeline } from './index.ts';

describe('a pipeline that only watches', () => {
  it.each([
    ['/data/x', 'allow'],
    ['/data/ask/x', 'require_approval'],
    ['/data/locked/x', 'deny'],
  ])('records what would have become of %s, and does nothing', async (target, wouldBe) => {
    const executor = createTestExecutor();
    const { options, log } = createTestBoundary({ executor });
    const pipeline = new ObservingPipeline(options);
    const seen = await pipeline.observe(createIntent({ target }));
    expect(seen).toMatchObject({ status: 'observed', wouldBe, decision: { verdict: wouldBe } });
    expect(executor.performed).toEqual([]);
    expect(log.appended).toEqual([]);
    expect(log.facts).toHaveLength(1);
    const payload = observedActionSchema.parse(log.facts[0]?.payload);
    expect(payload).toMatchObject({ enforced: false, would_be: wouldBe, intent_digest: seen.intentDigest });
    await expect(kindsOf(log)).rejects.toMatchObject({ code: 'AUDIT_STREAM_NOT_FOUND' });
  });

  it('says so when no decision can be had', async () => {
    const { options, log } = createTestBoundary();
    const decisionPoint = { ...options.decisionPoint, decide: () => Promise.reject(new Error('gone')) };
    const pipeline = new ObservingPipeline({ ...options, decisionPoint });
    expect(await pipeline.observe(createIntent())).toMatchObject({ wouldBe: 'undecided', decision: null });
    expect(log.facts[0]?.payload).toMatchObject({ would_be: 'undecided', decision_digest: null });
  });

  it.each<[string, () => unknown]>([
    ['null', () => null],
    ['a trap', () => createTrap()],
    ['one without members', () => ({})],
  ])('says so when the source of policies answers %s', async (_, govern) => {
    const { options } = createTestBoundary();
    const pipeline = new ObservingPipeline({ ...options, govern: govern as () => Governance });
    expect(await pipeline.observe(createIntent())).toMatchObject({ wouldBe: 'undecided' });
  });

  it('does not answer when it cannot record, and not about others', async () => {
    const { options, log } = createTestBoundary();
    const appendCell = () => Promise.reject(new Error('disk full'));
    const pipeline = new ObservingPipeline({ ...options, log: { ...log, appendCell } });
    await expect(pipeline.observe(createIntent())).rejects.toMatchObject({ code: 'BOUNDARY_LOG_UNAVAILABLE' });
    await expect(pipeline.observe(createIntent({ tenant_id: 'other' }))).rejects.toMatchObject({
      code: 'BOUNDARY_SCOPE_MISMATCH',
    });
  });

  it('has no way to execute, approve, recover or resolve', () => {
    const names = Object.getOwnPropertyNames(ObservingPipeline.prototype).sort();
    expect(names).toEqual(['constructor', 'observe']);
  });
});
