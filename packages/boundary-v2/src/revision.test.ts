import { createTestExecutor } from '@exoarmur/executors';
import { describe, expect, it } from 'vitest';
import { createIntent, createTestBoundary, kindsOf, OPERATORS } from '../test/boundary.ts';
import { reviseIntent, signApproval } from './index.ts';

const ASKED = createIntent({ target: '/data/ask/x', actor_type: 'agent' });
const EDIT = {
  ...{ intent_id: 'intent-2', actor_id: 'bob', actor_type: 'human' as const },
  ...{ timestamp: '2024-01-01T12:00:01.000Z', target: '/data/ask/y' },
};

describe('an edit', () => {
  it('is a new intent that names the old one, decided and approved anew; the old one is over', async () => {
    const executor = createTestExecutor();
    const { pipeline, log, clock, random } = createTestBoundary({ executor });
    const old = await pipeline.execute(ASKED);
    const edited = reviseIntent(ASKED, EDIT);
    expect(edited).toEqual({ ...ASKED, ...EDIT, revises: { intent_id: 'intent-1', intent_digest: old.intentDigest } });
    const pending = await pipeline.execute(edited);
    if (pending.status !== 'pending_approval' || old.status !== 'pending_approval') throw new Error(pending.status);
    expect(await pipeline.recover('intent-1')).toMatchObject({ status: 'denied', code: 'BOUNDARY_SUPERSEDED' });
    const sign = ({ operatorId: approverId, signer }: (typeof OPERATORS)[0], { request } = pending) =>
      signApproval({ request, verdict: 'approve', approverId, signer, clock, random, reason: '', ttlSeconds: 60 });
    const [alice, bob] = OPERATORS as [(typeof OPERATORS)[0], (typeof OPERATORS)[0]];
    await expect(pipeline.submitApproval('intent-2', sign(alice, old))).rejects.toMatchObject({
      code: 'BOUNDARY_APPROVAL_ACTOR_MISMATCH',
    });
    await expect(pipeline.submitApproval('intent-2', sign(bob))).rejects.toMatchObject({
      code: 'BOUNDARY_APPROVAL_BY_REQUESTER',
    });
    expect(await pipeline.submitApproval('intent-2', sign(alice))).toMatchObject({ status: 'completed' });
    expect(executor.performed).toEqual([edited]);
    expect((await kindsOf(log)).at(-1)).toBe('stream_closed');
  });

  it('of an action that was denied is taken up', async () => {
    const { pipeline } = createTestBoundary();
    const denied = createIntent({ target: '/data/locked/x' });
    await pipeline.execute(denied);
    const edited = reviseIntent(denied, { ...EDIT, target: '/data/x' });
    expect(await pipeline.execute(edited)).toMatchObject({ status: 'completed' });
    expect(reviseIntent(edited, { ...EDIT, intent_id: 'intent-3' }).revises?.intent_id).toBe('intent-2');
  });

  it('by another agent ends nothing, and by the same one or a person it does', async () => {
    const { pipeline } = createTestBoundary();
    await pipeline.execute(ASKED);
    const by = (n: number, actor_id: string, actor_type: 'agent' | 'human') =>
      reviseIntent(ASKED, { ...EDIT, intent_id: `edit-${n}`, actor_id, actor_type });
    await expect(pipeline.execute(by(1, 'agent-2', 'agent'))).rejects.toMatchObject({
      ...{ code: 'BOUNDARY_REVISION_INVALID', pointer: '/actor_id' },
    });
    expect(await pipeline.recover('intent-1')).toMatchObject({ status: 'pending_approval' });
    expect((await pipeline.execute(by(2, 'agent-1', 'agent'))).isClosed).toBe(false);
    expect(await pipeline.recover('intent-1')).toMatchObject({ code: 'BOUNDARY_SUPERSEDED' });
    expect(await pipeline.execute(by(3, 'bob', 'human'))).toMatchObject({ status: 'pending_approval' });
  });

  it('of what is unknown, another one, or has run is refused, on record', async () => {
    const { pipeline, log, executor } = { ...createTestBoundary({ executor: createTestExecutor() }), executor: null };
    expect(executor).toBeNull();
    const done = createIntent();
    await pipeline.execute(done);
    const code = 'BOUNDARY_REVISION_INVALID';
    const edits = [
      reviseIntent(done, EDIT),
      reviseIntent(createIntent({ intent_id: 'intent-9' }), EDIT),
      reviseIntent(createIntent({ target: '/data/z' }), EDIT),
    ];
    for (const edit of edits) await expect(pipeline.execute(edit)).rejects.toMatchObject({ code });
    expect(log.facts).toMatchObject(edits.map(() => ({ payload: { attempt: 'intent', stream: 'intent-2', code } })));
    await expect(kindsOf(log, 'intent-2')).rejects.toMatchObject({ code: 'AUDIT_STREAM_NOT_FOUND' });
  });
});
