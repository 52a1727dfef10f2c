import { targetValidationSchema } from '@exoarmur/contracts';
import { createTestExecutor } from '@exoarmur/executors';
import { describe, expect, it } from 'vitest';
import {
  createIntent,
  createTestBoundary,
  createTrap,
  EXECUTED,
  kindsOf,
  report,
  reporting,
  validating,
} from '../test/boundary.ts';
import { createTrustedHost } from './index.ts';

describe('the manifest', () => {
  it('may declare no class that is none', () => {
    const executor = createTestExecutor({ actionClassFloors: { 'test.act': 'A4' as never } });
    expect(() => createTrustedHost({ executor, targetTimeoutMs: 1, executionTimeoutMs: 1 })).toThrow(TypeError);
  });
});

describe('an executor that misbehaves after the redemption', () => {
  const hanging = () => createTestExecutor({ onExecute: () => new Promise(() => undefined) });
  const throwing = () =>
    createTestExecutor({
      onExecute: () => {
        throw new Error('half way');
      },
    });
  it.each([
    ['throws', throwing(), 'BOUNDARY_EXECUTOR_THREW'],
    ['rejects', createTestExecutor({ onExecute: () => Promise.reject('no') }), 'BOUNDARY_EXECUTOR_THREW'],
    ['hangs', hanging(), 'BOUNDARY_EXECUTOR_TIMEOUT'],
    ['returns nothing', reporting(null), 'BOUNDARY_EXECUTOR_ANSWER_MALFORMED'],
    ['returns text', reporting('done'), 'BOUNDARY_EXECUTOR_ANSWER_MALFORMED'],
    ['claims what is no JSON', reporting(report({ claimed: { n: Number.NaN } })), 'BOUNDARY_EXECUTOR_ANSWER_MALFORMED'],
    ['claims a list', reporting(report({ claimed: [] as never })), 'BOUNDARY_EXECUTOR_ANSWER_MALFORMED'],
    [
      'observes nothing',
      reporting({ success: true, error_code: null, claimed: {} }),
      'BOUNDARY_EXECUTOR_ANSWER_MALFORMED',
    ],
    ['succeeds with an error', reporting(report({ error_code: 'ODD' })), 'BOUNDARY_EXECUTOR_ANSWER_MALFORMED'],
    ['fails without an error', reporting(report({ success: false })), 'BOUNDARY_EXECUTOR_ANSWER_MALFORMED'],
    [
      'names a code that is none',
      reporting(report({ success: false, error_code: 'x y' })),
      'BOUNDARY_EXECUTOR_ANSWER_MALFORMED',
    ],
    [
      'returns too much',
      reporting(report({ claimed: { x: 'x'.repeat(2_200_000) } })),
      'BOUNDARY_EXECUTOR_ANSWER_MALFORMED',
    ],
    [
      'returns more bytes than a record holds',
      reporting(report({ claimed: { x: '€'.repeat(2_000_000) } })),
      'BOUNDARY_EXECUTOR_ANSWER_MALFORMED',
    ],
    [
      'returns a getter that throws',
      reporting(
        Object.defineProperty(report(), 'claimed', {
          enumerable: true,
          get: () => {
            throw new Error('x');
          },
        }),
      ),
      'BOUNDARY_EXECUTOR_ANSWER_MALFORMED',
    ],
    [
      'returns a proxy that throws',
      reporting(
        new Proxy(report(), {
          ownKeys: () => {
            throw new Error('x');
          },
        }),
      ),
      'BOUNDARY_EXECUTOR_ANSWER_MALFORMED',
    ],
  ])('is ambiguous when it %s', async (_, executor, code) => {
    const { pipeline, log } = createTestBoundary({ executor, executionTimeoutMs: 30 });
    const result = await pipeline.execute(createIntent());
    expect(result).toMatchObject({ status: 'ambiguous', code, isClosed: true, outcome: { status: 'ambiguous' } });
    expect(executor.performed).toHaveLength(1);
    expect(await kindsOf(log)).toEqual(EXECUTED);
    expect(log.appended[5]?.payload).toMatchObject({ reason: 'execution_ambiguous', outcome: 'ambiguous' });
  });

  it('is told to stop when its time is up', async () => {
    let stopped: AbortSignal | undefined;
    const executor = createTestExecutor({
      onExecute: (_, signal) => {
        stopped = signal;
        return new Promise(() => undefined);
      },
    });
    await createTestBoundary({ executor, executionTimeoutMs: 20 }).pipeline.execute(createIntent());
    expect(stopped?.aborted).toBe(true);
  });
});

describe('an executor that misbehaves when asked about a target', () => {
  it.each([
    ['throws', createTestExecutor({ onValidate: () => Promise.reject(new Error('x')) }), 'BOUNDARY_EXECUTOR_THREW'],
    ['answers nothing', validating(null), 'BOUNDARY_EXECUTOR_ANSWER_MALFORMED'],
    ['answers yes', validating(true), 'BOUNDARY_EXECUTOR_ANSWER_MALFORMED'],
    [
      'answers an unknown word',
      validating({ result: 'VALID', reason: '', evidence: {} }),
      'BOUNDARY_EXECUTOR_ANSWER_MALFORMED',
    ],
    ['gives no evidence', validating({ result: 'valid', reason: '' }), 'BOUNDARY_EXECUTOR_ANSWER_MALFORMED'],
    ['gives no reason', validating({ result: 'valid', evidence: {} }), 'BOUNDARY_EXECUTOR_ANSWER_MALFORMED'],
  ])('is refused when it %s', async (_, executor, code) => {
    const { pipeline, log } = createTestBoundary({ executor });
    const result = await pipeline.execute(createIntent());
    expect(result).toMatchObject({ status: 'denied', code: 'BOUNDARY_TARGET_REFUSED' });
    expect(log.appended[2]?.payload).toMatchObject({ result: 'invalid', evidence: { executor: { code } } });
    expect(executor.performed).toEqual([]);
  });

  it.each([
    ['a'.repeat(1022), '😀'],
    ['a'.repeat(1023), ''],
    ['😀'.repeat(511), '😀'],
  ])('is quoted in whole characters, as many as a record holds (%#)', async (before, after) => {
    const executor = validating({ result: 'invalid', reason: `${before}😀😀`, evidence: {} });
    const { pipeline, log } = createTestBoundary({ executor });
    expect(await pipeline.execute(createIntent())).toMatchObject({ code: 'BOUNDARY_TARGET_REFUSED' });
    expect(log.appended[2]?.payload).toMatchObject({ reason: before + after });
    expect(targetValidationSchema.safeParse(log.appended[2]?.payload).error).toBeUndefined();
  });

  it('is refused for a reason that is no text of characters', async () => {
    const executor = validating({ result: 'valid', reason: '\ud83d', evidence: {} });
    const { pipeline, log } = createTestBoundary({ executor });
    expect(await pipeline.execute(createIntent())).toMatchObject({ code: 'BOUNDARY_TARGET_REFUSED' });
    const evidence = { executor: { code: 'BOUNDARY_EXECUTOR_ANSWER_MALFORMED' } };
    expect(log.appended[2]?.payload).toMatchObject({ evidence });
  });

  it('is not asked at all about an action type it does not declare', async () => {
    const executor = createTestExecutor({
      actionTypes: ['delete'],
      onValidate: () => Promise.reject(new Error('asked')),
    });
    const { pipeline, log } = createTestBoundary({ executor });
    expect(await pipeline.execute(createIntent())).toMatchObject({ code: 'BOUNDARY_TARGET_REFUSED' });
    const evidence = { executor: { code: 'BOUNDARY_ACTION_UNSUPPORTED' } };
    expect(log.appended[2]?.payload).toMatchObject({ result: 'unsupported', evidence });
  });
});

describe('several executors', () => {
  const hostOf = (actionType: string) => {
    const executor = createTestExecutor({ actionTypes: [actionType] });
    return { executor, host: createTrustedHost({ executor, targetTimeoutMs: 1000, executionTimeoutMs: 1000 }) };
  };

  it('act each on the action types they declare, and on no other', async () => {
    const [act, read] = [hostOf('test.act'), hostOf('read')];
    const { pipeline } = createTestBoundary({ host: [act.host, read.host] });
    expect(await pipeline.execute(createIntent())).toMatchObject({ status: 'completed' });
    expect(await pipeline.execute(createIntent({ intent_id: 'i2', action_type: 'read' }))).toMatchObject({
      status: 'completed',
    });
    const other = await pipeline.execute(createIntent({ intent_id: 'i3', action_type: 'write' }));
    expect(other).toMatchObject({ status: 'denied', code: 'BOUNDARY_TARGET_REFUSED' });
    expect([act.executor.performed.length, read.executor.performed.length]).toEqual([1, 1]);
  });

  it.each<[string, object]>([
    ['its identity', { identity: undefined }],
    ['a name that is one', { identity: { ...hostOf('read').host.identity, name: 'a b' } }],
    ['a version that can be written down', { identity: { ...hostOf('read').host.identity, version: '\ud800' } }],
    ['its isolation', { isolation: 'none' }],
    ['what is enforced', { hosting: createTrap() }],
    ['its action types', { actionTypes: null }],
    ['its class floors', { findClassFloor: () => 'A9' }],
    ['a class floor, or that there is none', { findClassFloor: () => undefined }],
    [
      'anything without throwing',
      {
        findClassFloor: () => {
          throw new TypeError('babble');
        },
      },
    ],
  ])('are refused when one does not say %s', (_, change) => {
    const host = { ...hostOf('read').host, ...change };
    for (const given of [host, [host]]) {
      expect(() => createTestBoundary({ host: given })).toThrow(
        expect.objectContaining({ code: 'BOUNDARY_CONFIG_INVALID', pointer: '/host/0' }),
      );
    }
  });

  it('made here cannot be changed, since their answers are not read twice', () => {
    const { host } = hostOf('read');
    expect(() => Object.assign(host, { checkTarget: async () => true })).toThrow(TypeError);
  });

  it('say what they are once', async () => {
    const { host, executor } = hostOf('test.act');
    let floor: 'A3_irreversible' | 'A0_observe' = 'A3_irreversible';
    const changing = { ...host, findClassFloor: () => floor };
    const { pipeline } = createTestBoundary({ host: changing });
    floor = 'A0_observe';
    Object.assign(changing, { identity: undefined, isolation: undefined, actionTypes: [] });
    expect(await pipeline.execute(createIntent())).toMatchObject({
      ...{ status: 'denied', decision: { facts: { action_class_floor: 'A3_irreversible' } } },
    });
    expect(executor.performed).toEqual([]);
  });

  it.each([[[]], [[hostOf('read').host, hostOf('read').host]]])('are refused when it is not clear who acts', (host) => {
    expect(() => createTestBoundary({ host })).toThrow(expect.objectContaining({ code: 'BOUNDARY_CONFIG_INVALID' }));
  });
});

describe('a preview', () => {
  const preview = { media_type: 'text/x-diff' as const, summary: 'one line', body: '-a\n+b', is_truncated: false };
  const previewOf = (answer: () => unknown) => {
    const executor = { ...createTestExecutor(), preview: async () => answer() as typeof preview };
    return createTrustedHost({ executor, targetTimeoutMs: 20, executionTimeoutMs: 20 }).preview?.(createIntent());
  };

  it('is handed on as it is, and anything else is none', async () => {
    expect(await previewOf(() => preview)).toEqual(preview);
    for (const bad of [null, 'text', { ...preview, extra: 1 }, { ...preview, body: 'x'.repeat(65_537) }]) {
      expect(await previewOf(() => bad)).toBeNull();
    }
    expect(await previewOf(() => new Promise(() => undefined))).toBeNull();
    expect(
      await previewOf(() => {
        throw new Error('no');
      }),
    ).toBeNull();
  });

  it('is none of an executor that has none, and of an action type it does not declare', async () => {
    const plain = createTrustedHost({ executor: createTestExecutor(), targetTimeoutMs: 20, executionTimeoutMs: 20 });
    expect(await plain.preview?.(createIntent())).toBeNull();
    const executor = { ...createTestExecutor({ actionTypes: ['read'] }), preview: async () => preview };
    const host = createTrustedHost({ executor, targetTimeoutMs: 20, executionTimeoutMs: 20 });
    expect(await host.preview?.(createIntent())).toBeNull();
  });
});
