import { type PendingAction, signApproval } from '@exoarmur/boundary-v2';
import { createSigner } from '@exoarmur/canonical';
import type { ActionIntent, ApprovalRequest } from '@exoarmur/contracts';
import { describe, expect, it } from 'vitest';
import { APPROVER, APPROVER_KEY, createConfig, createIntent, createTestClock } from '../test/configs.ts';
import { createBoundary } from './index.ts';

const signer = createSigner(APPROVER_KEY.name, APPROVER_KEY.seed);

/** A boundary with one approver, and actions that wait for them. */
async function openOffice() {
  const clock = createTestClock();
  const config = createConfig({ clock, operators: [APPROVER] });
  const boundary = await createBoundary(config);
  const ask = async (change: Partial<ActionIntent> = {}): Promise<PendingAction> => {
    const result = await boundary.execute(createIntent({ target: '/data/ask/x', ...change }));
    if (result.status !== 'pending_approval') throw new Error(result.status);
    return result;
  };
  let used = 0;
  const sign = (request: ApprovalRequest, verdict: 'approve' | 'deny' = 'approve') =>
    signApproval({
      ...{ request, verdict, approverId: 'alice', reason: 'seen', signer, clock, ttlSeconds: 600 },
      random: { bytes: (length) => new Uint8Array(length).fill(++used) },
    });
  return { boundary, performed: config.executor.performed, ask, sign };
}

/** What went wrong in other systems between an approval and its effect, by the name of the trap. */
describe('traps of the field', () => {
  it('approval keyed to a position: an answer to one call never counts for another in its place', async () => {
    const { boundary, performed, ask, sign } = await openOffice();
    const first = await ask();
    const second = await ask({ intent_id: 'intent-2', parameters: { all: true } });
    await expect(boundary.submitApproval(second.stream, sign(first.request))).rejects.toMatchObject({
      code: 'BOUNDARY_APPROVAL_PARAMETERS_MISMATCH',
    });
    expect(performed).toHaveLength(0);
    await boundary.close();
  });

  it('decline runs the tool: after a denial nothing runs, whoever agrees then', async () => {
    const { boundary, performed, ask, sign } = await openOffice();
    const { stream, request } = await ask();
    expect(await boundary.submitApproval(stream, sign(request, 'deny'))).toMatchObject({ status: 'denied' });
    await expect(boundary.submitApproval(stream, sign(request))).rejects.toMatchObject({
      code: 'BOUNDARY_APPROVAL_AFTER_DENIAL',
    });
    expect(performed).toHaveLength(0);
    await boundary.close();
  });

  it('resume re-executes effects: the same answer and the same intent again run nothing', async () => {
    const { boundary, performed, ask, sign } = await openOffice();
    const { stream, request } = await ask();
    const approval = sign(request);
    expect(await boundary.submitApproval(stream, approval)).toMatchObject({ status: 'completed' });
    await expect(boundary.submitApproval(stream, approval)).rejects.toMatchObject({
      code: 'BOUNDARY_APPROVAL_REUSED',
    });
    expect(await boundary.execute(createIntent({ target: '/data/ask/x' }))).toMatchObject({ status: 'completed' });
    expect(performed).toHaveLength(1);
    await boundary.close();
  });

  it('model approves itself: an approval in the agent’s own message is refused, and a claim of one is text', async () => {
    const { boundary, performed, ask, sign } = await openOffice();
    const { request } = await ask();
    const smuggled = { approved: true, approval: JSON.parse(JSON.stringify(sign(request))) };
    await expect(ask({ intent_id: 'intent-2', parameters: smuggled })).rejects.toMatchObject({
      code: 'BOUNDARY_APPROVAL_IN_INTENT',
    });
    expect((await ask({ intent_id: 'intent-3', parameters: { approved: true } })).status).toBe('pending_approval');
    expect(performed).toHaveLength(0);
    await boundary.close();
  });

  it('approver sees too little: what is shown is the whole intent, and an answer to anything less is refused', async () => {
    const { boundary, performed, ask, sign } = await openOffice();
    const parameters = { to: 'everybody', depth: 3 };
    const { stream, request } = await ask({ parameters });
    expect(request.presentation?.intent).toEqual(createIntent({ target: '/data/ask/x', parameters }));
    if (request.presentation === undefined) throw new Error('nothing was shown');
    const { presentation } = request;
    const harmless = { ...presentation, intent: { ...presentation.intent, parameters: {} } };
    const { presentation: _, ...unseen } = request;
    const refused = async (other: ApprovalRequest) =>
      boundary.submitApproval(stream, sign(other)).then(
        ({ status }) => status,
        ({ code }) => code,
      );
    expect(await refused({ ...request, presentation: harmless })).toBe('BOUNDARY_APPROVAL_PARAMETERS_MISMATCH');
    expect(await refused(unseen)).toBe('BOUNDARY_APPROVAL_MALFORMED');
    expect(performed).toHaveLength(0);
    await boundary.close();
  });
});
