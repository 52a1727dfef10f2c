import { hashLeaf } from '@exoarmur/canonical';
import type { AuditLogStore, CellDraft, LogEntry, LogPayload } from '@exoarmur/contracts';
import { describe, expect, it } from 'vitest';
import { appendWalk, SIGNER, testLog } from '../../test/logs.ts';
import { lawfulWalks, type Walk } from '../../test/walks.ts';
import { LogTree } from '../internal/log-tree.ts';
import { type FsckParts, fsckLog, type RangeSurvey, surveyRange } from './index.ts';

const factOf = (number: number): CellDraft => ({
  stream: 'switches',
  correlation: 'cell',
  trace: null,
  actor: { type: 'human', id: 'alice' },
  kind: 'switch_changed',
  payload: { number },
});

const appendFacts = async (log: { appendCell(draft: CellDraft): Promise<unknown> }, count: number) => {
  await Promise.all(Array.from({ length: count }, (_, number) => log.appendCell(factOf(number))));
};

/** A store that answers some questions in a way of its own. */
const altered = (store: AuditLogStore, answers: Partial<AuditLogStore>): AuditLogStore =>
  new Proxy(store, {
    get: (target, name: keyof AuditLogStore) => answers[name] ?? target[name]?.bind(target),
  });

const partsOf = (store: AuditLogStore, seen: (RangeSurvey | null)[] = [], most = 99): FsckParts => ({
  records: 256,
  async *survey(ranges, first) {
    for (const range of ranges.slice(0, most)) {
      const survey = await surveyRange({ store, tenant: 'demo', vkey: SIGNER.vkey, range, first });
      seen.push(survey);
      yield survey;
    }
  },
});

const check = (store: AuditLogStore, more: Partial<Parameters<typeof fsckLog>[0]> = {}) =>
  fsckLog({ store, tenant: 'demo', vkey: SIGNER.vkey, ...more });

describe('a log that grows while it is checked', () => {
  it('is sound as far as it was when the check began, whatever was signed since', async () => {
    const { log, store, heads } = testLog();
    await appendFacts(log, 10);
    let isFirst = true;
    const growing = altered(store, {
      head: async (tenant) => {
        const head = await store.head(tenant);
        if (isFirst) {
          isFirst = false;
          await appendFacts(log, 5);
          await log.appendCell({ ...factOf(0), stream: 'another' });
        }
        return head;
      },
    });
    expect(await check(growing, { heads })).toMatchObject({ outcome: 'sound', size: 10, counts: { records: 10 } });
    expect(await check(store, { heads })).toMatchObject({ outcome: 'sound', size: 16 });
  });

  it('is not sound when its head goes back', async () => {
    const { log, store } = testLog();
    await appendFacts(log, 10);
    const heads = [await store.head('demo'), { size: 9, root: new Uint8Array(32) }];
    const shrinking = altered(store, { head: async () => heads.shift() ?? { size: 9, root: new Uint8Array(32) } });
    expect(await check(shrinking)).toMatchObject({ outcome: 'unsound', finding: { code: 'head_size_mismatch' } });
  });
});

describe('an index that says more than the records', () => {
  it.each<[string, (store: AuditLogStore) => Partial<AuditLogStore>, string]>([
    [
      'a stream that no record begins',
      (store) => ({
        streams: async (tenant, options) => {
          const streams = await store.streams(tenant, options);
          return options.after < 0 ? [...streams, { stream: 'made-up', correlation: 'x', first: 7 }] : streams;
        },
      }),
      'stream_listing_mismatch',
    ],
    [
      'a checkpoint that comes out of its turn',
      (store) => ({
        notes: async (tenant, options) => {
          const notes = await store.notes(tenant, options);
          return options.after === 0 ? [...notes, { size: 3, note: '' }] : notes;
        },
      }),
      'note_root_mismatch',
    ],
  ])('is found: %s', async (_, answers, code) => {
    const { log, store } = testLog();
    await appendFacts(log, 10);
    await log.close();
    expect(await check(store)).toMatchObject({ outcome: 'sound' });
    expect(await check(altered(store, answers(store)))).toMatchObject({ outcome: 'unsound', finding: { code } });
  });
});

describe('a log in parts', () => {
  const resolution = (walk: Walk) => ({
    stream: walk.intent.intent_id,
    correlation: walk.intent.correlation_id,
    trace: walk.intent.trace_id,
    actor: { type: 'human', id: 'alice' } as const,
    kind: 'ambiguity_resolved' as const,
    payload: { note: 1 } as never,
    expectedSeq: walk.steps.length,
  });

  it('may resolve in one part what ended in another', async () => {
    const { log, store } = testLog();
    const walk = lawfulWalks().ambiguous as Walk;
    await appendWalk(log, walk);
    await appendFacts(log, 300);
    await log.append(resolution(walk));
    const seen: (RangeSurvey | null)[] = [];
    const report = await check(store, { parts: partsOf(store, seen) });
    expect(report).toMatchObject({ outcome: 'sound' });
    expect(seen.map((survey) => survey?.entering.map(({ stream }) => stream))).toEqual([[], ['switches']]);
    expect(await check(store)).toEqual(report);
  });

  it.each([
    ['the same part', 0],
    ['a later part', 300],
  ])('does not carry on in %s a stream that ended on the way', async (_, between) => {
    const { log, store } = testLog();
    const walk = lawfulWalks().denied as Walk;
    await appendWalk(log, { intent: walk.intent, steps: walk.steps.slice(0, -1) });
    await appendFacts(log, 256);
    const last = (await appendWalk(log, walk)).at(-1);
    await appendFacts(log, between);
    const lying = await repeated(store, last?.index ?? 0);
    const whole = await check(lying);
    expect(whole).toMatchObject({ outcome: 'unsound', finding: { code: 'stream_reopened' } });
    const seen: (RangeSurvey | null)[] = [];
    expect(await check(lying, { parts: partsOf(lying, seen) })).toEqual(whole);
    // In its own part it is seen there; in a later one by the one who puts the parts together.
    expect(seen.at(-1) === null).toBe(between === 0);
  });

  it('is read here when parts are missing at the end', async () => {
    const { log, store } = testLog();
    await appendFacts(log, 600);
    const read: number[] = [];
    const counting = altered(store, {
      entries: async (tenant, options) => {
        read.push(options.from);
        return store.entries(tenant, options);
      },
    });
    expect(await check(counting, { parts: partsOf(store, [], 2) })).toMatchObject({ outcome: 'sound', size: 600 });
    expect(read.filter((from) => from < 600)).toEqual([0, 256, 512]);
  });
});

/**
 * Seals the bytes of a record once more, in the tree like any other, past every rule of the writer. The store files them under a
 * stream that is free and says that they are of their own.
 */
async function repeated(store: AuditLogStore, index: number): Promise<AuditLogStore> {
  const head = await store.head('demo');
  const [entry] = (await store.entries('demo', { from: index, limit: 1 })) as [LogEntry];
  const [payload] = (await store.payloads('demo', [index])) as [LogPayload];
  const growing = await new LogTree(store, 'demo').grow(head.size);
  growing.append(hashLeaf(entry.bytes));
  await store.commit('demo', {
    expected: head,
    next: { size: growing.size, root: growing.root() },
    entries: [{ stream: 'free', seq: 0, correlation: 'x', bytes: entry.bytes, payload }],
    tiles: growing.takeFullTiles(),
    notes: [],
  });
  return altered(store, {
    entries: async (tenant, options) =>
      (await store.entries(tenant, options)).map((found) =>
        found.stream === 'free' ? { ...found, stream: entry.stream, seq: entry.seq } : found,
      ),
    streams: async (tenant, options) =>
      (await store.streams(tenant, options)).filter(({ stream }) => stream !== 'free'),
  });
}
