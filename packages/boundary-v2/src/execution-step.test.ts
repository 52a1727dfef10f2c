import type { ExecutorHost, GrantStore } from '@exoarmur/contracts';
import { createTestExecutor } from '@exoarmur/executors';
import { describe, expect, it } from 'vitest';
import { createIntent, createTestBoundary, EXECUTED, report, reporting } from '../test/boundary.ts';
import { createTrustedHost, ProxyPipeline } from './index.ts';

describe('a log that fails', () => {
  it.each(EXECUTED.slice(0, 4))('lets nothing happen when %s cannot be recorded', async (kind) => {
    const executor = createTestExecutor();
    const { pipeline, log } = createTestBoundary({ executor });
    log.before = (draft) => {
      if (draft.kind === kind) throw new Error('disk full');
    };
    await expect(pipeline.execute(createIntent())).rejects.toMatchObject({ code: 'BOUNDARY_LOG_UNAVAILABLE' });
    expect(executor.performed).toEqual([]);
  });

  it('lets nothing happen when it cannot tell whether the action is known', async () => {
    const executor = createTestExecutor();
    const { pipeline, log } = createTestBoundary({ executor });
    log.has = () => Promise.reject(new Error('disk full'));
    await expect(pipeline.execute(createIntent())).rejects.toMatchObject({ code: 'BOUNDARY_LOG_UNAVAILABLE' });
    expect(log.appended).toEqual([]);
    expect(executor.performed).toEqual([]);
  });

  it('collects nothing of an action that the log does not know, and all of one that it knows', async () => {
    const { pipeline, log } = createTestBoundary();
    const collected: string[] = [];
    const { collect } = log;
    log.collect = (stream) => {
      collected.push(stream);
      return collect(stream);
    };
    log.has = async () => log.appended.length > 0;
    expect(await pipeline.execute(createIntent())).toMatchObject({ status: 'completed' });
    expect(collected).toEqual([]);
    expect(await pipeline.execute(createIntent())).toMatchObject({ status: 'completed', recordCount: 6 });
    expect(collected).toEqual(['intent-1']);
  });

  it('lets nothing happen when the authorisation is recorded but not confirmed', async () => {
    const executor = createTestExecutor();
    const { pipeline, log } = createTestBoundary({ executor });
    log.after = (draft) => {
      if (draft.kind === 'execution_authorized') throw new Error('connection lost');
    };
    await expect(pipeline.execute(createIntent())).rejects.toMatchObject({ code: 'BOUNDARY_LOG_UNAVAILABLE' });
    expect(executor.performed).toEqual([]);
  });

  it('says ambiguous, not failed, when the effect happened and the outcome cannot be recorded', async () => {
    const executor = createTestExecutor();
    const { pipeline, log } = createTestBoundary({ executor });
    log.before = (draft) => {
      if (draft.kind === 'execution_completed') throw new Error('disk full');
    };
    const result = await pipeline.execute(createIntent());
    expect(result).toMatchObject({
      ...{ status: 'ambiguous', code: 'BOUNDARY_OUTCOME_UNRECORDED', isClosed: false, recordCount: 4 },
      outcome: { status: 'succeeded' },
    });
    await expect(pipeline.execute(createIntent())).rejects.toMatchObject({ code: 'BOUNDARY_ACTION_UNFINISHED' });
    expect(executor.performed).toHaveLength(1);
  });

  it.each([
    ['completed', report()],
    ['failed', report({ success: false, error_code: 'DISK_FULL' })],
    ['ambiguous', null],
  ])('keeps a recorded outcome %s when only the end cannot be recorded', async (status, answer) => {
    const { pipeline, log } = createTestBoundary({ executor: reporting(answer) });
    log.before = (draft) => {
      if (draft.kind === 'stream_closed') throw new Error('disk full');
    };
    expect(await pipeline.execute(createIntent())).toMatchObject({ status, isClosed: false, recordCount: 5 });
    log.before = () => undefined;
    expect(await pipeline.recover('intent-1')).toMatchObject({ status, isClosed: true, recordCount: 6 });
  });

  it('takes up nothing when the log does not answer', async () => {
    const { pipeline, options, log } = createTestBoundary();
    const dead = new ProxyPipeline({ ...options, log: { ...log, collect: () => Promise.reject(new Error('down')) } });
    await expect(dead.execute(createIntent())).rejects.toMatchObject({ code: 'BOUNDARY_LOG_UNAVAILABLE' });
    expect(await pipeline.execute(createIntent())).toMatchObject({ status: 'completed' });
  });
});

describe('a grant store that fails', () => {
  const store = (claim: GrantStore['claim']): GrantStore => ({ isDurable: true, claim });
  it('lets nothing happen when it cannot tell', async () => {
    const executor = createTestExecutor();
    const grants = store(() => Promise.reject(new Error('down')));
    const result = await createTestBoundary({ executor, grants }).pipeline.execute(createIntent());
    expect(result).toMatchObject({ status: 'failed', code: 'BOUNDARY_GRANT_STORE_UNAVAILABLE' });
    expect(executor.performed).toEqual([]);
  });

  it('lets nothing happen, and claims to know nothing, when somebody else redeemed', async () => {
    const executor = createTestExecutor();
    const grants = store(async (by) => ({ outcome: 'taken', by }));
    const result = await createTestBoundary({ executor, grants }).pipeline.execute(createIntent());
    expect(result).toMatchObject({ status: 'ambiguous', code: 'BOUNDARY_GRANT_REDEEMED' });
    expect(executor.performed).toEqual([]);
  });

  it('lets nothing happen when the grant expired while it was recorded', async () => {
    const executor = createTestExecutor();
    const { pipeline, log, clock } = createTestBoundary({ executor });
    log.after = (draft) => {
      if (draft.kind === 'execution_authorized') clock.nowMs += 60_000;
    };
    expect(await pipeline.execute(createIntent())).toMatchObject({ status: 'failed', code: 'BOUNDARY_GRANT_EXPIRED' });
    expect(executor.performed).toEqual([]);
  });
});

describe('a host that breaks its promise', () => {
  const hostOf = (run: ExecutorHost['run']): ExecutorHost => ({
    ...createTrustedHost({ executor: createTestExecutor(), targetTimeoutMs: 1000, executionTimeoutMs: 1000 }),
    run,
  });
  const clear = { status: 'succeeded', errorCode: null, claimed: {}, observed: {} } as const;

  it.each<[string, ExecutorHost['run'], string]>([
    ['throws', () => Promise.reject(new Error('gone')), 'BOUNDARY_EXECUTOR_THREW'],
    ['says success and an error', async () => ({ ...clear, errorCode: 'X_Y' }), 'BOUNDARY_EXECUTOR_ANSWER_MALFORMED'],
    ['says failure without a code', async () => ({ ...clear, status: 'failed' }), 'BOUNDARY_EXECUTOR_ANSWER_MALFORMED'],
    [
      'claims what no record can hold',
      async () => ({ ...clear, claimed: { at: new Date(0) } as never }),
      'BOUNDARY_EXECUTOR_ANSWER_MALFORMED',
    ],
    [
      'names a limit that is no name',
      async () => ({ ...clear, breaches: [{ limit: 'A B', detail: '' }] }),
      'BOUNDARY_EXECUTOR_ANSWER_MALFORMED',
    ],
  ])('and %s leaves doubt on record, never an error', async (_, run, code) => {
    const { pipeline } = createTestBoundary({ host: hostOf(run) });
    expect(await pipeline.execute(createIntent())).toMatchObject({ status: 'ambiguous', code, isClosed: true });
  });

  it('and one that keeps it has the limits its executor met on record', async () => {
    const breaches = [{ limit: 'wall_clock', detail: '5000 ms' }];
    const run: ExecutorHost['run'] = async () => ({ ...clear, status: 'ambiguous', errorCode: 'TIMED_OUT', breaches });
    const { pipeline, log } = createTestBoundary({ host: { ...hostOf(run), hosting: { network_unrestricted: true } } });
    expect(await pipeline.execute(createIntent())).toMatchObject({ status: 'ambiguous', outcome: { breaches } });
    expect(log.appended.find(({ kind }) => kind === 'target_validated')?.payload).toMatchObject({
      evidence: { isolation: 'in_process_trusted', hosting: { network_unrestricted: true } },
    });
  });
});
