import type { RecordDraft } from '@exoarmur/contracts';
import { describe, expect, it } from 'vitest';
import { createIntent, createTestBoundary } from '../test/boundary.ts';
import { closeAction } from './action-run.ts';
import { ActionStream } from './action-stream.ts';
import { ProxyPipeline } from './index.ts';

function beginStream() {
  const { log, clock } = createTestBoundary();
  return { log, stream: ActionStream.begin({ sink: log, clock, timeoutMs: 1000 }, createIntent()) };
}
const AGENT = { type: 'human', id: 'agent-1' } as const;

describe('ActionStream', () => {
  it('appends nothing that the trail does not allow', async () => {
    const { log, stream } = beginStream();
    const unlawful = { code: 'BOUNDARY_STEP_UNLAWFUL' };
    await expect(stream.append('verdict_resolved', {} as never)).rejects.toMatchObject(unlawful);
    await expect(stream.append('intent_received', {} as never, AGENT)).rejects.toMatchObject(unlawful);
    await expect(
      stream.append('intent_received', createIntent(), { type: 'agent', id: 'other' }),
    ).rejects.toMatchObject({
      ...{ ...unlawful, pointer: '/record/actor/id' },
    });
    expect(log.appended).toEqual([]);
    await stream.append('intent_received', createIntent(), AGENT);
    await expect(closeAction(stream, 'executed', '')).rejects.toMatchObject(unlawful);
    await expect(stream.append('execution_authorized', {} as never)).rejects.toMatchObject(unlawful);
    expect(log.appended).toHaveLength(1);
  });

  it('records nothing that had expired when the log took it, and the stream goes on', async () => {
    const { log, clock } = createTestBoundary();
    const sink = {
      append: (draft: RecordDraft) => {
        if (draft.before !== undefined) clock.nowMs += 1000;
        return log.append(draft);
      },
    };
    const stream = ActionStream.begin({ sink, clock, timeoutMs: 1000 }, createIntent());
    const late = ['2024-01-01T12:00:01.000Z', '2024-01-01T12:00:09.000Z'];
    await expect(stream.append('intent_received', createIntent(), AGENT, late)).rejects.toMatchObject({
      ...{ code: 'BOUNDARY_STEP_UNLAWFUL', cause: { code: 'AUDIT_DRAFT_LATE' } },
    });
    expect(log.appended).toEqual([]);
    await stream.append('intent_received', createIntent(), AGENT, ['2024-01-01T12:00:02.001Z']);
    expect(log.appended).toHaveLength(1);
  });

  it('takes no record for lawful that the log gave a time that makes it unlawful', async () => {
    const { options, log } = createTestBoundary();
    const append = async (draft: RecordDraft) => {
      const receipt = await log.append(draft);
      const time = draft.kind === 'approval_requested' ? '2025-01-01T00:00:00.000Z' : '2024-01-01T12:00:09.000Z';
      return { ...receipt, record: { ...receipt.record, time } };
    };
    const later = new ProxyPipeline({ ...options, log: { ...log, append } });
    await expect(later.execute(createIntent({ target: '/data/ask/x' }))).rejects.toMatchObject({
      code: 'BOUNDARY_STEP_UNLAWFUL',
    });
    expect(await later.execute(createIntent({ intent_id: 'intent-2' }))).toMatchObject({ status: 'completed' });
  });

  it('keeps steps back until they are flushed, and takes back what was not confirmed', async () => {
    const { log, stream } = beginStream();
    stream.stage('intent_received', createIntent(), AGENT);
    expect([stream.state.count, log.appended.length]).toEqual([1, 0]);
    log.before = (draft) => {
      if (draft.kind === 'stream_closed') throw new Error('disk full');
    };
    await expect(closeAction(stream, 'cancelled', '')).rejects.toMatchObject({ code: 'BOUNDARY_LOG_UNAVAILABLE' });
    expect([stream.state.count, log.appended.length, stream.state.phase]).toEqual([1, 1, 'received']);
  });

  it('takes nothing that the log confirms too late, and hands in nothing after it', async () => {
    const { log, clock } = createTestBoundary();
    let confirm: () => void = () => undefined;
    const sink = {
      append: async (draft: RecordDraft) => {
        const receipt = await log.append(draft);
        await new Promise<void>((resolve) => {
          confirm = resolve;
        });
        return receipt;
      },
    };
    const stream = ActionStream.begin({ sink, clock, timeoutMs: 20 }, createIntent());
    stream.stage('intent_received', createIntent(), AGENT);
    await expect(closeAction(stream, 'cancelled', '')).rejects.toMatchObject({ code: 'BOUNDARY_LOG_UNAVAILABLE' });
    confirm();
    await new Promise(setImmediate);
    expect([stream.state.count, stream.recordedCount, log.appended.length]).toEqual([0, 0, 1]);
    expect(stream.latest('intent_received')).toBeUndefined();
  });

  it('has one end', async () => {
    const { stream } = beginStream();
    await stream.append('intent_received', createIntent(), AGENT);
    expect(await closeAction(stream, 'cancelled', 'BOUNDARY_CANCELLED')).toMatchObject({ code: 'BOUNDARY_CANCELLED' });
    await expect(closeAction(stream, 'cancelled', 'BOUNDARY_CANCELLED')).rejects.toMatchObject({
      code: 'BOUNDARY_STEP_UNLAWFUL',
    });
  });

  it('reads no stream back whose records contradict each other', async () => {
    const { log, clock, pipeline } = createTestBoundary();
    await pipeline.execute(createIntent());
    const evidence = await log.collect('intent-1');
    const records = evidence.records.filter(({ seq }) => seq !== 1);
    expect(() => ActionStream.resume({ sink: log, clock, timeoutMs: 1000 }, { ...evidence, records })).toThrow(
      expect.objectContaining({ code: 'BOUNDARY_EVIDENCE_UNLAWFUL' }),
    );
    expect(() => ActionStream.resume({ sink: log, clock, timeoutMs: 1000 }, { ...evidence, records: [] })).toThrow(
      expect.objectContaining({ code: 'BOUNDARY_EVIDENCE_INCOMPLETE' }),
    );
  });
});
