import type { DsseEnvelope } from '@exoarmur/contracts';
import { createTestExecutor } from '@exoarmur/executors';
import { describe, expect, it } from 'vitest';
import { createIntent, createTestBoundary, kindsOf, OPERATORS } from '../test/boundary.ts';
import {
  BoundaryError,
  createOperatorRegistry,
  createTrustedHost,
  ProxyPipeline,
  signApproval,
  signApprovalRevocation,
} from './index.ts';

const [ALICE, BOB] = OPERATORS as [(typeof OPERATORS)[0], (typeof OPERATORS)[0]];

async function createHalfApproved() {
  const executor = createTestExecutor();
  const boundary = createTestBoundary({ executor });
  const pending = await boundary.pipeline.execute(createIntent({ target: '/data/quorum/x' }));
  if (pending.status !== 'pending_approval') throw new Error(pending.status);
  const { clock, random, pipeline } = boundary;
  const sign = (
    { operatorId: approverId, signer }: typeof ALICE,
    verdict: 'approve' | 'deny' = 'approve',
    { ttlSeconds = 600 } = {},
  ) => signApproval({ request: pending.request, verdict, approverId, signer, clock, random, reason: '', ttlSeconds });
  const approval = sign(ALICE);
  await pipeline.submitApproval('intent-1', approval);
  const takeBack = (of: DsseEnvelope, by = ALICE, name = by.operatorId, intentDigest = pending.intentDigest) =>
    signApprovalRevocation({
      approval: of,
      intentDigest,
      approverId: name,
      reason: 'second thought',
      signer: by.signer,
    });
  return { ...boundary, executor, approval, sign, takeBack };
}

describe('an approval taken back', () => {
  it('counts no more, and the action still waits', async () => {
    const { pipeline, log, executor, approval, sign, takeBack } = await createHalfApproved();
    expect(await pipeline.revokeApproval('intent-1', takeBack(approval))).toMatchObject({ status: 'pending_approval' });
    expect(await pipeline.submitApproval('intent-1', sign(BOB))).toMatchObject({ status: 'pending_approval' });
    expect(executor.performed).toEqual([]);
    expect(await pipeline.submitApproval('intent-1', sign(ALICE))).toMatchObject({ status: 'completed' });
    expect((await kindsOf(log)).slice(3, 7)).toEqual([
      ...['approval_decided', 'approval_revoked', 'approval_decided', 'approval_decided'],
    ]);
    await (await pipeline.recover('intent-1')).bundle();
  });

  it('cannot be handed in again', async () => {
    const { pipeline, approval, takeBack } = await createHalfApproved();
    await pipeline.revokeApproval('intent-1', takeBack(approval));
    const refused = await pipeline.revokeApproval('intent-1', takeBack(approval)).catch((error) => error);
    expect([refused.code, refused.cause]).toEqual(['BOUNDARY_APPROVAL_UNKNOWN', undefined]);
    await expect(pipeline.submitApproval('intent-1', approval)).rejects.toMatchObject({
      code: 'BOUNDARY_APPROVAL_REUSED',
    });
  });

  it.each<[string, string, (made: Awaited<ReturnType<typeof createHalfApproved>>) => unknown]>([
    ['by somebody else', 'BOUNDARY_APPROVAL_UNKNOWN', ({ takeBack, approval }) => takeBack(approval, BOB)],
    [
      'in the name of the giver',
      'BOUNDARY_APPROVER_UNKNOWN',
      ({ takeBack, approval }) => takeBack(approval, BOB, 'alice'),
    ],
    ['that was never given', 'BOUNDARY_APPROVAL_UNKNOWN', ({ takeBack, sign }) => takeBack(sign(ALICE))],
    [
      'of another intent',
      'BOUNDARY_APPROVAL_INTENT_MISMATCH',
      ({ takeBack, approval }) => takeBack(approval, ALICE, 'alice', `sha256:${'0'.repeat(64)}`),
    ],
    ['by an approval in its place', 'BOUNDARY_APPROVAL_MALFORMED', ({ sign }) => sign(ALICE)],
  ])('%s is refused, and the approval holds', async (_, code, forge) => {
    const made = await createHalfApproved();
    await expect(made.pipeline.revokeApproval('intent-1', forge(made))).rejects.toMatchObject({ code });
    expect(made.log.facts).toMatchObject([{ payload: { attempt: 'approval_revocation', code } }]);
    expect(await made.pipeline.submitApproval('intent-1', made.sign(BOB))).toMatchObject({ status: 'completed' });
  });

  it('is not needed to say no: whoever has agreed may still deny', async () => {
    const { pipeline, executor, sign } = await createHalfApproved();
    await expect(pipeline.submitApproval('intent-1', sign(ALICE))).rejects.toMatchObject({
      code: 'BOUNDARY_APPROVAL_DUPLICATE',
    });
    expect(await pipeline.submitApproval('intent-1', sign(ALICE, 'deny'))).toMatchObject({ status: 'denied' });
    expect(executor.performed).toEqual([]);
    await (await pipeline.recover('intent-1')).bundle();
  });

  it('cannot be a denial, nor can the end be taken back', async () => {
    const { pipeline, sign, takeBack } = await createHalfApproved();
    const denial = sign(BOB, 'deny');
    await pipeline.submitApproval('intent-1', denial);
    await expect(pipeline.revokeApproval('intent-1', takeBack(denial, BOB))).rejects.toMatchObject({
      code: 'BOUNDARY_APPROVAL_AFTER_DENIAL',
    });
  });

  it.each([{ approverId: 'a b' }, { reason: 'two\nlines' }])(
    'is not signed as what it cannot be: %j',
    async (change) => {
      const { approval } = await createHalfApproved();
      const base = { approval, intentDigest: `sha256:${'0'.repeat(64)}` as const, signer: ALICE.signer };
      expect(() => signApprovalRevocation({ ...base, approverId: 'alice', reason: '', ...change })).toThrow(TypeError);
    },
  );
});

describe('an approval withdrawn before it was taken', () => {
  it('is recorded with its revocation, so that no copy of it counts', async () => {
    const { pipeline, log, executor, sign, takeBack } = await createHalfApproved();
    const untaken = sign(BOB);
    const before = log.appended.length;
    expect(await pipeline.revokeApproval('intent-1', takeBack(untaken, BOB), untaken)).toMatchObject({
      status: 'pending_approval',
    });
    expect(log.appended.slice(before).map(({ kind, actor }) => [kind, actor.id])).toEqual([
      ['approval_decided', 'bob'],
      ['approval_revoked', 'bob'],
    ]);
    await expect(pipeline.submitApproval('intent-1', untaken)).rejects.toMatchObject({
      code: 'BOUNDARY_APPROVAL_REUSED',
    });
    expect(executor.performed).toEqual([]);
    expect(await pipeline.submitApproval('intent-1', sign(BOB))).toMatchObject({ status: 'completed' });
    await (await pipeline.recover('intent-1')).bundle();
  });

  it('is withdrawn once', async () => {
    const { pipeline, log, sign, takeBack } = await createHalfApproved();
    const untaken = sign(BOB);
    await pipeline.revokeApproval('intent-1', takeBack(untaken, BOB), untaken);
    const before = log.appended.length;
    await expect(pipeline.revokeApproval('intent-1', takeBack(untaken, BOB), untaken)).rejects.toMatchObject({
      code: 'BOUNDARY_APPROVAL_UNKNOWN',
    });
    expect(log.appended).toHaveLength(before);
  });

  it('that lies beside one on record does not matter: that one is revoked', async () => {
    const { pipeline, log, approval, takeBack } = await createHalfApproved();
    const before = log.appended.length;
    await pipeline.revokeApproval('intent-1', takeBack(approval), {});
    expect(log.appended.slice(before).map(({ kind }) => kind)).toEqual(['approval_revoked']);
  });

  it.each<[string, string, string | undefined, (made: Awaited<ReturnType<typeof createHalfApproved>>) => unknown[]]>([
    [
      'of another operator',
      'BOUNDARY_APPROVER_UNKNOWN',
      undefined,
      ({ sign, takeBack }) => {
        const of = sign(BOB);
        return [takeBack(of), of];
      },
    ],
    [
      'that the revocation does not name',
      'BOUNDARY_APPROVAL_UNKNOWN',
      undefined,
      ({ sign, takeBack }) => [takeBack(sign(BOB), BOB), sign(BOB)],
    ],
    [
      'that is a denial',
      'BOUNDARY_APPROVAL_UNKNOWN',
      undefined,
      ({ sign, takeBack }) => {
        const of = sign(BOB, 'deny');
        return [takeBack(of, BOB), of];
      },
    ],
    [
      'that is none',
      'BOUNDARY_APPROVAL_UNKNOWN',
      'BOUNDARY_APPROVAL_MALFORMED',
      ({ sign, takeBack }) => [takeBack(sign(BOB), BOB), {}],
    ],
  ])('%s is refused, and nothing is recorded of the action', async (_, code, cause, make) => {
    const made = await createHalfApproved();
    const before = made.log.appended.length;
    const [revocation, untaken] = make(made);
    const refused = made.pipeline.revokeApproval('intent-1', revocation, untaken);
    await expect(refused).rejects.toMatchObject({ code, ...(cause === undefined ? {} : { cause: { code: cause } }) });
    expect(made.log.appended).toHaveLength(before);
    expect(await made.pipeline.submitApproval('intent-1', made.sign(BOB))).toMatchObject({ status: 'completed' });
  });

  it.each([
    ['it has expired', 600, 600_000],
    ['the request has expired', 1_000_000, 3_600_000],
  ])('is not recorded after %s', async (_, ttlSeconds, wait) => {
    const { pipeline, log, clock, sign, takeBack } = await createHalfApproved();
    const untaken = sign(BOB, 'approve', { ttlSeconds });
    const revocation = takeBack(untaken, BOB);
    const before = (await kindsOf(log)).length;
    log.before = async () => {
      clock.nowMs += wait;
    };
    await expect(pipeline.revokeApproval('intent-1', revocation, untaken)).rejects.toMatchObject({
      code: 'BOUNDARY_STEP_UNLAWFUL',
    });
    expect(await kindsOf(log)).toHaveLength(before);
  });

  it('is recorded also where it could not count now, because later it might', async () => {
    const { pipeline, log, clock, executor, sign, takeBack } = await createHalfApproved();
    // Whoever gave it has another one on record, which expires first.
    const untaken = sign(ALICE, 'approve', { ttlSeconds: 3000 });
    const before = log.appended.length;
    await pipeline.revokeApproval('intent-1', takeBack(untaken), untaken);
    expect(log.appended.slice(before).map(({ kind }) => kind)).toEqual(['approval_decided', 'approval_revoked']);
    clock.nowMs += 700_000;
    await expect(pipeline.submitApproval('intent-1', untaken)).rejects.toMatchObject({
      code: 'BOUNDARY_APPROVAL_REUSED',
    });
    expect(await pipeline.submitApproval('intent-1', sign(BOB))).toMatchObject({ status: 'pending_approval' });
    expect(executor.performed).toEqual([]);
  });

  it('is not recorded when the requester gave it, who can never agree', async () => {
    const { options, log, sign, takeBack } = await createHalfApproved();
    const { actor_id } = createIntent();
    const agent = { operatorId: actor_id, signer: BOB.signer, roles: BOB.roles };
    const untaken = sign(agent);
    const operators = createOperatorRegistry([
      { operatorId: actor_id, vkey: BOB.signer.vkey, roles: BOB.roles, isRevoked: false },
    ]);
    const later = new ProxyPipeline({ ...options, operators });
    const before = log.appended.length;
    await expect(later.revokeApproval('intent-1', takeBack(untaken, agent), untaken)).rejects.toMatchObject({
      code: 'BOUNDARY_APPROVAL_UNKNOWN',
    });
    expect(log.appended).toHaveLength(before);
  });

  it.each([
    ['is silent', new Error('busy'), 'BOUNDARY_OPERATORS_UNAVAILABLE'],
    [
      'fails with an error of the boundary',
      new BoundaryError('BOUNDARY_LOG_UNAVAILABLE', 'x'),
      'BOUNDARY_LOG_UNAVAILABLE',
    ],
  ])('is not judged while the registry %s', async (_, fault, code) => {
    const { options, sign, takeBack } = await createHalfApproved();
    const { operators: registry } = options;
    let asked = 0;
    const operators = {
      findByKeyId: async (keyId: string) => {
        if (++asked === 2) throw fault;
        return registry?.findByKeyId(keyId) ?? [];
      },
    };
    const untaken = sign(BOB);
    const later = new ProxyPipeline({ ...options, operators });
    await expect(later.revokeApproval('intent-1', takeBack(untaken, BOB), untaken)).rejects.toMatchObject({
      code,
    });
    expect(await later.revokeApproval('intent-1', takeBack(untaken, BOB), untaken)).toMatchObject({
      status: 'pending_approval',
    });
  });
});

describe('an operator revoked between the decision and the authorisation', () => {
  it('takes the authority along', async () => {
    const { options, log, executor, sign } = await createHalfApproved();
    let isRevoked = false;
    const operators = {
      findByKeyId: async (keyId: string) => {
        const people = OPERATORS.map(({ operatorId, signer, roles }) => ({
          ...{ operatorId, vkey: signer.vkey, roles },
          isRevoked: isRevoked && operatorId === 'alice',
        }));
        return createOperatorRegistry(people).findByKeyId(keyId);
      },
    };
    const revoking = createTestExecutor({
      onValidate: () => {
        isRevoked = true;
        return { result: 'valid', reason: '', evidence: {} };
      },
    });
    const host = createTrustedHost({ executor: revoking, targetTimeoutMs: 1000, executionTimeoutMs: 1000 });
    const later = new ProxyPipeline({ ...options, operators, host });
    expect(await later.submitApproval('intent-1', sign(BOB))).toMatchObject({
      ...{ status: 'denied', code: 'BOUNDARY_APPROVAL_REVOKED', isClosed: true },
    });
    expect([...executor.performed, ...revoking.performed]).toEqual([]);
    expect(await kindsOf(log)).not.toContain('execution_authorized');
  });
});
