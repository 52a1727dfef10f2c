import { digestValue } from '@exoarmur/canonical';
import {
  type Alert,
  type ExecutorHost,
  type GrantStore,
  RESULT_DIGEST_DOMAIN,
  type RecordDraft,
  type SealedRecord,
} from '@exoarmur/contracts';
import { createTestExecutor } from '@exoarmur/executors';
import { describe, expect, it } from 'vitest';
import {
  createIntent,
  createTestBoundary,
  createTrap,
  EXECUTED,
  report,
  reporting,
  START_MS,
} from '../test/boundary.ts';
import { createMemoryConductStore, createTrustedHost, ProxyPipeline } from './index.ts';

const silent = () => new Promise<never>(() => undefined);
const fails = () => {
  throw new TypeError('babble');
};

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

  const effect = () => {
    const raised: Alert[] = [];
    const after = { effect: false };
    const onExecute = () => {
      after.effect = true;
      return report();
    };
    const alerts = { raise: async (alert: Alert) => void raised.push(alert) };
    return { raised, after, executor: createTestExecutor({ onExecute }), alerts };
  };
  const unrecorded = {
    ...{ status: 'ambiguous', code: 'BOUNDARY_OUTCOME_UNRECORDED', isClosed: false, recordCount: 4 },
    outcome: { status: 'succeeded' },
  };

  it.each<[string, () => unknown]>([
    ['throws', fails],
    ['answers nothing', () => undefined],
    ['answers null', () => null],
    ['rejects with a proxy that cannot be looked at', () => Promise.reject(createTrap())],
    ['answers receipts without a record', () => [{ record: null }, { record: null }]],
    ['answers null for receipts', () => [null, null]],
    ['answers a promise of none', async () => undefined],
    ['answers one that throws when it is read', () => [createTrap(), createTrap()]],
  ])('calls somebody when the effect happened and the log %s', async (_, answer) => {
    const { raised, after, executor, alerts } = effect();
    const { options, log } = createTestBoundary({ executor, alerts });
    const takeAll = (drafts: readonly RecordDraft[]) => drafts.map((draft) => log.append(draft));
    for (const method of ['append', 'appendAll'] as const) {
      after.effect = false;
      const babbling = { ...log, appendAll: takeAll } as typeof log;
      if (method === 'append') delete babbling.appendAll;
      const honest = babbling[method] as (input: never) => unknown;
      const take = (input: never) => (after.effect ? answer() : honest.call(log, input));
      const pipeline = new ProxyPipeline({ ...options, log: { ...babbling, [method]: take } });
      expect(await pipeline.execute(createIntent({ intent_id: method }))).toMatchObject(unrecorded);
    }
    expect(executor.performed).toHaveLength(2);
    expect(raised).toMatchObject(Array(2).fill({ kind: 'outcome_unrecorded', code: 'BOUNDARY_OUTCOME_UNRECORDED' }));
  });

  it('waits for no log that is silent after the effect, and calls somebody', async () => {
    const { raised, after, executor, alerts } = effect();
    const { options, log } = createTestBoundary({ executor, alerts });
    const append = (draft: RecordDraft) => (after.effect ? silent() : log.append(draft));
    const pipeline = new ProxyPipeline({ ...options, log: { ...log, append }, limits: { logTimeoutMs: 50 } });
    expect(await pipeline.execute(createIntent())).toMatchObject(unrecorded);
    expect(raised).toHaveLength(1);
  });

  it.each(['append', 'appendAll', 'has', 'collect'])('lets nothing happen when it is silent to %s', async (member) => {
    const executor = createTestExecutor();
    const { options, log } = createTestBoundary({ executor });
    const pipeline = new ProxyPipeline({ ...options, log: { ...log, [member]: silent }, limits: { logTimeoutMs: 5 } });
    const unavailable = { code: 'BOUNDARY_LOG_UNAVAILABLE' };
    await expect(pipeline.execute(createIntent())).rejects.toMatchObject(unavailable);
    if (member === 'collect') await expect(pipeline.recover('intent-1')).rejects.toMatchObject(unavailable);
    expect([executor.performed, log.appended]).toEqual([[], []]);
  });

  it('tells that a refusal could not be recorded when it is silent to that', async () => {
    const { options, log } = createTestBoundary();
    const pipeline = new ProxyPipeline({
      ...options,
      log: { ...log, appendCell: silent },
      limits: { logTimeoutMs: 5 },
    });
    await expect(pipeline.execute(createIntent({ cell_id: 'other' }))).rejects.toMatchObject({
      ...{ code: 'BOUNDARY_LOG_UNAVAILABLE', cause: { code: 'BOUNDARY_SCOPE_MISMATCH' } },
    });
  });

  it.each<[string, (record: SealedRecord) => unknown]>([
    ['another stream', (record) => ({ ...record, stream: 'other' })],
    ['another place', (record) => ({ ...record, seq: 9 })],
    ['another kind', (record) => ({ ...record, kind: 'verdict_resolved' })],
    ['a time that is none', (record) => ({ ...record, time: 'noon' })],
  ])('takes no receipt for a record of %s', async (_, change) => {
    const { raised, after, executor, alerts } = effect();
    const { options, log } = createTestBoundary({ executor, alerts });
    const append = async (draft: RecordDraft) => {
      const receipt = await log.append(draft);
      return after.effect ? { ...receipt, record: change(receipt.record) as SealedRecord } : receipt;
    };
    const pipeline = new ProxyPipeline({ ...options, log: { ...log, append } });
    expect(await pipeline.execute(createIntent())).toMatchObject(unrecorded);
    expect(raised).toHaveLength(1);
  });

  it.each<[string, number]>([
    ['gives none', 0],
    ['gives one more', 1],
  ])('calls somebody when the effect happened and the clock %s', async (_, more) => {
    const { raised, after, executor, alerts } = effect();
    let left = more;
    const clock = { now: () => (after.effect && left-- <= 0 ? Number.NaN : START_MS) };
    const conduct = createMemoryConductStore();
    const { pipeline } = createTestBoundary({ executor, alerts, clock, conduct });
    expect(await pipeline.execute(createIntent())).toMatchObject(unrecorded);
    expect(raised).toMatchObject([{ kind: 'outcome_unrecorded', time: null }]);
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
    ['answers nothing', async () => undefined as never, 'BOUNDARY_EXECUTOR_ANSWER_MALFORMED'],
    ['answers null', async () => null as never, 'BOUNDARY_EXECUTOR_ANSWER_MALFORMED'],
    [
      'claims what throws when it is read',
      async () => ({ ...clear, claimed: createTrap() as never }),
      'BOUNDARY_EXECUTOR_ANSWER_MALFORMED',
    ],
    ['throws a trap', () => Promise.reject(createTrap()), 'BOUNDARY_EXECUTOR_THREW'],
    ['is silent', silent, 'BOUNDARY_EXECUTOR_TIMEOUT'],
    [
      'claims more than a record can hold',
      async () => ({ ...clear, claimed: { text: 'x'.repeat(5_000_000) } }),
      'BOUNDARY_EXECUTOR_ANSWER_MALFORMED',
    ],
    [
      'names no limits where it names some',
      async () => ({ ...clear, breaches: null as never }),
      'BOUNDARY_EXECUTOR_ANSWER_MALFORMED',
    ],
    [
      'names a limit in half a character',
      async () => ({ ...clear, breaches: [{ limit: 'output', detail: '\ud800' }] }),
      'BOUNDARY_EXECUTOR_ANSWER_MALFORMED',
    ],
    [
      'names a limit that is no name',
      async () => ({ ...clear, breaches: [{ limit: 'A B', detail: '' }] }),
      'BOUNDARY_EXECUTOR_ANSWER_MALFORMED',
    ],
  ])('and %s leaves doubt on record, never an error', async (_, run, code) => {
    const { pipeline } = createTestBoundary({ host: hostOf(run), limits: { hostTimeoutMs: 200 } });
    expect(await pipeline.execute(createIntent())).toMatchObject({ status: 'ambiguous', code, isClosed: true });
  });

  const valid = { result: 'valid', reason: '', evidence: {} } as const;
  const malformed = 'BOUNDARY_EXECUTOR_ANSWER_MALFORMED';
  it.each<[string, () => unknown, string]>([
    ['throws', fails, 'BOUNDARY_EXECUTOR_THREW'],
    ['throws a trap', () => Promise.reject(createTrap()), 'BOUNDARY_EXECUTOR_THREW'],
    ['is silent', silent, 'BOUNDARY_EXECUTOR_TIMEOUT'],
    ['answers nothing', () => undefined, malformed],
    ['answers what throws when it is read', () => ({ ...valid, evidence: createTrap() }), malformed],
    ['answers a negative zero', () => ({ ...valid, evidence: { n: -0 } }), malformed],
    ['answers half a character', () => ({ ...valid, reason: '\ud800' }), malformed],
    ['answers more than a record can hold', () => ({ ...valid, evidence: { x: 'x'.repeat(5_000_000) } }), malformed],
    ['answers a result that is none', () => ({ ...valid, result: true }), malformed],
  ])('and %s when it is asked for a target has it refused, on record', async (_, answer, code) => {
    const executor = createTestExecutor();
    const host = createTrustedHost({ executor, targetTimeoutMs: 1000, executionTimeoutMs: 1000 });
    const checkTarget = answer as ExecutorHost['checkTarget'];
    const { pipeline, log } = createTestBoundary({
      ...{ host: { ...host, checkTarget }, limits: { hostTimeoutMs: 200 } },
    });
    expect(await pipeline.execute(createIntent())).toMatchObject({
      ...{ status: 'denied', code: 'BOUNDARY_TARGET_REFUSED', isClosed: true },
    });
    expect(log.appended.find(({ kind }) => kind === 'target_validated')?.payload).toMatchObject({
      ...{ result: 'invalid', evidence: { executor: { code } } },
    });
    expect(executor.performed).toEqual([]);
  });

  it('and is asked for an action that it does not declare refuses it, whatever it would say', async () => {
    const executor = createTestExecutor();
    const host = createTrustedHost({ executor, targetTimeoutMs: 1000, executionTimeoutMs: 1000 });
    const { pipeline } = createTestBoundary({
      host: { ...host, actionTypes: ['read'], checkTarget: async () => valid },
    });
    expect(await pipeline.execute(createIntent())).toMatchObject({ status: 'denied', code: 'BOUNDARY_TARGET_REFUSED' });
    expect(executor.performed).toEqual([]);
  });

  it('and tells something else each time it is read has on record what it told once', async () => {
    let looks = 0;
    const answer = Object.defineProperty({ ...clear }, 'claimed', { get: () => ({ looks: looks++ }) });
    const { pipeline } = createTestBoundary({ host: hostOf(async () => answer) });
    expect(await pipeline.execute(createIntent())).toMatchObject({
      outcome: {
        claimed: { looks: 0 },
        result_digest: digestValue(RESULT_DIGEST_DOMAIN, { claimed: { looks: 0 }, observed: {} }),
      },
    });
    expect(looks).toBe(1);
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
