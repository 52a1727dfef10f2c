import { digestValue } from '@exoarmur/canonical';
import { type ActionIntent, INTENT_DIGEST_DOMAIN } from '@exoarmur/contracts';
import { createTestExecutor } from '@exoarmur/executors';
import { describe, expect, it } from 'vitest';
import {
  clearFacts,
  createIntent,
  createTestBoundary,
  createTrap,
  DENIED,
  EXECUTED,
  kindsOf,
  REFUSED,
  report,
  reporting,
  validating,
} from '../test/boundary.ts';
import { ProxyPipeline } from './index.ts';

const LOCKED = { target: '/data/locked/x' };

describe('the way of an action', () => {
  it('runs the executor once for what is allowed and records every step', async () => {
    const executor = createTestExecutor();
    const { pipeline, log } = createTestBoundary({ executor });
    const result = await pipeline.execute(createIntent());
    expect(result).toMatchObject({
      ...{ status: 'completed', isClosed: true, recordCount: 6, stream: 'intent-1' },
      intentDigest: digestValue(INTENT_DIGEST_DOMAIN, createIntent()),
      outcome: { status: 'succeeded', claimed: { done: true } },
      decision: { verdict: 'allow' },
    });
    expect(executor.performed).toEqual([createIntent()]);
    expect(await kindsOf(log)).toEqual(EXECUTED);
  });

  it.each<[string, Partial<ActionIntent>, object]>([
    ['a policy forbids', LOCKED, { code: 'BOUNDARY_DENIED_BY_POLICY', decision: { pdp: { verdict: 'deny' } } }],
    ['no policy applies', { target: '/etc/passwd' }, { code: 'BOUNDARY_NO_POLICY_APPLIES' }],
    ['the action is unknown', { action_type: 'test.other' }, { code: 'BOUNDARY_DENIED_BY_POLICY' }],
  ])('denies when %s, without asking the executor anything', async (_, change, expected) => {
    const executor = createTestExecutor({ onValidate: () => Promise.reject(new Error('was asked')) });
    const { pipeline, log } = createTestBoundary({ executor });
    const result = await pipeline.execute(createIntent(change));
    expect(result).toMatchObject({ status: 'denied', isClosed: true, ...expected });
    expect(executor.performed).toEqual([]);
    expect(await kindsOf(log)).toEqual(DENIED);
    expect(log.appended[2]?.payload).toMatchObject({ reason: 'denied', final_verdict: 'deny', outcome: null });
  });

  it('blames the safety gate, not the policies, for what the gate stops', async () => {
    const facts = { gather: async () => ({ ...(await clearFacts().gather(createIntent())), trust_milli: null }) };
    const result = await createTestBoundary({ facts }).pipeline.execute(createIntent());
    expect(result).toMatchObject({ status: 'denied', code: 'BOUNDARY_DENIED_BY_SAFETY' });
    expect(result.decision?.pdp.verdict).toBe('allow');
  });

  it('takes the least class of an action from the executor, and from nobody else', async () => {
    const executor = createTestExecutor({ actionClassFloors: { 'test.act': 'A3_irreversible' } });
    const gathered = { ...(await clearFacts().gather(createIntent())), action_class_floor: 'A0_observe' };
    const { pipeline } = createTestBoundary({ executor, facts: { gather: async () => gathered } });
    const low = await pipeline.execute(createIntent({ action_class: 'A0_observe' }));
    expect(low).toMatchObject({
      ...{ status: 'denied', code: 'BOUNDARY_DENIED_BY_SAFETY' },
      decision: { facts: { action_class_floor: 'A3_irreversible' }, safety: { rule_ids: ['SG-105'] } },
    });
    const high = await pipeline.execute(createIntent({ intent_id: 'intent-2', action_class: 'A3_irreversible' }));
    expect(high).toMatchObject({ status: 'completed' });
    expect(executor.performed).toHaveLength(1);
  });

  it('records that an executor declares no least class', async () => {
    const result = await createTestBoundary().pipeline.execute(createIntent());
    expect(result.decision?.facts.action_class_floor).toBe(null);
  });

  it.each(['invalid', 'unsupported', 'violates_constraints'])('refuses a target that is %s', async (verdict) => {
    const executor = validating({ result: verdict, reason: 'no', evidence: { code: 'X' } });
    const { pipeline, log } = createTestBoundary({ executor });
    const result = await pipeline.execute(createIntent());
    expect(result).toMatchObject({ status: 'denied', code: 'BOUNDARY_TARGET_REFUSED', isClosed: true });
    expect(executor.performed).toEqual([]);
    expect(await kindsOf(log)).toEqual(REFUSED);
    const evidence = { isolation: 'in_process_trusted', executor: { code: 'X' } };
    expect(log.appended[2]?.payload).toMatchObject({ result: verdict, reason: 'no', evidence });
  });

  it('reports what the executor says it could not do, and closes', async () => {
    const executor = reporting(report({ success: false, error_code: 'DISK_FULL' }));
    const { pipeline, log } = createTestBoundary({ executor });
    const result = await pipeline.execute(createIntent());
    expect(result).toMatchObject({ status: 'failed', code: 'DISK_FULL', outcome: { status: 'failed' } });
    expect(await kindsOf(log)).toEqual(EXECUTED);
    expect(log.appended[5]?.payload).toMatchObject({ reason: 'execution_failed', final_verdict: 'allow' });
  });

  it('asks people when the policies do, and nothing else happens', async () => {
    const executor = createTestExecutor();
    const { pipeline, log } = createTestBoundary({ executor });
    const result = await pipeline.execute(createIntent({ target: '/data/ask/x' }));
    expect(result).toMatchObject({
      ...{ status: 'pending_approval', isClosed: false },
      request: { requirement: { kind: 'human', quorum: 1 }, expires_at: '2024-01-01T13:00:00.000Z' },
    });
    expect(executor.performed).toEqual([]);
    expect(await kindsOf(log)).toEqual(['intent_received', 'verdict_resolved', 'approval_requested']);
  });

  it('asks people when the safety gate does, although the policies allow', async () => {
    const change = { action_class: 'A3_irreversible' as const };
    const facts = { gather: async () => ({ ...(await clearFacts().gather(createIntent())), trust_milli: 100 }) };
    const result = await createTestBoundary({ facts }).pipeline.execute(createIntent(change));
    expect(result).toMatchObject({ status: 'pending_approval', decision: { verdict: 'require_human' } });
  });
});

describe('what cannot be taken up', () => {
  it.each<[string, unknown, string]>([
    ['no object', 7, 'BOUNDARY_INTENT_MALFORMED'],
    ['broken JSON', '{"schema":', 'BOUNDARY_INTENT_MALFORMED'],
    ['a duplicate key', JSON.stringify(createIntent()).replace('{', '{"intent_id":"b",'), 'BOUNDARY_INTENT_MALFORMED'],
    ['an unknown member', { ...createIntent(), approved: true }, 'BOUNDARY_INTENT_MALFORMED'],
    [
      'a getter',
      Object.defineProperty(createIntent(), 'target', { enumerable: true, get: () => '/data/x' }),
      'BOUNDARY_INTENT_MALFORMED',
    ],
    ['a trap', createTrap(), 'BOUNDARY_INTENT_MALFORMED'],
    ['a trap inside', createIntent({ parameters: { x: createTrap() as never } }), 'BOUNDARY_INTENT_MALFORMED'],
    ['more than 1 MiB', createIntent({ parameters: { x: 'x'.repeat(1_048_576) } }), 'BOUNDARY_INTENT_TOO_LARGE'],
    ['more than 1 MiB of text', JSON.stringify(createIntent()) + ' '.repeat(1_048_576), 'BOUNDARY_INTENT_TOO_LARGE'],
    ['another tenant', createIntent({ tenant_id: 'other' }), 'BOUNDARY_SCOPE_MISMATCH'],
    ['another cell', createIntent({ cell_id: 'other' }), 'BOUNDARY_SCOPE_MISMATCH'],
  ])('refuses an intent with %s and records nothing', async (_, input, code) => {
    const { pipeline, log } = createTestBoundary();
    await expect(pipeline.execute(input)).rejects.toMatchObject({ code });
    expect(log.appended).toEqual([]);
  });

  it.each([5, null, undefined, createTrap()])('knows no stream by a name that is no text', async (name) => {
    const { pipeline } = createTestBoundary();
    const stream = name as never;
    for (const ask of [pipeline.recover(stream), pipeline.submitApproval(stream, {}), pipeline.resolve(stream, {})]) {
      await expect(ask).rejects.toMatchObject({ code: 'BOUNDARY_EVIDENCE_INCOMPLETE' });
    }
  });

  it('refuses limits that are no times, and names that are none', () => {
    const { options } = createTestBoundary();
    for (const change of [{ limits: { grantTtlSeconds: 0 } }, { limits: { factTimeoutMs: 0.5 } }, { tenant: 'A' }]) {
      expect(() => new ProxyPipeline({ ...options, ...change })).toThrow(
        expect.objectContaining({ code: 'BOUNDARY_CONFIG_INVALID' }),
      );
    }
  });
});

describe('one intent, one effect', () => {
  it('gives the recorded result again, without a second effect', async () => {
    const executor = createTestExecutor();
    const { pipeline, options, log } = createTestBoundary({ executor });
    const first = await pipeline.execute(createIntent());
    const count = log.appended.length;
    for (const again of [pipeline, new ProxyPipeline(options)]) {
      const { bundle, ...result } = await again.execute(createIntent());
      expect(result).toEqual({ ...first, bundle: undefined });
      expect(bundle).toBeTypeOf('function');
    }
    expect(executor.performed).toHaveLength(1);
    expect(log.appended).toHaveLength(count);
  });

  it('gives a denial again with the same code', async () => {
    const { pipeline, options } = createTestBoundary();
    const first = await pipeline.execute(createIntent({ target: '/etc/passwd' }));
    const again = await new ProxyPipeline(options).execute(createIntent({ target: '/etc/passwd' }));
    expect(again).toMatchObject({ status: 'denied', code: 'BOUNDARY_NO_POLICY_APPLIES' });
    expect(first).toMatchObject({ status: 'denied', code: 'BOUNDARY_NO_POLICY_APPLIES' });
  });

  it.each<[string, Partial<ActionIntent>]>([
    ['target', { target: '/data/other.csv' }],
    ['parameters', { parameters: { force: true } }],
    ['actor', { actor_id: 'agent-2' }],
    ['reason', { reason: 'another' }],
  ])('refuses a known id with another %s', async (_, change) => {
    const executor = createTestExecutor();
    const { pipeline, options, log } = createTestBoundary({ executor });
    await pipeline.execute(createIntent());
    for (const again of [pipeline, new ProxyPipeline(options)]) {
      await expect(again.execute(createIntent(change))).rejects.toMatchObject({ code: 'BOUNDARY_INTENT_ID_REUSED' });
    }
    expect(executor.performed).toHaveLength(1);
    expect(log.appended).toHaveLength(6);
  });

  it('gives callers at the same time the same end, and refuses another intent of that id', async () => {
    const executor = createTestExecutor();
    const { pipeline } = createTestBoundary({ executor });
    const [first, second, other] = await Promise.allSettled([
      pipeline.execute(createIntent()),
      pipeline.execute(createIntent()),
      pipeline.execute(createIntent({ target: '/data/other' })),
    ]);
    expect([first.status, second.status]).toEqual(['fulfilled', 'fulfilled']);
    expect(other).toMatchObject({ status: 'rejected', reason: { code: 'BOUNDARY_INTENT_ID_REUSED' } });
    expect(executor.performed).toHaveLength(1);
  });

  it('takes 100 actions at once, each with its own stream and one effect', async () => {
    const executor = createTestExecutor();
    const { pipeline, log } = createTestBoundary({ executor });
    const ids = Array.from({ length: 100 }, (_, index) => `intent-${index}`);
    const results = await Promise.all(ids.map((intent_id) => pipeline.execute(createIntent({ intent_id }))));
    expect(new Set(results.map(({ status }) => status))).toEqual(new Set(['completed']));
    expect(executor.performed.map(({ intent_id }) => intent_id).sort()).toEqual([...ids].sort());
    for (const id of ids) expect(await kindsOf(log, id)).toEqual(EXECUTED);
  });

  it('lets one of two boundaries over one log act, and tells the other one', async () => {
    const executor = createTestExecutor();
    const { options, log } = createTestBoundary({ executor });
    const boundaries = [new ProxyPipeline(options), new ProxyPipeline(options)];
    const ends = await Promise.allSettled(boundaries.map((boundary) => boundary.execute(createIntent())));
    expect(executor.performed).toHaveLength(1);
    expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(ends.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { code: 'BOUNDARY_ACTION_UNFINISHED' },
    });
    expect(await kindsOf(log)).toEqual(EXECUTED);
  });
});

describe('cancellation', () => {
  it.each([
    ['it is decided', ['intent_received', 'stream_closed']],
    ['the target is checked', REFUSED],
  ])('stops before %s without an effect', async (step, kinds) => {
    const controller = new AbortController();
    const executor = createTestExecutor({
      onValidate: () => {
        controller.abort();
        return { result: 'valid', reason: '', evidence: {} };
      },
    });
    const { pipeline, log } = createTestBoundary({ executor });
    if (step === 'it is decided') controller.abort();
    const result = await pipeline.execute(createIntent(), { signal: controller.signal });
    expect(result).toMatchObject({ status: 'denied', code: 'BOUNDARY_CANCELLED', isClosed: true });
    expect(executor.performed).toEqual([]);
    expect(await kindsOf(log)).toEqual(kinds);
  });

  it('is a failure between authorisation and effect, and the grant is used up', async () => {
    const executor = createTestExecutor();
    const { pipeline, log } = createTestBoundary({ executor });
    const controller = new AbortController();
    log.after = (draft) => {
      if (draft.kind === 'execution_authorized') controller.abort();
    };
    const result = await pipeline.execute(createIntent(), { signal: controller.signal });
    expect(result).toMatchObject({ status: 'failed', code: 'BOUNDARY_CANCELLED', isClosed: true });
    expect(executor.performed).toEqual([]);
  });

  it('is doubt once the executor runs', async () => {
    const controller = new AbortController();
    const executor = createTestExecutor({
      onExecute: () => {
        controller.abort();
        return new Promise(() => undefined);
      },
    });
    const result = await createTestBoundary({ executor }).pipeline.execute(createIntent(), {
      signal: controller.signal,
    });
    expect(result).toMatchObject({ status: 'ambiguous', code: 'BOUNDARY_CANCELLED', isClosed: true });
  });
});

describe('decide', () => {
  it('says what would be decided, without a record and without an effect', async () => {
    const executor = createTestExecutor();
    const { pipeline, log } = createTestBoundary({ executor });
    expect(await pipeline.decide(createIntent())).toMatchObject({ verdict: 'allow' });
    expect(await pipeline.decide(createIntent(LOCKED))).toMatchObject({ verdict: 'deny' });
    await expect(pipeline.decide({})).rejects.toMatchObject({ code: 'BOUNDARY_INTENT_MALFORMED' });
    expect(log.appended).toEqual([]);
    expect(executor.performed).toEqual([]);
  });
});
