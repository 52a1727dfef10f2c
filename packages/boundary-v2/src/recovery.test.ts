import { digestValue } from '@exoarmur/canonical';
import type { GrantStore } from '@exoarmur/contracts';
import { type ActionIntent, INTENT_DIGEST_DOMAIN } from '@exoarmur/contracts';
import { createTestExecutor } from '@exoarmur/executors';
import { describe, expect, it } from 'vitest';
import { createIntent, createTestBoundary, kindsOf, loseAfter } from '../test/boundary.ts';
import { createMemoryGrantStore, ProxyPipeline } from './index.ts';

const LOCKED = { target: '/data/locked/x' };

describe('recover', () => {
  /** A boundary that crashed just after recording `kind`, seen from a new process. */
  async function crashAfter(
    kind: string,
    grants: GrantStore = createMemoryGrantStore(),
    change: Partial<ActionIntent> = {},
  ) {
    const executor = createTestExecutor();
    const { pipeline, options, log } = createTestBoundary({ executor, grants });
    loseAfter(log, kind);
    await pipeline.execute(createIntent(change)).catch(() => undefined);
    log.before = () => undefined;
    log.after = () => undefined;
    return { pipeline: new ProxyPipeline(options), executor, log };
  }
  const durable = (): GrantStore => ({ ...createMemoryGrantStore(), isDurable: true });

  it.each([
    ['intent_received', 'denied', 'BOUNDARY_INTERRUPTED'],
    ['verdict_resolved', 'denied', 'BOUNDARY_INTERRUPTED'],
    ['target_validated', 'denied', 'BOUNDARY_INTERRUPTED'],
    ['execution_authorized', 'ambiguous', 'BOUNDARY_INTERRUPTED'],
    ['execution_completed', 'completed', undefined],
  ])('ends an action that crashed after %s as %s and runs nothing', async (kind, status, code) => {
    const { pipeline, executor, log } = await crashAfter(kind);
    const ran = executor.performed.length;
    const result = await pipeline.recover('intent-1');
    expect(result).toMatchObject({ status, isClosed: true, ...(code === undefined ? {} : { code }) });
    expect(executor.performed).toHaveLength(ran);
    expect((await kindsOf(log)).at(-1)).toBe('stream_closed');
    expect(await pipeline.execute(createIntent())).toMatchObject({ status });
    expect(await pipeline.recover('intent-1')).toMatchObject({ status });
  });

  it('keeps the reason of a denial whose end was not recorded', async () => {
    const { pipeline } = await crashAfter('verdict_resolved', createMemoryGrantStore(), LOCKED);
    expect(await pipeline.recover('intent-1')).toMatchObject({ status: 'denied', code: 'BOUNDARY_DENIED_BY_POLICY' });
  });

  it('knows that an unused grant of a durable store had no effect, and that it never will have', async () => {
    const grants = durable();
    const { pipeline } = await crashAfter('execution_authorized', grants);
    expect(await pipeline.recover('intent-1')).toMatchObject({ status: 'failed', code: 'BOUNDARY_GRANT_UNUSED' });
    const intentDigest = digestValue(INTENT_DIGEST_DOMAIN, createIntent());
    const grantDigest: `sha256:${string}` = `sha256:${'1'.repeat(64)}`;
    expect((await grants.claim({ grantDigest, intentDigest, purpose: 'redeem' })).outcome).toBe('taken');
  });

  it('knows nothing about a redeemed grant of a durable store', async () => {
    const grants = durable();
    const executor = createTestExecutor();
    const { pipeline, options, log } = createTestBoundary({ executor, grants });
    log.before = (draft) => {
      if (draft.kind === 'execution_completed') throw new Error('crash');
    };
    await pipeline.execute(createIntent());
    log.before = () => undefined;
    expect(await new ProxyPipeline(options).recover('intent-1')).toMatchObject({
      ...{ status: 'ambiguous', code: 'BOUNDARY_INTERRUPTED', outcome: { status: 'ambiguous' } },
    });
    expect(executor.performed).toHaveLength(1);
  });

  it('does not know a stream that does not exist', async () => {
    await expect(createTestBoundary().pipeline.recover('none')).rejects.toMatchObject({
      code: 'AUDIT_STREAM_NOT_FOUND',
    });
  });

  it.each([
    ['the request of a waiting action', { target: '/data/ask/x' }, 'approval_requested', ''],
    ['the grant of an authorised one', {}, 'execution_authorized', 'execution_authorized'],
    ['the outcome of an executed one', {}, 'execution_completed', 'execution_completed'],
  ])('does not guess when %s was erased', async (_, change, erased, crash) => {
    const { options, log } = createTestBoundary();
    loseAfter(log, crash);
    await new ProxyPipeline(options).execute(createIntent(change)).catch(() => undefined);
    log.before = () => undefined;
    log.after = () => undefined;
    const collect = async (stream: string) => {
      const evidence = await log.collect(stream);
      const gone = evidence.records.find(({ kind }) => kind === erased)?.payload.digest;
      const payloads = new Map([...evidence.payloads].filter(([digest]) => digest !== gone));
      return { ...evidence, payloads };
    };
    const later = new ProxyPipeline({ ...options, log: { ...log, collect } });
    await expect(later.recover('intent-1')).rejects.toMatchObject({ code: 'BOUNDARY_EVIDENCE_INCOMPLETE' });
  });

  it('answers ambiguous for a closed action whose outcome was erased', async () => {
    const { options, log, pipeline } = createTestBoundary();
    await pipeline.execute(createIntent());
    const collect = async (stream: string) => {
      const evidence = await log.collect(stream);
      const gone = evidence.records[4]?.payload.digest;
      return { ...evidence, payloads: new Map([...evidence.payloads].filter(([digest]) => digest !== gone)) };
    };
    const later = new ProxyPipeline({ ...options, log: { ...log, collect } });
    expect(await later.execute(createIntent())).toMatchObject({
      ...{ status: 'ambiguous', code: 'BOUNDARY_OUTCOME_ERASED', outcome: null },
    });
  });
});
