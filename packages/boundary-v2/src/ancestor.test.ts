import { type ActionIntent, type Approval, type Decision, streamClosedSchema } from '@exoarmur/contracts';
import { createTestExecutor } from '@exoarmur/executors';
import { describe, expect, it } from 'vitest';
import {
  clearFacts,
  createIntent,
  createTestBoundary,
  createTestDecisionPoint,
  kindsOf,
  OPERATORS,
  report,
  reporting,
  validating,
} from '../test/boundary.ts';
import { type BoundaryOptions, ProxyPipeline, signApproval } from './index.ts';

const [ALICE] = OPERATORS as [(typeof OPERATORS)[0]];
const ASKED = { target: '/data/ask/x' };
const gathering = (change: object): Partial<BoundaryOptions> => ({
  facts: { gather: async () => ({ ...(await clearFacts().gather(createIntent())), ...change }) },
});
/** The decision point of the tests with another answer of the safety gate. */
const deciding = (verdict: string): Partial<BoundaryOptions> => {
  const inner = createTestDecisionPoint();
  const decide = async (request: Parameters<typeof inner.decide>[0]) => {
    const decision = await inner.decide(request);
    return { ...decision, safety: { ...decision.safety, verdict } } as Decision;
  };
  return { decisionPoint: { ...inner, decide } };
};
const [RECEIVED, DECIDED, ASKS, CHECKED, GRANTED, DONE, CLOSED] = [
  ...['intent_received', 'verdict_resolved', 'approval_requested', 'target_validated'],
  ...['execution_authorized', 'execution_completed', 'stream_closed'],
] as [string, string, string, string, string, string, string];

describe('the terminal paths of the ancestor', () => {
  it.each<
    [string, object, Partial<ActionIntent>, Partial<BoundaryOptions> & Record<string, unknown>, string[], string | null]
  >([
    [
      'the policies deny',
      { status: 'denied', code: 'BOUNDARY_DENIED_BY_POLICY' },
      { target: '/data/locked/x' },
      {},
      [RECEIVED, DECIDED, CLOSED],
      'denied',
    ],
    ['the policies require approval', { status: 'pending_approval' }, ASKED, {}, [RECEIVED, DECIDED, ASKS], null],
    [
      'the policies defer',
      { status: 'denied', code: 'BOUNDARY_NO_POLICY_APPLIES' },
      { target: '/etc/x' },
      {},
      [RECEIVED, DECIDED, CLOSED],
      'denied',
    ],
    [
      'the safety gate denies',
      { status: 'denied', code: 'BOUNDARY_DENIED_BY_SAFETY' },
      {},
      gathering({ trust_milli: null }),
      [RECEIVED, DECIDED, CLOSED],
      'denied',
    ],
    [
      'the safety gate says something unknown',
      { status: 'denied', code: 'BOUNDARY_DECISION_UNAVAILABLE' },
      {},
      deciding('maybe'),
      [RECEIVED, CLOSED],
      'cancelled',
    ],
    [
      'the safety gate asks people',
      { status: 'pending_approval' },
      { action_class: 'A3_irreversible' },
      gathering({ trust_milli: 100 }),
      [RECEIVED, DECIDED, ASKS],
      null,
    ],
    [
      'the target is not valid',
      { status: 'denied', code: 'BOUNDARY_TARGET_REFUSED' },
      {},
      { executor: validating({ result: 'invalid', reason: '', evidence: {} }) },
      [RECEIVED, DECIDED, CHECKED, CLOSED],
      'target_refused',
    ],
    [
      'the validation says something unknown',
      { status: 'denied', code: 'BOUNDARY_TARGET_REFUSED' },
      {},
      { executor: validating({ result: 'fine', reason: '', evidence: {} }) },
      [RECEIVED, DECIDED, CHECKED, CLOSED],
      'target_refused',
    ],
    [
      'the executor succeeds',
      { status: 'completed' },
      {},
      { executor: reporting(report()) },
      [RECEIVED, DECIDED, CHECKED, GRANTED, DONE, CLOSED],
      'executed',
    ],
    [
      'the executor reports a failure',
      { status: 'failed', code: 'DISK_FULL' },
      {},
      { executor: reporting(report({ success: false, error_code: 'DISK_FULL' })) },
      [RECEIVED, DECIDED, CHECKED, GRANTED, DONE, CLOSED],
      'execution_failed',
    ],
    [
      'the executor raises',
      { status: 'ambiguous', code: 'BOUNDARY_EXECUTOR_THREW' },
      {},
      { executor: createTestExecutor({ onExecute: () => Promise.reject(new Error('half way')) }) },
      [RECEIVED, DECIDED, CHECKED, GRANTED, DONE, CLOSED],
      'execution_ambiguous',
    ],
    [
      'what the executor returns cannot be recorded',
      { status: 'ambiguous', code: 'BOUNDARY_EXECUTOR_ANSWER_MALFORMED' },
      {},
      { executor: reporting(report({ claimed: { when: new Date(0) } as never })) },
      [RECEIVED, DECIDED, CHECKED, GRANTED, DONE, CLOSED],
      'execution_ambiguous',
    ],
  ])('%s: one result, its code, its records', async (_, expected, change, options, kinds, reason) => {
    const { pipeline, log } = createTestBoundary(options);
    expect(await pipeline.execute(createIntent(change))).toMatchObject(expected);
    expect(await kindsOf(log)).toEqual(kinds);
    const last = log.appended.at(-1);
    expect(last?.kind === CLOSED ? streamClosedSchema.parse(last.payload).reason : null).toBe(reason);
  });
});

describe('the flaws of the ancestor', () => {
  const approve = (boundary: ReturnType<typeof createTestBoundary>, request: unknown, verdict = 'approve') =>
    signApproval({
      ...{ request: request as never, verdict: verdict as Approval['verdict'], approverId: 'alice', reason: '' },
      ...{ signer: ALICE.signer, clock: boundary.clock, random: boundary.random, ttlSeconds: 600 },
    });

  it.each<Partial<ActionIntent>>([
    { target: '/data/ask/other' },
    { parameters: { force: true } },
    { actor_id: 'agent-2' },
    { action_type: 'delete' },
  ])('F1: an approval is no pass for the same id with %j', async (change) => {
    const executor = createTestExecutor();
    const boundary = createTestBoundary({ executor });
    const { pipeline, log } = boundary;
    const pending = await pipeline.execute(createIntent(ASKED));
    const code = 'BOUNDARY_INTENT_ID_REUSED';
    await expect(pipeline.execute(createIntent({ ...ASKED, ...change }))).rejects.toMatchObject({ code });
    expect(log.facts).toMatchObject([{ payload: { attempt: 'intent', stream: 'intent-1', code } }]);
    if (pending.status !== 'pending_approval') throw new Error(pending.status);
    await pipeline.submitApproval('intent-1', approve(boundary, pending.request));
    await expect(pipeline.execute(createIntent({ ...ASKED, ...change }))).rejects.toMatchObject({ code });
    expect(executor.performed).toEqual([createIntent(ASKED)]);
  });

  it('F1: neither for another tenant, which is on record', async () => {
    const { pipeline, log } = createTestBoundary();
    await expect(pipeline.execute(createIntent({ tenant_id: 'other' }))).rejects.toMatchObject({
      code: 'BOUNDARY_SCOPE_MISMATCH',
    });
    expect(log.facts).toMatchObject([{ payload: { code: 'BOUNDARY_SCOPE_MISMATCH', pointer: '/tenant_id' } }]);
  });

  it('F2: an approval opens no window for others, however the runs meet', async () => {
    const executor = createTestExecutor();
    const boundary = createTestBoundary({ executor });
    const { pipeline } = boundary;
    const pending = await pipeline.execute(createIntent(ASKED));
    if (pending.status !== 'pending_approval') throw new Error(pending.status);
    const others = Array.from({ length: 20 }, (_, n) => createIntent({ ...ASKED, intent_id: `other-${n}` }));
    const [approved, ...ends] = await Promise.all([
      pipeline.submitApproval('intent-1', approve(boundary, pending.request)),
      ...others.map((intent) => pipeline.execute(intent)),
    ]);
    expect(approved).toMatchObject({ status: 'completed' });
    for (const end of ends) expect(end).toMatchObject({ status: 'pending_approval' });
    expect(await pipeline.execute(createIntent({ ...ASKED, intent_id: 'later' }))).toMatchObject({
      status: 'pending_approval',
    });
    expect(executor.performed).toHaveLength(1);
  });

  it.each(['log', 'decisionPoint', 'facts', 'host', 'grants'] as const)(
    'F3: without its %s nothing is ever carried out',
    async (part) => {
      const executor = createTestExecutor();
      const { options } = createTestBoundary({ executor });
      const without = { ...options, [part]: undefined } as unknown as BoundaryOptions;
      const attempt = async () => new ProxyPipeline(without).execute(createIntent());
      const end = await attempt().catch(() => ({ status: 'refused' }));
      expect(end.status).not.toBe('completed');
      expect(executor.performed).toEqual([]);
    },
  );

  it('F4: switch, approval and repetition are judged before every effect', async () => {
    const executor = createTestExecutor();
    const switches = { global: 'engaged', tenant: 'clear', actor: 'clear', action_class: 'clear' };
    const stopped = createTestBoundary({ executor, ...gathering({ switches }) });
    expect(await stopped.pipeline.execute(createIntent())).toMatchObject({ code: 'BOUNDARY_DENIED_BY_SAFETY' });
    const { pipeline } = createTestBoundary({ executor });
    await pipeline.execute(createIntent());
    expect(await pipeline.execute(createIntent())).toMatchObject({ status: 'completed' });
    expect(executor.performed).toHaveLength(1);
  });

  it('F5: what is stored as an approval is read and verified, not believed', async () => {
    const executor = createTestExecutor();
    const boundary = createTestBoundary({ executor });
    const { pipeline, log, options } = boundary;
    const pending = await pipeline.execute(createIntent({ target: '/data/quorum/x' }));
    if (pending.status !== 'pending_approval') throw new Error(pending.status);
    await pipeline.submitApproval('intent-1', approve(boundary, pending.request));
    const collect = async (stream: string) => {
      const evidence = await log.collect(stream);
      const digest = evidence.records.at(-1)?.payload.digest;
      const payloads = new Map(evidence.payloads);
      const kept = digest === undefined ? undefined : payloads.get(digest);
      if (digest === undefined || kept === undefined) throw new Error('no answer');
      const forged = approve(boundary, pending.request, 'deny');
      payloads.set(digest, { ...kept, value: { ...kept.value, envelope: JSON.parse(JSON.stringify(forged)) } });
      return { ...evidence, payloads };
    };
    const later = new ProxyPipeline({ ...options, log: { ...log, collect } });
    await expect(later.recover('intent-1')).rejects.toMatchObject({ code: 'BOUNDARY_EVIDENCE_UNLAWFUL' });
    expect(executor.performed).toEqual([]);
  });

  it('F6, F7: the bundle of an executed action says so, over the signature of the boundary', async () => {
    const { pipeline } = createTestBoundary();
    const read = async (target: string) => {
      const result = await pipeline.execute(createIntent({ target, intent_id: target.replaceAll('/', '-').slice(1) }));
      const { statement } = JSON.parse(new TextDecoder().decode(await result.bundle()));
      expect(statement.signatures).toHaveLength(1);
      return JSON.parse(Buffer.from(statement.payload, 'base64').toString()).predicate;
    };
    expect(await read('/data/x')).toMatchObject({ final_verdict: 'allow', outcome: 'succeeded' });
    expect(await read('/data/locked/x')).toMatchObject({ final_verdict: 'deny', outcome: null });
  });

  it('F9: an effect whose outcome cannot be recorded is doubt, and asking again repeats nothing', async () => {
    const executor = createTestExecutor();
    const { pipeline, log } = createTestBoundary({ executor });
    log.before = (draft) => {
      if (draft.kind === DONE) throw new Error('disk full');
    };
    expect(await pipeline.execute(createIntent())).toMatchObject({ code: 'BOUNDARY_OUTCOME_UNRECORDED' });
    log.before = () => undefined;
    await expect(pipeline.execute(createIntent())).rejects.toMatchObject({ code: 'BOUNDARY_ACTION_UNFINISHED' });
    expect(await pipeline.recover('intent-1')).toMatchObject({ status: 'ambiguous' });
    expect(executor.performed).toHaveLength(1);
  });

  const broken = () => Promise.reject(new Error('broken'));
  it.each<[string, Partial<BoundaryOptions> & Record<string, unknown>, string]>([
    [
      'the decision point',
      { decisionPoint: { ...createTestDecisionPoint(), decide: broken } },
      'BOUNDARY_DECISION_UNAVAILABLE',
    ],
    ['the facts', { facts: { gather: broken } }, 'BOUNDARY_DENIED_BY_SAFETY'],
    ['the target check', { executor: createTestExecutor({ onValidate: broken }) }, 'BOUNDARY_TARGET_REFUSED'],
  ])('F10: a fault of %s is a denial with one terminal record', async (_, options, code) => {
    const { pipeline, log } = createTestBoundary(options);
    expect(await pipeline.execute(createIntent())).toMatchObject({ status: 'denied', code, isClosed: true });
    expect((await kindsOf(log)).filter((kind) => kind === CLOSED)).toHaveLength(1);
  });

  it('F10: so is a decision without a rationale', async () => {
    const inner = createTestDecisionPoint();
    const decide = async (request: Parameters<typeof inner.decide>[0]) => {
      const decision = await inner.decide(request);
      return { ...decision, pdp: { ...decision.pdp, rationale: null } } as unknown as Decision;
    };
    const { pipeline } = createTestBoundary({ decisionPoint: { ...inner, decide } });
    expect(await pipeline.execute(createIntent())).toMatchObject({ code: 'BOUNDARY_DECISION_UNAVAILABLE' });
  });
});
