import { digestValue } from '@exoarmur/canonical';
import { APPROVAL_REQUEST_DIGEST_DOMAIN, INTENT_DIGEST_DOMAIN } from '@exoarmur/contracts';
import { createTestExecutor } from '@exoarmur/executors';
import { describe, expect, it } from 'vitest';
import { createIntent, createTestBoundary, createTrap, OPERATORS } from '../test/boundary.ts';
import { createMemoryApprovalInbox, createTrustedHost, digestApprovalRequest, signApproval } from './index.ts';

const ASKED = createIntent({ target: '/data/ask/x', parameters: { lines: 3 } });

function createPreviewing(body: { text: string }, version = '1.0.0') {
  const plain = createTestExecutor({ actionClassFloors: { 'test.act': 'A1_soft_containment' } });
  const preview = async () => ({
    media_type: 'text/x-diff' as const,
    summary: 'three lines go',
    body: body.text,
    is_truncated: false,
  });
  const executor = { ...plain, manifest: { ...plain.manifest, version }, preview };
  return { executor, host: createTrustedHost({ executor, targetTimeoutMs: 1000, executionTimeoutMs: 1000 }) };
}

async function createAsked() {
  const body = { text: '-a\n-b\n-c' };
  const { executor, host } = createPreviewing(body);
  const inbox = createMemoryApprovalInbox();
  const boundary = createTestBoundary({ host, inbox });
  const pending = await boundary.pipeline.execute(ASKED);
  if (pending.status !== 'pending_approval') throw new Error(pending.status);
  const { request } = pending;
  const [{ signer, operatorId: approverId }] = OPERATORS as [(typeof OPERATORS)[0]];
  const { clock, random } = boundary;
  const answer = (verdict: 'approve' | 'deny' = 'approve') =>
    signApproval({ request, verdict, approverId, signer, clock, random, reason: '', ttlSeconds: 600 });
  return { ...boundary, body, executor, host, inbox, request, answer };
}

describe('a request for approval', () => {
  it('holds on record everything a person must see', async () => {
    const { request, host, log } = await createAsked();
    expect(log.appended[2]?.payload).toEqual(request);
    expect(request.presentation).toEqual({
      intent: ASKED,
      executor: host.identity,
      preview: { media_type: 'text/x-diff', summary: 'three lines go', body: '-a\n-b\n-c', is_truncated: false },
      asked_by: {
        policies: ['ask-person'],
        safety_rules: ['SG-452'],
        rationale: expect.stringContaining('ask-person'),
      },
      risk: {
        action_class: 'A1_soft_containment',
        action_class_floor: 'A1_soft_containment',
        reversible: null,
        trust_milli: 900,
      },
    });
    expect(request.intent_digest).toBe(digestValue(INTENT_DIGEST_DOMAIN, ASKED));
    expect(digestApprovalRequest(request)).toBe(digestValue(APPROVAL_REQUEST_DIGEST_DOMAIN, request));
  });

  it('says that there is no preview when the executor has none, hangs or babbles', async () => {
    const { pipeline } = createTestBoundary();
    expect(await pipeline.execute(ASKED)).toMatchObject({ request: { presentation: { preview: null } } });
    const shown = { media_type: 'text/plain' as const, summary: 'one', body: '', is_truncated: false };
    const babble = [
      () => new Promise<never>(() => undefined),
      async () => 'all good' as never,
      async () => ({ ...shown, summary: '\ud800' }),
      async () => ({ ...shown, body: createTrap() as never }),
      () => Promise.reject(createTrap()),
    ];
    for (const preview of babble) {
      const { host } = createPreviewing({ text: '' });
      const boundary = createTestBoundary({ host: { ...host, preview }, limits: { previewTimeoutMs: 10 } });
      expect(await boundary.pipeline.execute(ASKED)).toMatchObject({ request: { presentation: { preview: null } } });
    }
  });

  it('is in the inbox from the question to the answer', async () => {
    const { inbox, request, pipeline, answer, log } = await createAsked();
    const open = { stream: 'intent-1', correlation: 'correlation-1', requestedAt: '2024-01-01T12:00:00.000Z', request };
    expect(await inbox.list({ limit: 10 })).toEqual([open]);
    await inbox.remove('intent-1');
    // The index can be built again from the records, without another one.
    await pipeline.reindex('intent-1');
    expect(log.appended).toHaveLength(3);
    expect(await inbox.find('intent-1')).toEqual(open);
    await pipeline.submitApproval('intent-1', answer('deny'));
    expect(await inbox.list({ limit: 10 })).toEqual([]);
    await inbox.put(open);
    await pipeline.reindex('intent-1');
    expect(await inbox.list({ limit: 10 })).toEqual([]);
  });

  it('leaves the inbox when it expires, and an inbox that fails stops nothing', async () => {
    const { inbox, clock, pipeline, options } = await createAsked();
    clock.nowMs += 3_600_000;
    await pipeline.execute(ASKED);
    expect(await inbox.find('intent-1')).toBeUndefined();
    const broken = {
      ...inbox,
      put: () => Promise.reject(new Error('gone')),
      remove: () => new Promise<never>(() => 0),
    };
    const later = createTestBoundary({ ...options, inbox: broken, limits: { storeTimeoutMs: 5 } });
    expect(await later.pipeline.execute(createIntent({ ...ASKED, intent_id: 'i2' }))).toMatchObject({
      status: 'pending_approval',
    });
  });
});

describe('what was approved and is not so any more', () => {
  it('runs when nothing has changed', async () => {
    const { pipeline, answer, executor } = await createAsked();
    expect(await pipeline.submitApproval('intent-1', answer())).toMatchObject({ status: 'completed' });
    expect(executor.performed).toHaveLength(1);
  });

  it('does not run when the effect would be another one', async () => {
    const { pipeline, answer, executor, body } = await createAsked();
    body.text = '-a\n-b\n-c\n-everything';
    expect(await pipeline.submitApproval('intent-1', answer())).toMatchObject({
      ...{ status: 'denied', code: 'BOUNDARY_PRESENTATION_CHANGED', isClosed: true },
    });
    expect(executor.performed).toEqual([]);
  });

  it('does not run with another executor', async () => {
    const { options, answer } = await createAsked();
    const other = createPreviewing({ text: '-a\n-b\n-c' }, '2.0.0');
    const later = createTestBoundary({ ...options, host: other.host });
    expect(await later.pipeline.submitApproval('intent-1', answer())).toMatchObject({
      ...{ status: 'denied', code: 'BOUNDARY_PRESENTATION_CHANGED' },
    });
    expect(other.executor.performed).toEqual([]);
  });
});
