import type {
  ActionIntent,
  Operator,
  StandingGrant,
  StandingGrantStore,
  StandingGrantUse,
  UseResult,
} from '@exoarmur/contracts';
import { createTestExecutor } from '@exoarmur/executors';
import { describe, expect, it } from 'vitest';
import {
  BABBLE,
  clearFacts,
  createIntent,
  createTestBoundary,
  createTestDecisionPoint,
  kindsOf,
  OPERATORS,
} from '../test/boundary.ts';
import {
  createMemoryStandingGrantStore,
  createOperatorRegistry,
  createTrustedHost,
  digestStandingGrant,
  ProxyPipeline,
  signStandingGrant,
} from './index.ts';

const [ALICE, , CAROL] = OPERATORS as [(typeof OPERATORS)[0], (typeof OPERATORS)[0], (typeof OPERATORS)[0]];
const GRANT: Omit<StandingGrant, 'schema' | 'nonce'> = {
  tenant_id: 'demo',
  cell_id: 'demo',
  actor_id: 'agent-1',
  action_type: 'test.act',
  action_class: 'A1_soft_containment',
  target: { match: 'below', value: '/data/ask' },
  parameters: [
    { rule: 'integer', name: 'count', min: 1, max: 10 },
    { rule: 'equals', name: 'dry', value: false },
    { rule: 'one_of', name: 'mode', values: ['a', 'b'] },
    { rule: 'text', name: 'note', max_length: 5 },
    { rule: 'boolean', name: 'quiet' },
  ],
  policy_digest: createTestDecisionPoint().policyDigest,
  max_uses: 2,
  granted_by: 'alice',
  reason: 'every morning',
  not_before: '2024-01-01T12:00:00.000Z',
  expires_at: '2024-01-01T18:00:00.000Z',
};
const FITTING = { count: 3, dry: false, mode: 'a', note: 'hello', quiet: true };
const intentOf = (n: number, change: Partial<ActionIntent> = {}) =>
  createIntent({ intent_id: `intent-${n}`, target: '/data/ask/x', parameters: FITTING, ...change });

function createGranting(store: StandingGrantStore = createMemoryStandingGrantStore(), change: object = {}) {
  const executor = createTestExecutor();
  const boundary = createTestBoundary({ executor, standingGrants: store, ...change });
  const sign = (grantChange: Partial<typeof GRANT> = {}, operator = ALICE) =>
    signStandingGrant({ grant: { ...GRANT, ...grantChange }, signer: operator.signer, random: boundary.random });
  const add = (grantChange: Partial<typeof GRANT> = {}, operator = ALICE) =>
    boundary.pipeline.addStandingGrant(sign(grantChange, operator));
  return { ...boundary, executor, store, sign, add };
}

describe('a standing grant', () => {
  it('stands for the one person asked, so many times, and each use is on record', async () => {
    const { pipeline, add, log, executor, sign } = createGranting();
    const envelope = sign();
    const digest = await pipeline.addStandingGrant(envelope);
    expect(digest).toBe(digestStandingGrant(envelope));
    const first = await pipeline.execute(intentOf(1));
    expect(first).toMatchObject({ status: 'completed' });
    expect(first.decision?.facts.approvals).toMatchObject([
      { approval_digest: digest, approver_id: 'alice', standing_grant: { use: 1, max_uses: 2 } },
    ]);
    expect(await kindsOf(log)).toEqual([
      ...['intent_received', 'verdict_resolved', 'approval_requested', 'standing_grant_used', 'verdict_resolved'],
      ...['target_validated', 'execution_authorized', 'execution_completed', 'stream_closed'],
    ]);
    expect(log.appended[3]).toMatchObject({
      actor: { type: 'human', id: 'alice' },
      payload: { standing_grant_digest: digest, use: 1, envelope },
    });
    await first.bundle();
    expect(await pipeline.execute(intentOf(2))).toMatchObject({ status: 'completed' });
    expect(await pipeline.execute(intentOf(3))).toMatchObject({ status: 'pending_approval' });
    expect(executor.performed).toHaveLength(2);
    expect(log.facts).toMatchObject([
      { kind: 'standing_grant_changed', payload: { change: 'added', standing_grant_digest: digest, envelope } },
    ]);
    expect(await add()).not.toBe(digest);
  });

  it.each<[string, Partial<typeof GRANT>, Partial<ActionIntent>]>([
    ['another actor', {}, { actor_id: 'agent-2' }],
    ['another kind of action', { action_type: 'write' }, {}],
    ['a greater class', {}, { action_class: 'A2_hard_containment' }],
    ['another target', { target: { match: 'exact', value: '/data/ask/y' } }, {}],
    ['a target beside it', { target: { match: 'below', value: '/data/as' } }, {}],
    ['a target that leads out', {}, { target: '/data/ask/%2e%2e/x' }],
    ['a number out of range', {}, { parameters: { ...FITTING, count: 11 } }],
    ['a number below', {}, { parameters: { ...FITTING, count: 0 } }],
    ['another value', {}, { parameters: { ...FITTING, dry: true } }],
    ['a value not listed', {}, { parameters: { ...FITTING, mode: 'c' } }],
    ['a longer text', {}, { parameters: { ...FITTING, note: 'hello!' } }],
    ['no truth value', {}, { parameters: { ...FITTING, quiet: 'yes' } }],
    ['a parameter more', {}, { parameters: { ...FITTING, force: true } }],
    ['a parameter less', {}, { parameters: { count: 3 } }],
    ['another policy set', { policy_digest: `sha256:${'0'.repeat(64)}` }, {}],
    ['a later time', { not_before: '2024-01-01T13:00:00.000Z' }, {}],
  ])('is not for %s', async (_, grantChange, change) => {
    const { pipeline, add, executor, store } = createGranting();
    await add(grantChange);
    const { status } = await pipeline.execute(intentOf(1, change));
    expect(status).not.toBe('completed');
    expect(executor.performed).toEqual([]);
    expect((await store.list()).map(({ uses }) => uses)).toEqual([0]);
  });

  it('fits its exact target, and a base that ends in a slash', async () => {
    for (const target of [
      { match: 'exact' as const, value: '/data/ask/x' },
      { match: 'below' as const, value: '/data/' },
    ]) {
      const { pipeline, add } = createGranting();
      await add({ target });
      expect(await pipeline.execute(intentOf(1))).toMatchObject({ status: 'completed' });
    }
  });

  it('is not for a quorum, nor for what the safety gate asks people itself', async () => {
    const { pipeline, add, options, executor } = createGranting();
    await add({ target: { match: 'below', value: '/data' }, action_class: 'A2_hard_containment' });
    expect(await pipeline.execute(intentOf(1, { target: '/data/quorum/x' }))).toMatchObject({
      status: 'pending_approval',
    });
    const gather = async () => ({ ...(await clearFacts().gather(createIntent())), trust_milli: 100 });
    const wary = new ProxyPipeline({ ...options, facts: { gather } });
    const change = { action_class: 'A2_hard_containment' as const };
    expect(await wary.execute(intentOf(2, change))).toMatchObject({
      ...{ status: 'pending_approval', request: { requirement: { quorum: 1 } } },
      decision: { safety: { rule_ids: expect.arrayContaining(['SG-301']) } },
    });
    expect(await wary.execute(intentOf(3, { ...change, target: '/data/free/x' }))).toMatchObject({
      ...{ status: 'pending_approval', decision: { verdict: 'require_human' } },
    });
    expect(executor.performed).toEqual([]);
    expect(await pipeline.execute(intentOf(4, change))).toMatchObject({ status: 'completed' });
  });

  it('ends with its revocation, with its signer and with its time', async () => {
    const { pipeline, add, log, options, clock } = createGranting();
    const digest = await add();
    await pipeline.revokeStandingGrant(digest, 'bob');
    expect(await pipeline.execute(intentOf(1))).toMatchObject({ status: 'pending_approval' });
    expect(log.facts.at(-1)).toMatchObject({
      actor: { id: 'bob' },
      payload: { change: 'revoked', standing_grant_digest: digest, revoked_by: 'bob', envelope: null },
    });
    await expect(pipeline.revokeStandingGrant(digest, 'bob')).rejects.toMatchObject({
      code: 'BOUNDARY_STANDING_GRANT_UNKNOWN',
    });
    await add();
    const people = OPERATORS.map(({ operatorId, signer, roles }) => ({ operatorId, vkey: signer.vkey, roles }));
    const operators = createOperatorRegistry(
      people.map((each) => ({ ...each, isRevoked: each.operatorId === 'alice' })),
    );
    expect(await new ProxyPipeline({ ...options, operators }).execute(intentOf(2))).toMatchObject({
      status: 'pending_approval',
    });
    clock.nowMs += 6 * 3_600_000;
    expect(await pipeline.execute(intentOf(3))).toMatchObject({ status: 'pending_approval' });
  });

  it('revoked after its use and before the authorisation takes the authority along', async () => {
    const { add, options, store } = createGranting();
    const digest = await add();
    const executor = createTestExecutor({
      onValidate: async () => {
        await store.revoke(digest);
        return { result: 'valid', reason: '', evidence: {} };
      },
    });
    const host = createTrustedHost({ executor, targetTimeoutMs: 1000, executionTimeoutMs: 1000 });
    expect(await new ProxyPipeline({ ...options, host }).execute(intentOf(1))).toMatchObject({
      ...{ status: 'denied', code: 'BOUNDARY_APPROVAL_REVOKED' },
    });
    expect(executor.performed).toEqual([]);
  });

  it.each<[string, string, Partial<typeof GRANT>, typeof ALICE]>([
    ['for another tenant', 'BOUNDARY_STANDING_GRANT_UNFIT', { tenant_id: 'other' }, ALICE],
    ['for another cell', 'BOUNDARY_STANDING_GRANT_UNFIT', { cell_id: 'other' }, ALICE],
    [
      'with two rules for one parameter',
      'BOUNDARY_STANDING_GRANT_UNFIT',
      { parameters: [...GRANT.parameters.slice(0, 1), ...GRANT.parameters.slice(0, 1)] },
      ALICE,
    ],
    ['in the name of another operator', 'BOUNDARY_APPROVER_UNKNOWN', {}, CAROL],
    ['that is over', 'BOUNDARY_APPROVAL_EXPIRED', { expires_at: '2024-01-01T12:00:00.000Z' }, ALICE],
  ])('%s is not taken in, which is on record', async (_, code, change, operator) => {
    const { add, log, store } = createGranting();
    await expect(add(change, operator)).rejects.toMatchObject({ code });
    expect(log.facts).toMatchObject([{ kind: 'attempt_refused', payload: { attempt: 'standing_grant', code } }]);
    expect(await store.list()).toEqual([]);
  });

  it('is not taken in from an operator who is not cleared for its class', async () => {
    const { options, sign } = createGranting();
    const operators = createOperatorRegistry([
      { operatorId: 'alice', vkey: ALICE.signer.vkey, roles: [], clearance: 'A0_observe', isRevoked: false },
    ]);
    await expect(new ProxyPipeline({ ...options, operators }).addStandingGrant(sign())).rejects.toMatchObject({
      code: 'BOUNDARY_APPROVAL_CLEARANCE_MISSING',
    });
  });

  it('of the requester itself is none', async () => {
    const { pipeline, add } = createGranting();
    await add({ actor_id: 'alice' });
    expect(await pipeline.execute(intentOf(1, { actor_id: 'alice' }))).toMatchObject({ status: 'pending_approval' });
  });

  it.each<[string, Partial<Operator>]>([
    ['answers for the actor', { actorIds: ['agent-1'] }],
    ['is not cleared for the class any more', { clearance: 'A0_observe' }],
  ])('of somebody who %s is none', async (_, change) => {
    const { options, add } = createGranting();
    await add();
    const operators = createOperatorRegistry([
      { operatorId: 'alice', vkey: ALICE.signer.vkey, roles: [], isRevoked: false, ...change },
    ]);
    expect(await new ProxyPipeline({ ...options, operators }).execute(intentOf(1))).toMatchObject({
      status: 'pending_approval',
    });
  });

  it('altered in the store is none, and a store that fails means that people are asked', async () => {
    const { store, sign } = createGranting();
    const altered = { ...sign(), payload: sign({ max_uses: 10_000 }).payload };
    await store.add({ standingGrantDigest: digestStandingGrant(altered), envelope: altered });
    const { pipeline } = createGranting(store);
    expect(await pipeline.execute(intentOf(1))).toMatchObject({ status: 'pending_approval' });
    const broken = { ...store, list: () => Promise.reject(new Error('gone')) };
    expect(await createGranting(broken).pipeline.execute(intentOf(1))).toMatchObject({ status: 'pending_approval' });
  });

  const used = [undefined, null, -0, 0, 0.5, Number.NaN, 4, 2 ** 53, '1'].map(
    (use) => [`answers a use of ${String(use)}`, () => ({ outcome: 'used', use })] as const,
  );
  it.each([...BABBLE, ...used])('is none when its store %s, and people are asked', async (_, babble) => {
    const { store, add, executor } = createGranting();
    await add({ max_uses: 3 });
    const broken = { ...store, use: babble as StandingGrantStore['use'] };
    const { pipeline } = createGranting(broken);
    expect(await pipeline.execute(intentOf(1))).toMatchObject({ status: 'pending_approval' });
    const list = babble as StandingGrantStore['list'];
    expect(await createGranting({ ...store, list }).pipeline.execute(intentOf(1))).toMatchObject({
      status: 'pending_approval',
    });
    expect(executor.performed).toEqual([]);
  });

  it.each([...BABBLE, ...used])('lets nothing run when its store %s at the last look', async (_, babble) => {
    const { store, add } = createGranting();
    await add({ max_uses: 3 });
    let looks = 0;
    const use = async (asked: StandingGrantUse) => (looks++ === 0 ? store.use(asked) : babble()) as UseResult;
    const { pipeline, executor } = createGranting({ ...store, use });
    await expect(pipeline.execute(intentOf(1))).rejects.toMatchObject({ code: 'BOUNDARY_GRANT_STORE_UNAVAILABLE' });
    expect(executor.performed).toEqual([]);
  });

  it.each([...BABBLE, ['answers 1', () => 1] as const])('is not revoked by a store that %s', async (_, babble) => {
    const { store, add } = createGranting();
    const digest = await add();
    const { pipeline, log } = createGranting({ ...store, revoke: babble as StandingGrantStore['revoke'] });
    await expect(pipeline.revokeStandingGrant(digest, 'alice')).rejects.toMatchObject({
      code: 'BOUNDARY_GRANT_STORE_UNAVAILABLE',
    });
    expect(log.facts).toEqual([]);
  });

  it('is not kept when it cannot be recorded, and has no place without a store', async () => {
    const { options, sign, store, log } = createGranting();
    const appendCell = () => Promise.reject(new Error('disk full'));
    const later = new ProxyPipeline({ ...options, log: { ...log, appendCell } });
    await expect(later.addStandingGrant(sign())).rejects.toMatchObject({ code: 'BOUNDARY_LOG_UNAVAILABLE' });
    expect(await store.list()).toEqual([]);
    const bare = createTestBoundary().pipeline;
    await expect(bare.addStandingGrant(sign())).rejects.toMatchObject({ code: 'BOUNDARY_CONFIG_INVALID' });
  });

  it('is not signed as what it cannot be', () => {
    const { sign } = createGranting();
    expect(() => sign({ action_class: 'A3_irreversible' as never })).toThrow(TypeError);
    expect(() => sign({ max_uses: 0 })).toThrow(TypeError);
  });
});
