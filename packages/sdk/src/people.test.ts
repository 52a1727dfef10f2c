import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { signApproval, signApprovalRevocation, signResolution, signStandingGrant } from '@exoarmur/boundary-v2';
import { createSigner, formatTime } from '@exoarmur/canonical';
import type { Alert } from '@exoarmur/contracts';
import { createTestExecutor } from '@exoarmur/executors';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { APPROVER, APPROVER_KEY, createConfig, createIntent, createTestClock, POLICY_SET } from '../test/configs.ts';
import { createBoundary, openApprovalDesk } from './index.ts';

let home = '';
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'exoarmur-people-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const random = { bytes: (length: number) => new Uint8Array(length).fill(9) };
const alice = createSigner(APPROVER_KEY.name, APPROVER_KEY.seed);
const bob = createSigner('bob.test', new Uint8Array(32).fill(4));
const BOB = { ...APPROVER, operatorId: 'bob', vkey: bob.vkey };

describe('an approval that its giver no longer stands by', () => {
  it('counts no longer, so another one alone is not enough', async () => {
    const clock = createTestClock();
    const policies = {
      ...POLICY_SET.policies,
      'ask-person': '@approval("quorum") @quorum("2")\nforbid(principal, action, resource in Directory::"/data/ask");',
    };
    const config = createConfig({ clock, operators: [APPROVER, BOB], policy: { set: { ...POLICY_SET, policies } } });
    const boundary = await createBoundary(config);
    const pending = await boundary.execute(createIntent({ target: '/data/ask/x' }));
    if (pending.status !== 'pending_approval') throw new Error(pending.status);
    const { request, stream, intentDigest } = pending;
    const common = { request, verdict: 'approve', reason: 'seen', clock, ttlSeconds: 600 } as const;
    const approval = signApproval({ ...common, approverId: 'alice', signer: alice, random });
    expect(await boundary.submitApproval(stream, approval)).toMatchObject({ status: 'pending_approval' });
    const revocation = { approval, intentDigest, approverId: 'alice', reason: 'mistaken', signer: alice };
    expect(await boundary.revokeApproval(stream, signApprovalRevocation(revocation))).toMatchObject({
      status: 'pending_approval',
    });
    const other = signApproval({ ...common, approverId: 'bob', signer: bob, random });
    expect(await boundary.submitApproval(stream, other)).toMatchObject({ status: 'pending_approval' });
    expect(config.executor.performed).toHaveLength(0);
    await boundary.close();
  });
});

describe('what a person agrees to in advance', () => {
  it('stands for their approval as often as they said, and until they take it back', async () => {
    const clock = createTestClock();
    const config = createConfig({ clock, operators: [APPROVER] });
    const boundary = await createBoundary(config);
    const envelope = signStandingGrant({
      signer: alice,
      random,
      grant: {
        ...{ tenant_id: 'demo', cell_id: 'demo', actor_id: 'agent-1', action_type: 'test.act' },
        ...{ action_class: 'A1_soft_containment', target: { match: 'below', value: '/data/ask' }, parameters: [] },
        ...{ policy_digest: boundary.policyDigest, max_uses: 2, granted_by: 'alice', reason: 'a long night' },
        not_before: formatTime(clock.nowMs),
        expires_at: formatTime(clock.nowMs + 3_600_000),
      },
    });
    const digest = await boundary.addStandingGrant(envelope);
    const ask = (id: string) => boundary.execute(createIntent({ intent_id: id, target: '/data/ask/x' }));
    expect((await ask('one')).status).toBe('completed');
    await boundary.revokeStandingGrant(digest, 'alice');
    expect((await ask('two')).status).toBe('pending_approval');
    expect(config.executor.performed).toHaveLength(1);
    await boundary.close();
  });
});

describe('an action of which nobody knows whether it happened', () => {
  it('calls somebody, is listed until a person has found out, and is settled once', async () => {
    const clock = createTestClock();
    const alerts: Alert[] = [];
    const executor = createTestExecutor({
      onExecute: async () => {
        throw new Error('the line went dead');
      },
    });
    const store = { path: join(home, 'a.db') };
    const boundary = await createBoundary(
      createConfig({
        ...{ clock, store, operators: [APPROVER] },
        executors: [{ hosting: 'in_process_trusted', executor }],
        alerts: { raise: async (alert) => void alerts.push(alert) },
      }),
    );
    const result = await boundary.execute(createIntent());
    if (result.status !== 'ambiguous' || result.outcome === null) throw new Error(result.status);
    expect(alerts).toMatchObject([{ stream: 'intent-1' }]);
    const desk = openApprovalDesk({ store, tenant: 'demo', cell: 'demo', clock });
    expect(await desk.listAmbiguous()).toMatchObject([{ stream: 'intent-1', outcome: { status: 'ambiguous' } }]);
    const { outcome } = result;
    const finding = { outcome, finding: 'did_not_happen', reason: 'looked', random } as const;
    const stranger = signResolution({ ...finding, resolverId: 'bob', signer: bob });
    await expect(boundary.resolve('intent-1', stranger)).rejects.toMatchObject({ code: 'BOUNDARY_APPROVER_UNKNOWN' });
    const found = signResolution({ ...finding, resolverId: 'alice', signer: alice });
    expect(await boundary.resolve('intent-1', found)).toMatchObject({
      status: 'ambiguous',
      resolution: 'did_not_happen',
    });
    expect(await desk.listAmbiguous()).toEqual([]);
    await expect(boundary.resolve('intent-1', found)).rejects.toMatchObject({ code: 'BOUNDARY_NOT_AMBIGUOUS' });
    expect(executor.performed).toHaveLength(1);
    await desk.close();
    await boundary.close();
  });
});
