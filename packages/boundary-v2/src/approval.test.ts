import { canonicalizeToBytes, createSigner, digestValue, encodeHex, signEnvelope } from '@exoarmur/canonical';
import {
  type ActionIntent,
  type Alert,
  APPROVAL_PAYLOAD_TYPE,
  type Approval,
  type ApprovalRequest,
  ATTEMPT_DIGEST_DOMAIN,
  type DsseEnvelope,
  type ExecutorManifest,
  LogStoreError,
  type Operator,
  type OperatorRegistry,
} from '@exoarmur/contracts';
import { createTestExecutor } from '@exoarmur/executors';
import { createDecisionPoint } from '@exoarmur/policy';
import { describe, expect, it } from 'vitest';
import {
  BABBLE,
  BOUNDARY_SIGNER,
  clearFacts,
  countingRandom,
  createIntent,
  createTestBoundary,
  createTestClock,
  createTestDecisionPoint,
  createTrap,
  kindsOf,
  OPERATORS,
} from '../test/boundary.ts';
import {
  createMemoryStandingGrantStore,
  createMemorySwitchCommandStore,
  createOperatorRegistry,
  createTrustedHost,
  obeySwitchCommand,
  ProxyPipeline,
  signApproval,
} from './index.ts';

const [ALICE, BOB, CAROL] = OPERATORS as [(typeof OPERATORS)[0], (typeof OPERATORS)[0], (typeof OPERATORS)[0]];
const ONE = { target: '/data/ask/x' };
const TWO = { target: '/data/quorum/x' };

/** A waiting action, and answers to it. */
async function createWaiting(
  change: Partial<ActionIntent> = ONE,
  actionClassFloors: NonNullable<ExecutorManifest['action_class_floors']> = {},
) {
  const executor = createTestExecutor({ actionClassFloors });
  const boundary = createTestBoundary({ executor });
  const pending = await boundary.pipeline.execute(createIntent(change));
  if (pending.status !== 'pending_approval') throw new Error(pending.status);
  const { request, stream } = pending;
  const answer = (operator = ALICE, verdict: Approval['verdict'] = 'approve', ttlSeconds = 600) =>
    signApproval({
      ...{ request, verdict, ttlSeconds, reason: 'seen' },
      ...{ approverId: operator.operatorId, signer: operator.signer, clock: boundary.clock, random: boundary.random },
    });
  const submit = (envelope: unknown) => boundary.pipeline.submitApproval(stream, envelope);
  return { ...boundary, executor, request, answer, submit };
}

/** The registry of the test with some operators changed. */
function registryOf(changes: Record<string, Partial<Operator>>) {
  return createOperatorRegistry(
    OPERATORS.map(({ operatorId, signer, roles }) => ({
      ...{ operatorId, vkey: signer.vkey, roles, isRevoked: false },
      ...changes[operatorId],
    })),
  );
}

/** An approval with chosen members, signed as it is. */
function forge(request: ApprovalRequest, change: object, signer = ALICE.signer, payloadType = APPROVAL_PAYLOAD_TYPE) {
  const honest = signApproval({
    ...{ request, verdict: 'approve', approverId: 'alice', reason: '', signer, ttlSeconds: 1800 },
    ...{ clock: createTestClock(), random: countingRandom() },
  });
  const approval = JSON.parse(Buffer.from(honest.payload, 'base64').toString());
  return signEnvelope({
    payloadType,
    payload: canonicalizeToBytes(JSON.parse(JSON.stringify({ ...approval, ...change }))),
    signers: [signer],
  });
}

/** The same with chosen members of the action it names. */
function forgeAction(request: ApprovalRequest, change: object) {
  const { payload } = forge(request, {});
  const { action } = JSON.parse(Buffer.from(payload, 'base64').toString());
  return forge(request, { action: { ...action, ...change } });
}

const APPROVED = [
  ...['intent_received', 'verdict_resolved', 'approval_requested', 'approval_decided', 'verdict_resolved'],
  ...['target_validated', 'execution_authorized', 'execution_completed', 'stream_closed'],
];

describe('a boundary of another cell or tenant', () => {
  it.each([{ cell: 'cell-b' }, { tenant: 'other' }])('writes nothing into the stream: %j', async (scope) => {
    const { options, answer, log, submit } = await createWaiting();
    const before = log.appended.length;
    const foreign = new ProxyPipeline({ ...options, ...scope });
    const code = 'BOUNDARY_SCOPE_MISMATCH';
    await expect(foreign.submitApproval('intent-1', answer())).rejects.toMatchObject({ code });
    await expect(foreign.recover('intent-1')).rejects.toMatchObject({ code });
    expect(log.appended).toHaveLength(before);
    expect(await submit(answer())).toMatchObject({ status: 'completed' });
  });
});

it.each([
  ['a trap', () => createTrap()],
  ['an envelope that throws when it is read', () => ({ payload: '', payloadType: '', signatures: createTrap() })],
])('%s is no answer, no revocation, no resolution, no standing grant and no switch command', async (_, make) => {
  const { pipeline, options, log, clock, answer, submit } = await createWaiting();
  const malformed = { code: 'BOUNDARY_APPROVAL_MALFORMED' };
  const standingGrants = createMemoryStandingGrantStore();
  await expect(submit(make())).rejects.toMatchObject(malformed);
  await expect(pipeline.revokeApproval('intent-1', make())).rejects.toMatchObject(malformed);
  await expect(new ProxyPipeline({ ...options, standingGrants }).addStandingGrant(make())).rejects.toMatchObject(
    malformed,
  );
  const commands = createMemorySwitchCommandStore();
  const intake = { tenant: 'demo', cell: 'demo', commands, operators: createOperatorRegistry([]), log, clock };
  await expect(obeySwitchCommand({ ...intake, threshold: { engaged: 1, clear: 1 } }, make())).rejects.toMatchObject({
    code: 'BOUNDARY_SWITCH_MALFORMED',
  });
  const host = { ...createTrustedHost({ executor: createTestExecutor(), targetTimeoutMs: 9, executionTimeoutMs: 9 }) };
  const doubtful = new ProxyPipeline({ ...options, host: { ...host, run: () => Promise.reject(new Error('gone')) } });
  await doubtful.execute(createIntent({ intent_id: 'doubtful' }));
  await expect(pipeline.resolve('doubtful', make())).rejects.toMatchObject(malformed);
  expect(await submit(answer())).toMatchObject({ status: 'completed' });
});

describe('a registry that babbles', () => {
  const code = 'BOUNDARY_OPERATORS_UNAVAILABLE';
  const honest = { operatorId: 'alice', vkey: ALICE.signer.vkey, roles: ['admin'], isRevoked: false };
  const odd: readonly (readonly [string, object])[] = [
    ['has no id', { operatorId: undefined }],
    ['has an id that is none', { operatorId: '\ud800' }],
    ['has no key', { vkey: undefined }],
    ['has a key that is none', { vkey: 'bogus' }],
    ['has roles that are none', { roles: 5 }],
    ['has one text for roles', { roles: 'no-admin-at-all' }],
    ['has a role that is none', { roles: ['\ud800'] }],
    ['has roles that throw', { roles: createTrap() }],
    ['has a clearance that is none', { clearance: null }],
    ['acts for nobody who can be told', { actorIds: null }],
    ['acts as one text', { actorIds: 'agent' }],
    ['is not said to be revoked or not', { isRevoked: undefined }],
    ['is revoked by 0', { isRevoked: 0 }],
  ];
  const answers = [...BABBLE, ...odd.map(([how, change]) => [how, () => [{ ...honest, ...change }]] as const)];

  it.each(answers)('agrees to nothing, and the action still waits, when it or an operator %s', async (_, babble) => {
    const { options, answer, submit, executor } = await createWaiting();
    const findByKeyId = babble as OperatorRegistry['findByKeyId'];
    const later = new ProxyPipeline({ ...options, operators: { findByKeyId } });
    await expect(later.submitApproval('intent-1', answer())).rejects.toMatchObject({ code });
    expect(executor.performed).toEqual([]);
    expect(await submit(answer())).toMatchObject({ status: 'completed' });
  });

  it.each(answers)('lets nothing run when it or an operator %s at the last look', async (_, babble) => {
    const { options, answer, executor } = await createWaiting();
    let looks = 0;
    const findByKeyId = async (keyId: string) => (looks++ === 0 ? options.operators?.findByKeyId(keyId) : babble());
    const later = new ProxyPipeline({ ...options, operators: { findByKeyId: findByKeyId as never } });
    await expect(later.submitApproval('intent-1', answer())).rejects.toMatchObject({ code });
    expect(executor.performed).toEqual([]);
  });

  it('keeps the error of a store that is busy as the cause', async () => {
    const { options, answer } = await createWaiting();
    const busy = new LogStoreError('STORE_BUSY', 'busy');
    const later = new ProxyPipeline({ ...options, operators: { findByKeyId: () => Promise.reject(busy) } });
    await expect(later.submitApproval('intent-1', answer())).rejects.toMatchObject({ code, cause: busy });
  });
});

describe('a store that never answers', () => {
  const silent = () => new Promise<never>(() => undefined);
  const limits = { storeTimeoutMs: 20 };

  it('holds no answer for ever, and the action still waits', async () => {
    const { options, answer, submit } = await createWaiting();
    const later = new ProxyPipeline({ ...options, operators: { findByKeyId: silent }, limits });
    await expect(later.submitApproval('intent-1', answer())).rejects.toMatchObject({
      code: 'BOUNDARY_OPERATORS_UNAVAILABLE',
    });
    expect(await later.execute(createIntent(ONE))).toMatchObject({ status: 'pending_approval' });
    expect(await submit(answer())).toMatchObject({ status: 'completed' });
  });

  it('makes no earlier answer vanish', async () => {
    const { options, answer, submit } = await createWaiting(TWO);
    await submit(answer());
    const registry = options.operators;
    const operators = {
      findByKeyId: async (keyId: string) => {
        const found = (await registry?.findByKeyId(keyId)) ?? [];
        return found.some(({ operatorId }) => operatorId === 'alice') ? silent() : found;
      },
    };
    const later = new ProxyPipeline({ ...options, operators, limits });
    await expect(later.submitApproval('intent-1', answer(BOB))).rejects.toMatchObject({
      code: 'BOUNDARY_OPERATORS_UNAVAILABLE',
    });
  });

  it('runs nothing when it is the one that redeems grants', async () => {
    const executor = createTestExecutor();
    const grants = { isDurable: true, claim: silent };
    const { pipeline } = createTestBoundary({ executor, grants, limits });
    expect(await pipeline.execute(createIntent())).toMatchObject({
      ...{ status: 'failed', code: 'BOUNDARY_GRANT_STORE_UNAVAILABLE' },
    });
    expect(executor.performed).toEqual([]);
  });
});

describe('an approval', () => {
  it('lets the action be decided again, with the answer as a fact, and go on', async () => {
    const { executor, log, request, answer, submit } = await createWaiting();
    const envelope = answer();
    const result = await submit(envelope);
    expect(result).toMatchObject({ status: 'completed', isClosed: true });
    expect(await kindsOf(log)).toEqual(APPROVED);
    const fact = result.decision?.facts.approvals[0];
    expect(fact).toMatchObject({ verdict: 'approve', approver_id: 'alice', roles: ['admin', 'operator'] });
    expect(log.appended[3]).toMatchObject({ actor: { type: 'human', id: 'alice' }, payload: { envelope } });
    expect(log.appended[6]?.payload).toMatchObject({
      intent_digest: request.intent_digest,
      approval_digests: [fact?.approval_digest],
    });
    expect(executor.performed).toHaveLength(1);
  });

  it('counts one key per person until the quorum is there', async () => {
    const { executor, answer, submit } = await createWaiting(TWO);
    expect(await submit(answer(ALICE))).toMatchObject({ status: 'pending_approval', recordCount: 4 });
    expect(executor.performed).toEqual([]);
    expect(await submit(answer(BOB))).toMatchObject({ status: 'completed' });
    expect(executor.performed).toHaveLength(1);
  });

  it('is taken by another process from the records alone', async () => {
    const { options, executor, answer } = await createWaiting(TWO);
    for (const operator of [ALICE, BOB]) {
      await new ProxyPipeline(options).submitApproval('intent-1', answer(operator));
    }
    expect(executor.performed).toHaveLength(1);
  });

  it('does not run the action twice when two answers arrive at once', async () => {
    const { executor, answer, submit } = await createWaiting();
    const ends = await Promise.allSettled([submit(answer(ALICE)), submit(answer(BOB))]);
    expect(ends.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(ends.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { code: 'BOUNDARY_ACTION_NOT_WAITING' },
    });
    expect(executor.performed).toHaveLength(1);
  });

  it('of two needed ones at once counts both', async () => {
    const { executor, answer, submit } = await createWaiting(TWO);
    const ends = await Promise.all([submit(answer(ALICE)), submit(answer(BOB))]);
    expect(ends.map(({ status }) => status).sort()).toEqual(['completed', 'pending_approval']);
    expect(executor.performed).toHaveLength(1);
  });
});

describe('a denial', () => {
  it('ends the action for good, also after an approval and before another one', async () => {
    const { executor, log, answer, submit, pipeline } = await createWaiting(TWO);
    await submit(answer(ALICE));
    expect(await submit(answer(BOB, 'deny'))).toMatchObject({
      ...{ status: 'denied', code: 'BOUNDARY_APPROVAL_DENIED', isClosed: true },
    });
    await expect(submit(answer(ALICE))).rejects.toMatchObject({ code: 'BOUNDARY_APPROVAL_AFTER_DENIAL' });
    expect(log.facts.map(({ payload }) => payload.code)).toEqual(['BOUNDARY_APPROVAL_AFTER_DENIAL']);
    expect(await pipeline.execute(createIntent(TWO))).toMatchObject({ code: 'BOUNDARY_APPROVAL_DENIED' });
    expect((await kindsOf(log)).at(-1)).toBe('stream_closed');
    expect(executor.performed).toEqual([]);
  });
});

describe('a wait', () => {
  it('ends when its time is up, and a late approval changes nothing', async () => {
    const { clock, executor, answer, submit } = await createWaiting();
    const envelope = answer(ALICE, 'approve', 7200);
    clock.nowMs += 3_600_000;
    expect(await submit(envelope)).toMatchObject({ status: 'denied', code: 'BOUNDARY_APPROVAL_EXPIRED' });
    expect(executor.performed).toEqual([]);
  });

  it('is still a wait when the same intent is sent again, and expires there too', async () => {
    const { clock, pipeline, log } = await createWaiting();
    expect(await pipeline.execute(createIntent(ONE))).toMatchObject({ status: 'pending_approval' });
    expect(await pipeline.recover('intent-1')).toMatchObject({ status: 'pending_approval' });
    expect(log.appended).toHaveLength(3);
    clock.nowMs += 3_600_000;
    expect(await pipeline.execute(createIntent(ONE))).toMatchObject({ code: 'BOUNDARY_APPROVAL_EXPIRED' });
  });

  it('closes after a denial that a crash kept from closing it', async () => {
    const { answer, submit, log, pipeline } = await createWaiting();
    log.before = (draft) => {
      if (draft.kind === 'stream_closed') throw new Error('crash');
    };
    await expect(submit(answer(ALICE, 'deny'))).rejects.toMatchObject({ code: 'BOUNDARY_LOG_UNAVAILABLE' });
    log.before = () => undefined;
    expect(await pipeline.recover('intent-1')).toMatchObject({ status: 'denied', code: 'BOUNDARY_APPROVAL_DENIED' });
  });

  it.each(['verdict_resolved', 'flushed'])(
    'goes on with the same answer after a fault came behind it: %s',
    async (at) => {
      const { answer, submit, log, executor } = await createWaiting();
      const envelope = answer();
      if (at === 'flushed') {
        log.after = (draft) => {
          if (draft.kind === 'approval_decided') throw new Error('crash');
        };
      } else {
        log.before = (draft) => {
          if (draft.kind === at) throw new Error('crash');
        };
      }
      await expect(submit(envelope)).rejects.toMatchObject({ code: 'BOUNDARY_LOG_UNAVAILABLE' });
      Object.assign(log, { before: () => undefined, after: () => undefined });
      expect(executor.performed).toHaveLength(0);
      expect(await submit(envelope)).toMatchObject({ status: 'completed' });
      expect(executor.performed).toHaveLength(1);
      await expect(submit(envelope)).rejects.toMatchObject({ code: 'BOUNDARY_APPROVAL_REUSED' });
    },
  );

  it('does not end for a boundary without operators', async () => {
    const { options, answer } = await createWaiting();
    const { operators, ...bare } = options;
    expect(operators).toBeTypeOf('object');
    await expect(new ProxyPipeline(bare).submitApproval('intent-1', answer())).rejects.toMatchObject({
      code: 'BOUNDARY_APPROVER_UNKNOWN',
    });
  });
});

describe('the second decision', () => {
  it('is taken on the facts of its own moment: a switch engaged meanwhile stops the action', async () => {
    const { options, executor, answer } = await createWaiting();
    const clear = await clearFacts().gather(createIntent());
    const switches = { ...clear.switches, global: 'engaged' as const };
    const later = new ProxyPipeline({ ...options, facts: { gather: async () => ({ ...clear, switches }) } });
    expect(await later.submitApproval('intent-1', answer())).toMatchObject({
      ...{ status: 'denied', code: 'BOUNDARY_DENIED_BY_SAFETY' },
    });
    expect(executor.performed).toEqual([]);
  });

  it('is not taken under another policy set than people agreed to', async () => {
    const { options, executor, answer, log } = await createWaiting();
    const { policySet } = createTestDecisionPoint();
    const policies = { ...policySet.policies, more: 'permit(principal, action, resource);' };
    const decisionPoint = createDecisionPoint({ policySet: { ...policySet, policies } });
    const later = new ProxyPipeline({ ...options, decisionPoint });
    expect(await later.submitApproval('intent-1', answer())).toMatchObject({
      ...{ status: 'denied', code: 'BOUNDARY_POLICY_CHANGED', isClosed: true },
    });
    expect(executor.performed).toEqual([]);
    expect((await kindsOf(log)).slice(3)).toEqual(['approval_decided', 'stream_closed']);
  });

  it('does not count an answer of an operator revoked since', async () => {
    const { options, executor, answer, submit } = await createWaiting(TWO);
    await submit(answer(ALICE));
    const operators = createOperatorRegistry(
      OPERATORS.map(({ operatorId, signer, roles }) => ({
        ...{ operatorId, vkey: signer.vkey, roles },
        isRevoked: operatorId === 'alice',
      })),
    );
    const later = new ProxyPipeline({ ...options, operators });
    expect(await later.submitApproval('intent-1', answer(BOB))).toMatchObject({ status: 'pending_approval' });
    expect(executor.performed).toEqual([]);
  });

  it('does not count an answer that expired since', async () => {
    const { clock, executor, answer, submit } = await createWaiting(TWO);
    await submit(answer(ALICE, 'approve', 60));
    clock.nowMs += 60_000;
    expect(await submit(answer(BOB))).toMatchObject({ status: 'pending_approval' });
    expect(executor.performed).toEqual([]);
  });

  it('grants no longer than the approvals it rests on last', async () => {
    const { log, answer, submit } = await createWaiting();
    await submit(answer(ALICE, 'approve', 5));
    expect(log.appended[6]?.payload).toMatchObject({ expires_at: '2024-01-01T12:00:05.000Z' });
  });

  it('leads to nothing when the approval expires before the authorisation', async () => {
    const executor = createTestExecutor({
      onValidate: () => {
        clock.nowMs += 5000;
        return { result: 'valid', reason: '', evidence: {} };
      },
    });
    const { options, clock, answer } = await createWaiting();
    const host = createTrustedHost({ executor, targetTimeoutMs: 1000, executionTimeoutMs: 1000 });
    const later = new ProxyPipeline({ ...options, host });
    expect(await later.submitApproval('intent-1', answer(ALICE, 'approve', 5))).toMatchObject({
      ...{ status: 'denied', code: 'BOUNDARY_APPROVAL_EXPIRED', isClosed: true },
    });
    expect(executor.performed).toEqual([]);
  });
});

describe('a forged approval', () => {
  const other = `sha256:${'0'.repeat(64)}`;
  const mallory = createSigner('alice.test', new Uint8Array(32).fill(66));
  const byAlice = (change: object) => (request: ApprovalRequest) => forge(request, change);
  const forAction = (change: object) => (request: ApprovalRequest) => forgeAction(request, change);
  const flip = (text: string) => (text[0] === 'A' ? 'B' : 'A') + text.slice(1);
  const cases: [string, (request: ApprovalRequest) => unknown, string][] = [
    ['for another intent', byAlice({ intent_digest: other }), 'BOUNDARY_APPROVAL_INTENT_MISMATCH'],
    ['for another decision', byAlice({ decision_digest: other }), 'BOUNDARY_APPROVAL_DECISION_MISMATCH'],
    ['for another policy set', byAlice({ policy_digest: other }), 'BOUNDARY_APPROVAL_POLICY_MISMATCH'],
    ['of something else than was shown', byAlice({ request_digest: other }), 'BOUNDARY_APPROVAL_REQUEST_MISMATCH'],
    ['that does not say what it is for', byAlice({ action: undefined }), 'BOUNDARY_APPROVAL_MALFORMED'],
    ['for other arguments', forAction({ parameters_digest: other }), 'BOUNDARY_APPROVAL_PARAMETERS_MISMATCH'],
    ['for another target', forAction({ target: '/data/ask/y' }), 'BOUNDARY_APPROVAL_TARGET_MISMATCH'],
    ['for another kind of action', forAction({ action_type: 'delete' }), 'BOUNDARY_APPROVAL_TARGET_MISMATCH'],
    ['for another actor', forAction({ actor_id: 'agent-2' }), 'BOUNDARY_APPROVAL_ACTOR_MISMATCH'],
    ['for another tenant', forAction({ tenant_id: 'other' }), 'BOUNDARY_APPROVAL_SCOPE_MISMATCH'],
    ['for another cell', forAction({ cell_id: 'other' }), 'BOUNDARY_APPROVAL_SCOPE_MISMATCH'],
    ['for another action of the same content', forAction({ intent_id: 'i' }), 'BOUNDARY_APPROVAL_INTENT_MISMATCH'],
    ['that has expired', byAlice({ expires_at: '2024-01-01T12:00:00.000Z' }), 'BOUNDARY_APPROVAL_EXPIRED'],
    ['that expires on no day', byAlice({ expires_at: '2024-02-30T12:00:00.000Z' }), 'BOUNDARY_APPROVAL_MALFORMED'],
    ['in the name of another operator', byAlice({ approver_id: 'bob' }), 'BOUNDARY_APPROVER_UNKNOWN'],
    ['with a member more', byAlice({ scope: 'all' }), 'BOUNDARY_APPROVAL_MALFORMED'],
    ['with an unknown verdict', byAlice({ verdict: 'approved' }), 'BOUNDARY_APPROVAL_MALFORMED'],
    ['by an unknown key', (request) => forge(request, {}, mallory), 'BOUNDARY_APPROVER_UNKNOWN'],
    ['by the boundary itself', (request) => forge(request, {}, BOUNDARY_SIGNER), 'BOUNDARY_APPROVER_UNKNOWN'],
    [
      'by an unknown key that gives itself out for a known one',
      (request) => {
        const [known] = forge(request, {}).signatures;
        const envelope = forge(request, {}, mallory);
        return { ...envelope, signatures: [{ ...envelope.signatures[0], keyid: known?.keyid }] };
      },
      'BOUNDARY_APPROVAL_SIGNATURE_INVALID',
    ],
    [
      'whose payload was altered',
      (request) => ({ ...forge(request, { verdict: 'deny' }), payload: forge(request, {}).payload }),
      'BOUNDARY_APPROVAL_SIGNATURE_INVALID',
    ],
    [
      'whose signature was altered',
      (request) => {
        const envelope = forge(request, {});
        const [signature] = envelope.signatures;
        return { ...envelope, signatures: [{ ...signature, sig: flip(signature?.sig ?? '') }] };
      },
      'BOUNDARY_APPROVAL_SIGNATURE_INVALID',
    ],
    [
      'of another payload type',
      (request) => forge(request, {}, ALICE.signer, 'application/vnd.in-toto+json'),
      'BOUNDARY_APPROVAL_MALFORMED',
    ],
    [
      'whose type was altered',
      (request) => ({ ...forge(request, {}), payloadType: 'application/json' }),
      'BOUNDARY_APPROVAL_SIGNATURE_INVALID',
    ],
    [
      'with two signatures',
      (request) => {
        const [one, two] = [forge(request, {}), forge(request, {}, BOB.signer)];
        return { ...one, signatures: [...one.signatures, ...two.signatures] };
      },
      'BOUNDARY_APPROVAL_MALFORMED',
    ],
    ['that is not signed', (request) => ({ ...forge(request, {}), signatures: [] }), 'BOUNDARY_APPROVAL_UNSIGNED'],
    ['that is plain text', () => 'approved by alice', 'BOUNDARY_APPROVAL_MALFORMED'],
    ['that is nothing', () => null, 'BOUNDARY_APPROVAL_MALFORMED'],
    [
      'that is not canonical JSON',
      (request) => {
        const { payload } = forge(request, {});
        const spaced = new TextEncoder().encode(` ${Buffer.from(payload, 'base64').toString()}`);
        return signEnvelope({ payloadType: APPROVAL_PAYLOAD_TYPE, payload: spaced, signers: [ALICE.signer] });
      },
      'BOUNDARY_APPROVAL_MALFORMED',
    ],
  ];
  it.each(cases)('%s is refused, changes nothing and runs nothing', async (_, forgery, code) => {
    const { executor, log, request, submit, answer } = await createWaiting();
    await expect(submit(forgery(request))).rejects.toMatchObject({ code });
    expect(log.appended).toHaveLength(3);
    expect(log.facts).toMatchObject([
      { kind: 'attempt_refused', payload: { attempt: 'approval', stream: 'intent-1', code } },
    ]);
    expect(executor.performed).toEqual([]);
    expect(await submit(answer())).toMatchObject({ status: 'completed' });
  });

  it('says on record which keys it named and what was handed in, and calls somebody', async () => {
    const raised: Alert[] = [];
    const { options, request, log } = await createWaiting();
    const later = new ProxyPipeline({ ...options, alerts: { raise: async (alert) => void raised.push(alert) } });
    const envelope = forge(request, {}, mallory);
    await expect(later.submitApproval('intent-1', envelope)).rejects.toThrow();
    expect(log.facts[0]?.payload).toMatchObject({
      attempt_digest: digestValue(ATTEMPT_DIGEST_DOMAIN, envelope),
      key_ids: [envelope.signatures[0]?.keyid],
    });
    expect(raised).toMatchObject([{ kind: 'attempt_refused', code: 'BOUNDARY_APPROVER_UNKNOWN', stream: 'intent-1' }]);
  });

  it('is refused as unrecorded when the refusal cannot be recorded', async () => {
    const { options, request, log } = await createWaiting();
    const appendCell = () => Promise.reject(new Error('disk full'));
    const later = new ProxyPipeline({ ...options, log: { ...log, appendCell } });
    await expect(later.submitApproval('intent-1', forge(request, {}, mallory))).rejects.toMatchObject({
      ...{ code: 'BOUNDARY_LOG_UNAVAILABLE', cause: { code: 'BOUNDARY_APPROVER_UNKNOWN' } },
    });
  });

  it('inside the message of the agent is refused, wherever it stands', async () => {
    const { request, executor } = await createWaiting();
    const approval = JSON.parse(JSON.stringify(forge(request, {})));
    const { pipeline, log } = createTestBoundary({ executor });
    const intents = [
      createIntent({ ...ONE, parameters: { approval, approved: true } }),
      createIntent({ ...ONE, safety_context: { deep: [[{ approval }]] } }),
      { ...createIntent(ONE), approval },
    ];
    const code = 'BOUNDARY_APPROVAL_IN_INTENT';
    for (const intent of intents) await expect(pipeline.execute(intent)).rejects.toMatchObject({ code });
    expect(log.facts.map(({ payload }) => payload)).toMatchObject(
      intents.map(() => ({ attempt: 'intent', stream: 'intent-1', code })),
    );
    expect(log.appended).toEqual([]);
    expect(executor.performed).toEqual([]);
  });

  it('in words approves nothing', async () => {
    const change = { ...ONE, parameters: { approved: true }, safety_context: { approved_by: 'alice' } };
    expect(await createTestBoundary().pipeline.execute(createIntent(change))).toMatchObject({
      status: 'pending_approval',
    });
  });

  it('of an earlier action does not fit a later one of the same content', async () => {
    const { answer, submit, pipeline, executor } = await createWaiting();
    const envelope = answer();
    await submit(envelope);
    await pipeline.execute(createIntent({ ...ONE, intent_id: 'intent-2' }));
    await expect(pipeline.submitApproval('intent-2', envelope)).rejects.toMatchObject({
      code: 'BOUNDARY_APPROVAL_INTENT_MISMATCH',
    });
    await expect(submit(envelope)).rejects.toMatchObject({ code: 'BOUNDARY_APPROVAL_REUSED' });
    expect(executor.performed).toHaveLength(1);
  });

  it('by the requester is refused', async () => {
    const { answer, submit, executor } = await createWaiting({ ...ONE, actor_id: 'alice' });
    await expect(submit(answer())).rejects.toMatchObject({ code: 'BOUNDARY_APPROVAL_BY_REQUESTER' });
    expect(executor.performed).toEqual([]);
  });

  it('by whoever answers for the requester is refused', async () => {
    const { options, answer } = await createWaiting();
    const later = new ProxyPipeline({ ...options, operators: registryOf({ alice: { actorIds: ['agent-1'] } }) });
    await expect(later.submitApproval('intent-1', answer())).rejects.toMatchObject({
      code: 'BOUNDARY_APPROVAL_BY_REQUESTER',
    });
    expect(await later.submitApproval('intent-1', answer(BOB))).toMatchObject({ status: 'completed' });
  });

  it('by a revoked operator is refused', async () => {
    const { options, answer } = await createWaiting();
    const later = new ProxyPipeline({ ...options, operators: registryOf({ alice: { isRevoked: true } }) });
    await expect(later.submitApproval('intent-1', answer())).rejects.toMatchObject({
      code: 'BOUNDARY_APPROVER_REVOKED',
    });
  });

  it.each([
    ['the class stated', {}, 'A0_observe' as const],
    ['the least class', { 'test.act': 'A1_soft_containment' as const }, 'A0_observe' as const],
  ])('by somebody not cleared for %s is refused', async (_, actionClassFloors, clearance) => {
    const { options, answer } = await createWaiting(ONE, actionClassFloors);
    const later = (level: typeof clearance | 'A1_soft_containment') =>
      new ProxyPipeline({ ...options, operators: registryOf({ alice: { clearance: level } }) });
    await expect(later(clearance).submitApproval('intent-1', answer())).rejects.toMatchObject({
      code: 'BOUNDARY_APPROVAL_CLEARANCE_MISSING',
    });
    expect(await later('A1_soft_containment').submitApproval('intent-1', answer())).toMatchObject({
      status: 'completed',
    });
  });

  it('by somebody without the role is refused', async () => {
    const { answer, submit } = await createWaiting(TWO);
    await expect(submit(answer(CAROL))).rejects.toMatchObject({ code: 'BOUNDARY_APPROVAL_ROLE_MISSING' });
  });

  it('by the same person twice is refused, with the same key and with a second one', async () => {
    const { options, log, answer, submit } = await createWaiting(TWO);
    await submit(answer(ALICE));
    await expect(submit(answer(ALICE))).rejects.toMatchObject({ code: 'BOUNDARY_APPROVAL_DUPLICATE' });
    const second = createSigner('alice-2.test', new Uint8Array(32).fill(77));
    const people = [...OPERATORS, { ...ALICE, signer: second }];
    const operators = createOperatorRegistry(
      people.map(({ operatorId, signer, roles }) => ({ operatorId, vkey: signer.vkey, roles, isRevoked: false })),
    );
    const later = new ProxyPipeline({ ...options, operators });
    const again = answer({ ...ALICE, signer: second });
    await expect(later.submitApproval('intent-1', again)).rejects.toMatchObject({
      code: 'BOUNDARY_APPROVAL_DUPLICATE',
    });
    expect(log.appended).toHaveLength(4);
  });

  it('for a stream that waits for nothing is refused', async () => {
    const { answer } = await createWaiting();
    const { pipeline } = createTestBoundary();
    await pipeline.execute(createIntent());
    await expect(pipeline.submitApproval('intent-1', answer())).rejects.toMatchObject({
      code: 'BOUNDARY_ACTION_NOT_WAITING',
    });
  });
});

describe('signApproval', () => {
  it('refuses what the format cannot hold', async () => {
    const { request } = await createWaiting();
    const base = { request, verdict: 'approve' as const, signer: ALICE.signer, ttlSeconds: 60 };
    const sources = { clock: createTestClock(), random: countingRandom() };
    expect(() => signApproval({ ...base, ...sources, approverId: 'a b', reason: '' })).toThrow(TypeError);
    expect(() => signApproval({ ...base, ...sources, approverId: 'alice', reason: 'a\nb' })).toThrow(TypeError);
  });
});

describe('createOperatorRegistry', () => {
  const operator = { operatorId: 'alice', vkey: ALICE.signer.vkey, roles: [], isRevoked: false };
  it('refuses a key that two operators would share, and text that is no key', () => {
    expect(() => createOperatorRegistry([operator, { ...operator, operatorId: 'bob' }])).toThrow(TypeError);
    const malformed = expect.objectContaining({ code: 'CANONICAL_KEY_MALFORMED' });
    expect(() => createOperatorRegistry([{ ...operator, vkey: 'alice' }])).toThrow(malformed);
  });

  it('finds operators by key id, and nobody by another one', async () => {
    const registry = createOperatorRegistry([operator]);
    const { keyid } = (forge(await waitingRequest(), {}) as DsseEnvelope).signatures[0] ?? { keyid: '' };
    expect((await registry.findByKeyId(keyid)).map(({ operatorId }) => operatorId)).toEqual(['alice']);
    expect(await registry.findByKeyId(encodeHex(new Uint8Array(4)))).toEqual([]);
  });
});

async function waitingRequest(): Promise<ApprovalRequest> {
  return (await createWaiting()).request;
}
