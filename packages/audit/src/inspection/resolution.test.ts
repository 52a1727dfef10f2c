import { describe, expect, it } from 'vitest';
import { appendWalk, draftsOf, SIGNER, testLog } from '../../test/logs.ts';
import { lawfulWalks, type Walk } from '../../test/walks.ts';
import { fsckLog } from './index.ts';

const resolutionOf = (walk: Walk, expectedSeq: number) => {
  const [first] = draftsOf(walk);
  if (first === undefined) throw new Error('no drafts');
  const actor = { type: 'human', id: 'alice' } as const;
  // What a resolution says is the trail's; the log and its inspection look at its place only.
  return { ...first, actor, kind: 'ambiguity_resolved', payload: { note: 1 } as never, expectedSeq } as const;
};

describe('a record after the end of a stream', () => {
  it('may be a resolution, and the log is sound with it, also after a restart', async () => {
    const { log, store, heads } = testLog();
    const walk = lawfulWalks().ambiguous as Walk;
    await appendWalk(log, walk);
    await appendWalk(log, lawfulWalks('intent-2').denied as Walk);
    const again = testLog({ store, heads }).log;
    const { record } = await again.append(resolutionOf(walk, walk.steps.length));
    expect(record.seq).toBe(walk.steps.length);
    expect(await fsckLog({ store, tenant: 'demo', vkey: SIGNER.vkey, heads })).toMatchObject({ outcome: 'sound' });
  });

  it('is nothing else, and nothing comes after the resolution but what its rules would refuse', async () => {
    const { log } = testLog();
    const walk = lawfulWalks().ambiguous as Walk;
    await appendWalk(log, walk);
    const late = { ...resolutionOf(walk, walk.steps.length), kind: 'verdict_resolved' } as const;
    await expect(log.append(late)).rejects.toMatchObject({ code: 'AUDIT_STREAM_CLOSED' });
    await log.append(resolutionOf(walk, walk.steps.length));
    await expect(log.append({ ...late, expectedSeq: walk.steps.length + 1 })).rejects.toMatchObject({
      code: 'AUDIT_STREAM_CLOSED',
    });
  });

  it('of a stream that has not ended is found unsound', async () => {
    const { log, store, heads } = testLog();
    const walk = lawfulWalks().ambiguous as Walk;
    const drafts = draftsOf(walk).slice(0, 3);
    for (const draft of drafts) await log.append(draft);
    await log.append(resolutionOf(walk, 3));
    await log.append({ ...resolutionOf(walk, 4) });
    const report = await fsckLog({ store, tenant: 'demo', vkey: SIGNER.vkey, heads });
    expect(report).toMatchObject({ outcome: 'unsound', finding: { code: 'stream_reopened', index: 4 } });
  });
});
