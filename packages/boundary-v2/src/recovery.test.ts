import { digestValue } from '@exoarmur/canonical';
import { type ActionIntent, type GrantStore, INTENT_DIGEST_DOMAIN, type StreamEvidence } from '@exoarmur/contracts';
import { createTestExecutor } from '@exoarmur/executors';
import { describe, expect, it } from 'vitest';
import { BABBLE, createIntent, createTestBoundary, createTrap, kindsOf, loseAfter } from '../test/boundary.ts';
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

  const claim = { grantDigest: `sha256:${'1'.repeat(64)}`, intentDigest: `sha256:${'2'.repeat(64)}`, purpose: 'void' };
  it.each<readonly [string, () => unknown]>([
    ...BABBLE,
    ['answers an outcome that is none', () => ({ outcome: true })],
    ['does not say what took the grant', () => ({ outcome: 'taken' })],
    ['says that something else took the grant', () => ({ outcome: 'taken', by: { ...claim, purpose: 'VOID' } })],
    ['says that a grant took the grant that is none', () => ({ outcome: 'taken', by: { ...claim, grantDigest: 1 } })],
  ])('proves nothing by a grant store that %s', async (_, babble) => {
    const grants: GrantStore = { isDurable: true, claim: babble as GrantStore['claim'] };
    const { pipeline, log } = await crashAfter('execution_authorized', grants);
    await expect(pipeline.recover('intent-1')).rejects.toMatchObject({ code: 'BOUNDARY_GRANT_STORE_UNAVAILABLE' });
    expect((await kindsOf(log)).at(-1)).toBe('execution_authorized');
    const executor = createTestExecutor();
    expect(await createTestBoundary({ executor, grants }).pipeline.execute(createIntent())).toMatchObject({
      ...{ status: 'failed', code: 'BOUNDARY_GRANT_STORE_UNAVAILABLE' },
    });
    expect(executor.performed).toEqual([]);
  });

  it('takes a grant store for durable that says so, and no other', async () => {
    const grants = { ...createMemoryGrantStore(), isDurable: 'no' as never };
    const { pipeline } = await crashAfter('execution_authorized', grants);
    expect(await pipeline.recover('intent-1')).toMatchObject({ status: 'ambiguous', code: 'BOUNDARY_INTERRUPTED' });
  });

  it.each<readonly [string, (evidence: StreamEvidence) => unknown]>([
    ...BABBLE,
    ['answers a record that is none', (evidence) => ({ ...evidence, records: [{ ...evidence.records[0], seq: '0' }] })],
    ['answers records that are no list', (evidence) => ({ ...evidence, records: { length: 1 } })],
    ['answers no payloads', ({ payloads: _, ...evidence }) => evidence],
    [
      'answers a payload that is null',
      (e) => ({ ...e, payloads: new Map([...e.payloads.keys()].map((k) => [k, null])) }),
    ],
    [
      'answers a payload that throws',
      (e) => ({ ...e, payloads: new Map([...e.payloads.keys()].map((k) => [k, { value: createTrap() }])) }),
    ],
  ])('and everything else that reads a stream tells nothing by a log that %s', async (_, babble) => {
    const { options, log, pipeline } = createTestBoundary();
    const honest = await pipeline.execute(createIntent({ target: '/data/ask/x' }));
    const collect = async (stream: string) => (await babble(await log.collect(stream))) as StreamEvidence;
    const later = new ProxyPipeline({ ...options, log: { ...log, collect } });
    const before = log.appended.length;
    const code = expect.stringMatching(/^BOUNDARY_(LOG_UNAVAILABLE|EVIDENCE_INCOMPLETE|EVIDENCE_UNLAWFUL)$/);
    for (const read of [
      () => later.recover(honest.stream),
      () => later.reindex(honest.stream),
      () => later.submitApproval(honest.stream, {}),
      () => later.resolve(honest.stream, {}),
      () => later.execute(createIntent({ target: '/data/ask/x' })),
    ]) {
      await expect(read()).rejects.toMatchObject({ code });
    }
    expect(log.appended).toHaveLength(before);
  });

  it.each([undefined, 0, 'no'])('looks for an action when the log says %s to whether it knows it', async (answer) => {
    const { options, log, pipeline } = createTestBoundary();
    await pipeline.execute(createIntent());
    const later = new ProxyPipeline({ ...options, log: { ...log, has: async () => answer as never } });
    expect(await later.execute(createIntent())).toMatchObject({ status: 'completed', recordCount: 6 });
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
