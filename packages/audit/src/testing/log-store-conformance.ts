import { emptyRoot, equalBytes, hashLeaf } from '@exoarmur/canonical';
import {
  type AuditLogStore,
  isExoArmurError,
  type LogCommit,
  type LogHead,
  type LogStoreErrorCode,
  type NewLogEntry,
} from '@exoarmur/contracts';
import { GrowingTree } from '../internal/growing-tree.ts';

/** One rule that every log store keeps. `run` gets fresh, empty stores and throws where the rule is broken. */
export interface ConformanceCase {
  readonly rule: string;
  run(openStore: () => Promise<AuditLogStore>): Promise<void>;
}

const TENANT = 'demo';

/** Names no store may take for a tenant: path parts, wildcards, look-alikes, control characters, prototype members. */
export const HOSTILE_TENANT_NAMES: readonly string[] = [
  '',
  '.',
  '..',
  '../demo',
  'demo/../other',
  '*',
  '>',
  'demo.*',
  'a:b',
  'demo\0',
  'demo\n',
  ' demo',
  'Demo',
  'dеmo',
  'ｄemo',
  '-demo',
  'demo-',
  '__proto__',
  'constructor\u200b',
  'd'.repeat(300),
  "demo' OR '1'='1",
  '%',
];

/** The conformance suite of the port `AuditLogStore`: a driver is one when every case passes. */
export const logStoreConformance: readonly ConformanceCase[] = [
  rule('a tenant without entries has the empty tree', async (store) => {
    assertHead(await store.head(TENANT), { size: 0, root: emptyRoot() });
    assert((await store.tenants()).length === 0, 'no tenant is listed');
    assert((await store.latestNote(TENANT)) === null, 'there is no note');
    assert((await store.firstIndex(TENANT)) === 0, 'nothing is pruned');
  }),
  rule('what is committed is read back verbatim', async (store) => {
    const batch = new Batch().add('a', 0).add('b', 0).add('a', 1, 65_535);
    await batch.commit(store);
    assertHead(await store.head(TENANT), batch.head);
    const entries = await store.entries(TENANT, { from: 0, limit: 10 });
    assert(entries.length === 3, 'three entries are there');
    for (const [index, entry] of entries.entries()) {
      const expected = batch.entries[index] as NewLogEntry;
      assert(entry.index === index && entry.stream === expected.stream && entry.seq === expected.seq, 'index columns');
      assert(equalBytes(entry.bytes, expected.bytes), 'sealed bytes');
    }
    const payloads = await store.payloads(TENANT, [2, 0, 99]);
    assert(equalBytes(payloads[0]?.bytes ?? EMPTY, batch.entries[2]?.payload.bytes ?? NEVER), 'payload bytes');
    assert(equalBytes(payloads[1]?.salt ?? EMPTY, batch.entries[0]?.payload.salt ?? NEVER), 'payload salt');
    assert(payloads[2] === null, 'no payload where no entry is');
    const page = await store.entries(TENANT, { from: 1, limit: 1 });
    assert(page.length === 1 && page[0]?.index === 1, 'a page begins and ends where asked');
  }),
  rule('a batch of any length is read back verbatim', async (store) => {
    let batch = new Batch();
    for (let length = 1; length <= 20; length++) {
      const from = batch.head.size;
      if (length > 1) batch = new Batch(batch);
      for (let i = 0; i < length; i++) batch.add(`s-${length}-${i % 3}`, Math.floor(i / 3), 8 + i);
      await batch.commit(store);
      const indexes = batch.entries.map((_, offset) => from + offset);
      const entries = await store.entries(TENANT, { from, limit: 100 });
      const payloads = await store.payloads(TENANT, indexes);
      assert(entries.length === length, 'every entry is there');
      for (const [offset, { stream, seq, bytes, payload }] of batch.entries.entries()) {
        const entry = entries[offset];
        assert(entry?.index === from + offset && entry.stream === stream && entry.seq === seq, 'index columns');
        assert(equalBytes(entry.bytes, bytes), 'sealed bytes');
        assert(equalBytes(payloads[offset]?.bytes ?? EMPTY, payload.bytes), 'payload bytes');
        assert(equalBytes(payloads[offset]?.salt ?? EMPTY, payload.salt), 'payload salt');
      }
    }
  }),
  rule('a commit on another head writes nothing and tells the head', async (store) => {
    const first = new Batch().add('a', 0);
    await first.commit(store);
    for (const expected of [
      { size: 0, root: emptyRoot() },
      { size: 1, root: emptyRoot() },
      { size: 2, root: first.head.root },
    ]) {
      const result = await store.commit(TENANT, {
        ...new Batch(first).add('b', 0).toCommit(),
        expected,
        next: { size: expected.size + 1, root: emptyRoot() },
      });
      assert(result.outcome === 'stale', 'the commit is stale');
      assertHead(result.outcome === 'stale' ? result.head : NO_HEAD, first.head);
    }
    assert((await store.entries(TENANT, { from: 0, limit: 10 })).length === 1, 'nothing was written');
    assert((await store.lastOfStreams(TENANT, ['b'])).length === 0, 'no stream was begun');
  }),
  rule('of many commits on one head exactly one is taken', async (store) => {
    const results = await Promise.all(
      Array.from({ length: 8 }, (_, i) => store.commit(TENANT, new Batch().add(`s${i}`, 0).toCommit())),
    );
    assert(results.filter(({ outcome }) => outcome === 'committed').length === 1, 'one commit is taken');
    assert((await store.head(TENANT)).size === 1, 'one entry is there');
  }),
  rule('a position in a stream is given once, and a refused batch leaves nothing', async (store) => {
    const first = new Batch().add('a', 0);
    await first.commit(store);
    const second = new Batch(first).add('b', 0).add('a', 0);
    await refuses(() => store.commit(TENANT, second.toCommit()), 'STORE_ARGUMENT_INVALID');
    assertHead(await store.head(TENANT), first.head);
    assert((await store.stream(TENANT, 'b')).length === 0, 'the good half of the batch is not there either');
    await new Batch(first).add('b', 0).commit(store);
    assert((await store.stream(TENANT, 'b')).length === 1, 'a stream whose beginning was refused can begin again');
  }),
  rule('a batch that does not fit its sizes is refused', async (store) => {
    const commit = new Batch().add('a', 0).toCommit();
    await refuses(() => store.commit(TENANT, { ...commit, entries: [] }), 'STORE_ARGUMENT_INVALID');
    await refuses(
      () => store.commit(TENANT, { ...commit, next: { ...commit.next, size: 2 } }),
      'STORE_ARGUMENT_INVALID',
    );
  }),
  rule('tenants do not see each other', async (store) => {
    await new Batch().add('a', 0).commit(store);
    const other = new Batch().add('x', 0).add('a', 0);
    await other.commit(store, 'other');
    assert((await store.tenants()).join() === 'demo,other', 'both are listed');
    assert((await store.head(TENANT)).size === 1 && (await store.head('other')).size === 2, 'each has its own size');
    assert((await store.stream(TENANT, 'x')).length === 0, 'the stream of another tenant is not there');
    assert((await store.entries(TENANT, { from: 0, limit: 100 })).length === 1, 'a long page ends with the tenant');
    assert((await store.streams('other', { after: -1, limit: 10 })).length === 2, 'streams are listed by tenant');
    assert((await store.erasePayloads(TENANT, [1])) === 0, 'an index beyond the log erases nothing of a neighbour');
    assert(
      (await store.payloads('other', [0, 1])).every((payload) => payload !== null),
      'payloads are still there',
    );
  }),
  rule('a name that is no tenant name is refused by every call', async (store) => {
    for (const name of HOSTILE_TENANT_NAMES) {
      const calls: (() => Promise<unknown>)[] = [
        () => store.head(name),
        () => store.commit(name, new Batch().add('a', 0).toCommit()),
        () => store.saveNotes(name, []),
        () => store.latestNote(name),
        () => store.notes(name, { after: 0, limit: 1 }),
        () => store.entries(name, { from: 0, limit: 1 }),
        () => store.lastOfStreams(name, ['a']),
        () => store.stream(name, 'a'),
        () => store.streams(name, { after: -1, limit: 1 }),
        () => store.payloads(name, [0]),
        () => store.tile(name, 0, 0),
        () => store.tileRoots(name, 0, { from: 0, limit: 1 }),
        () => store.erasePayloads(name, [0]),
        () => store.prune(name, 0),
        () => store.firstIndex(name),
      ];
      for (const call of calls) await refuses(call, 'STORE_TENANT_INVALID');
    }
    assert((await store.tenants()).length === 0, 'no tenant came into being');
  }),
  rule('streams are found by name, by correlation and in order', async (store) => {
    await new Batch().add('a', 0).add('b', 0).add('a', 1).add('c', 0).add('c', 1).commit(store);
    const last = await store.lastOfStreams(TENANT, ['c', 'missing', 'a']);
    assert(
      last
        .map(({ stream, seq }) => `${stream}${seq}`)
        .sort()
        .join() === 'a1,c1',
      'the last entry of each',
    );
    const stream = await store.stream(TENANT, 'a');
    assert(stream.map(({ index }) => index).join() === '0,2', 'every entry of one, by seq');
    const page = await store.streams(TENANT, { after: 0, limit: 1 });
    assert(page.length === 1 && page[0]?.stream === 'b' && page[0].first === 1, 'pages go on after an index');
    const found = await store.streams(TENANT, { correlation: 'session-c', after: -1, limit: 10 });
    assert(found.length === 1 && found[0]?.stream === 'c', 'a correlation finds its streams only');
  }),
  rule('notes are kept once, by size, and none above the head', async (store) => {
    const first = new Batch().add('a', 0);
    await first.commit(store);
    await store.saveNotes(TENANT, [{ size: 1, note: 'one' }]);
    await store.saveNotes(TENANT, [{ size: 1, note: 'another' }]);
    await refuses(() => store.saveNotes(TENANT, [{ size: 2, note: 'two' }]), 'STORE_ARGUMENT_INVALID');
    const second = new Batch(first).add('a', 1).add('a', 2);
    await store.commit(TENANT, { ...second.toCommit(), notes: [{ size: 1, note: 'late' }] });
    await store.saveNotes(TENANT, [{ size: 3, note: 'three' }]);
    assert((await store.latestNote(TENANT))?.note === 'three', 'the latest is that of the greatest size');
    const notes = await store.notes(TENANT, { after: 0, limit: 10 });
    assert(notes.map(({ size, note }) => `${size}${note}`).join() === '1one,3three', 'the first note of a size stays');
    assert((await store.notes(TENANT, { after: 1, limit: 10 })).length === 1, 'pages go on after a size');
  }),
  rule('erased payloads and content keys are gone, and the entries are not', async (store) => {
    const identity = new Uint8Array(32).fill(1);
    const content = new Uint8Array(32).fill(2);
    await new Batch().add('a', 0).add('b', 0, 10, { identity, content }).commit(store);
    const found = await store.findContentKeys(TENANT, [new Uint8Array(32), identity]);
    assert(found.length === 1 && found[0]?.index === 1 && equalBytes(found[0].content, content), 'the key is found');
    assert((await store.erasePayloads(TENANT, [1, 1, 7, -1])) === 1, 'each payload counts once');
    assert((await store.payloads(TENANT, [1]))[0] === null, 'the payload is gone');
    assert((await store.payloads(TENANT, [0]))[0] !== null, 'the other payload is there');
    assert((await store.findContentKeys(TENANT, [identity])).length === 0, 'the content key is gone');
    assert((await store.entries(TENANT, { from: 0, limit: 9 })).length === 2, 'the entries are there');
  }),
  rule('a content key is given once', async (store) => {
    const key = { identity: new Uint8Array(32).fill(1), content: new Uint8Array(32).fill(2) };
    const first = new Batch().add('a', 0, 10, key);
    await first.commit(store);
    await refuses(
      () => store.commit(TENANT, new Batch(first).add('b', 0, 10, key).toCommit()),
      'STORE_ARGUMENT_INVALID',
    );
    assertHead(await store.head(TENANT), first.head);
  }),
  rule('full tiles and their roots are kept', async (store) => {
    const batch = new Batch();
    for (let i = 0; i < 600; i++) batch.add(`s${i}`, 0, 8);
    await batch.commit(store);
    assert((await store.tile(TENANT, 0, 0))?.length === 8192, 'a full tile has 8,192 bytes');
    assert((await store.tile(TENANT, 0, 2)) === null && (await store.tile(TENANT, 1, 0)) === null, 'others are absent');
    const leaf = hashLeaf(batch.entries[256]?.bytes ?? EMPTY);
    assert(equalBytes(((await store.tile(TENANT, 0, 1)) ?? EMPTY).slice(0, 32), leaf), 'a tile holds leaf hashes');
    assert((await store.tileRoots(TENANT, 0, { from: 0, limit: 9 })).length === 2, 'every full tile has its root');
    assert((await store.tileRoots(TENANT, 0, { from: 1, limit: 9 })).length === 1, 'roots are listed from a tile on');
    assert((await store.tileRoots(TENANT, 0, { from: 0, limit: 1 })).length === 1, 'no more roots than asked for');
  }),
  rule('pruning takes entries and payloads below an index and keeps the tree', async (store) => {
    const batch = new Batch();
    for (let i = 0; i < 300; i++) batch.add(`s${i}`, 0, 8);
    await batch.commit(store);
    await store.prune(TENANT, 256);
    assert((await store.firstIndex(TENANT)) === 256, 'the first index is told');
    await store.prune(TENANT, 100);
    assert((await store.firstIndex(TENANT)) === 256, 'and never goes down');
    assert((await store.entries(TENANT, { from: 0, limit: 10 })).length === 0, 'entries below are gone');
    assert((await store.entries(TENANT, { from: 256, limit: 100 })).length === 44, 'entries above are there');
    assert((await store.payloads(TENANT, [0]))[0] === null, 'payloads below are gone');
    assert((await store.tile(TENANT, 0, 0)) !== null, 'tiles stay');
    assertHead(await store.head(TENANT), batch.head);
    assert((await store.streams(TENANT, { after: -1, limit: 1000 })).length === 44, 'pruned streams are not listed');
    const next = new Batch(batch).add('s0', 0, 8).add('s0', 1, 8);
    await next.commit(store);
    const again = await store.stream(TENANT, 's0');
    assert(again.map(({ index }) => index).join() === '300,301', 'a stream that was pruned whole may begin again');
    await refuses(() => store.prune(TENANT, 303), 'STORE_ARGUMENT_INVALID');
    await refuses(() => store.prune(TENANT, -1), 'STORE_ARGUMENT_INVALID');
  }),
  rule('what the caller does to its bytes afterwards changes nothing', async (store) => {
    const batch = new Batch().add('a', 0);
    const bytes = batch.entries[0]?.bytes ?? EMPTY;
    const before = bytes.slice();
    await batch.commit(store);
    bytes.fill(0);
    const [entry] = await store.entries(TENANT, { from: 0, limit: 1 });
    assert(equalBytes(entry?.bytes ?? EMPTY, before), 'the store keeps its own copy');
    entry?.bytes.fill(0);
    const [again] = await store.entries(TENANT, { from: 0, limit: 1 });
    assert(equalBytes(again?.bytes ?? EMPTY, before), 'and hands out copies');
  }),
  rule('a closed store refuses', async (store) => {
    await store.close();
    await refuses(() => store.head(TENANT), 'STORE_CLOSED');
    await refuses(() => store.commit(TENANT, new Batch().add('a', 0).toCommit()), 'STORE_CLOSED');
    await store.close();
  }),
];

const EMPTY = new Uint8Array();
const NEVER = new Uint8Array([1]);
const NO_HEAD: LogHead = { size: -1, root: EMPTY };

function rule(text: string, run: (store: AuditLogStore) => Promise<void>): ConformanceCase {
  return {
    rule: text,
    async run(openStore) {
      const store = await openStore();
      try {
        await run(store);
      } finally {
        await store.close();
      }
    },
  };
}

/** A batch under construction, after another one or at the beginning. */
class Batch {
  readonly entries: NewLogEntry[] = [];
  readonly #expected: LogHead;
  readonly #tree: GrowingTree;

  constructor(after?: Batch) {
    this.#tree = after === undefined ? new GrowingTree() : after.#tree.clone();
    this.#expected = after === undefined ? { size: 0, root: emptyRoot() } : after.head;
  }

  get head(): LogHead {
    return { size: this.#tree.size, root: this.#tree.root() };
  }

  add(stream: string, seq: number, size = 100, contentKey?: NewLogEntry['contentKey']): this {
    const bytes = new Uint8Array(size).fill(this.#tree.size);
    const payload = { salt: new Uint8Array(16).fill(seq), bytes: new Uint8Array(size).fill(seq + 1) };
    const correlation = `session-${stream}`;
    this.entries.push({
      stream,
      seq,
      correlation,
      bytes,
      payload,
      ...(contentKey === undefined ? {} : { contentKey }),
    });
    this.#tree.append(hashLeaf(bytes));
    return this;
  }

  toCommit(): LogCommit {
    const { entries } = this;
    return { expected: this.#expected, next: this.head, entries, tiles: [], notes: [] };
  }

  async commit(store: AuditLogStore, tenant = TENANT): Promise<void> {
    const tiles = this.#tree.takeFullTiles();
    const result = await store.commit(tenant, { ...this.toCommit(), tiles });
    assert(result.outcome === 'committed', 'the batch is committed');
  }
}

function assert(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(`rule broken: ${what}`);
}

function assertHead(found: LogHead, expected: LogHead): void {
  assert(found.size === expected.size, `size is ${expected.size}`);
  assert(equalBytes(found.root, expected.root), 'the root is that of the batch');
}

async function refuses(call: () => Promise<unknown>, code: LogStoreErrorCode): Promise<void> {
  let caught: unknown;
  try {
    await call();
  } catch (error) {
    caught = error;
  }
  assert(isExoArmurError(caught) && caught.code === code, `the call is refused with ${code}`);
}
