import {
  createSigner,
  decodeBase64,
  encodeUtf8,
  formatNote,
  hashLeaf,
  parseCheckpoint,
  parseDigest,
  parseNote,
  parseTlogProof,
  parseVerifierKey,
  verifyCheckpoint,
  verifyConsistency,
  verifyInclusion,
} from '@exoarmur/canonical';
import { type AuditLogStore, type LogCommitResult, type LogNote, LogStoreError } from '@exoarmur/contracts';
import { describe, expect, it } from 'vitest';
import { codeOf } from '../../test/codes.ts';
import { appendWalk, countingRandom, draftsOf, ORIGIN, SIGNER, testLog, tickingClock } from '../../test/logs.ts';
import { type CommitStage, stagedStore } from '../../test/staged-store.ts';
import { lawfulWalks, Walk } from '../../test/walks.ts';
import { MemoryHeadKeeper, MemoryLogStore } from '../memory/index.ts';
import { checkPayload, checkStreamChain } from '../reader/index.ts';
import { type AuditLogOptions, createAuditLog } from './index.ts';

const FORGER = createSigner(ORIGIN, new Uint8Array(32).fill(8));
const denied = (id: string) => new Walk(id).decide('deny').close('denied');
const cellDraft = (stream: string, value = 0) =>
  ({
    stream,
    correlation: 'cell',
    trace: null,
    actor: { type: 'human', id: 'operator-1' },
    kind: 'switch_changed',
    payload: { value },
  }) as const;

describe('evidence', () => {
  it('of a stream can be checked with the key alone', async () => {
    const { log } = testLog();
    await appendWalk(log, denied('other'));
    await appendWalk(log, lawfulWalks().approved as Walk);
    const evidence = await log.collect('intent-1');
    const chain = checkStreamChain(evidence.records);
    if (chain.outcome !== 'valid') throw new Error(chain.failure.reason);
    expect(chain.closed).toBe(true);
    expect(verifyCheckpoint(evidence.checkpoint, [parseVerifierKey(evidence.vkey)]).outcome).toBe('valid');
    const { size, root, origin } = parseCheckpoint(evidence.checkpoint);
    expect(origin).toBe(ORIGIN);
    for (const [position, record] of evidence.records.entries()) {
      const { index, path } = evidence.proofs[position] as { index: number; path: string[] };
      const leafHash = parseDigest(chain.leafHashes[position] as string);
      const claim = { index, size, root, leafHash, path: path.map(decodeBase64) };
      expect(verifyInclusion(claim)).toEqual({ outcome: 'valid' });
      const payload = evidence.payloads.get(record.payload.digest);
      expect(checkPayload(record, decodeBase64(payload?.salt ?? ''), payload?.value ?? {}).outcome).toBe('valid');
    }
  });

  it('is byte for byte the same for the same drafts, clock, key and random source', async () => {
    const notes = [];
    for (let run = 0; run < 2; run++) {
      const { log } = testLog();
      await appendWalk(log, denied('intent-1'));
      notes.push((await log.checkpoint()).note);
    }
    expect(notes[0]).toBe(notes[1]);
  });

  it('of every record of a log of 600, at its size, passes, and every two checkpoints are consistent', async () => {
    const { log, store } = testLog();
    const heads = [];
    for (let i = 0; i < 20; i++) {
      await Promise.all(Array.from({ length: 30 }, (_, j) => log.appendCell(cellDraft(`s-${i}-${j}`))));
      heads.push(await log.checkpoint());
    }
    const entries = await store.entries('demo', { from: 0, limit: 600 });
    for (const { index, bytes } of entries) {
      const { checkpoint, path } = parseTlogProof(await log.prove(index));
      const { size, root } = parseCheckpoint(checkpoint);
      expect(verifyInclusion({ index, size, root, path, leafHash: hashLeaf(bytes) }).outcome).toBe('valid');
    }
    for (const [i, old] of heads.entries()) {
      for (const { size, root } of heads.slice(i)) {
        const path = await log.proveConsistency(old.size, size);
        const claim = { size1: old.size, root1: old.root, size2: size, root2: root, path };
        expect(verifyConsistency(claim).outcome).toBe('valid');
      }
    }
    await expect(codeOf(() => log.prove(600))).resolves.toBe('AUDIT_RECORD_NOT_FOUND');
    await expect(codeOf(() => log.prove(-1))).resolves.toBe('AUDIT_RECORD_NOT_FOUND');
  });

  it('of a stream nobody wrote is refused', async () => {
    const { log } = testLog();
    expect(await log.has('intent-1')).toBe(false);
    await expect(codeOf(() => log.collect('intent-1'))).resolves.toBe('AUDIT_STREAM_NOT_FOUND');
    const walk = lawfulWalks().denied as Walk;
    await appendWalk(log, walk);
    expect(await log.has(walk.intent.intent_id)).toBe(true);
  });
});

describe('append', () => {
  it('gives the same step at the same place its first receipt, also from another process and in the same batch', async () => {
    const { log, store, heads } = testLog();
    const drafts = draftsOf(denied('intent-1'));
    const first = await Promise.all([...drafts, ...drafts].map((draft) => log.append(draft)));
    expect(first.map(({ index }) => index)).toEqual([0, 1, 2, 0, 1, 2]);
    const other = testLog({ store, heads, random: countingRandom(1000) }).log;
    const again = await other.append(drafts[1] as never);
    expect(again.index).toBe(1);
    expect(again.bytes).toEqual(first[1]?.bytes);
    expect((await store.head('demo')).size).toBe(3);
  });

  it.each([
    ['payload', { payload: { ...denied('intent-1').intent, reason: 'another' } }],
    ['actor', { actor: { type: 'agent', id: 'agent-2' } }],
    ['trace', { trace: 'trace-2' }],
  ] as const)('refuses another %s at a place that is taken', async (_, changes) => {
    const { log } = testLog();
    const [draft] = draftsOf(denied('intent-1'));
    await log.append(draft as never);
    await expect(codeOf(() => log.append({ ...draft, ...changes } as never))).resolves.toBe('AUDIT_SEQ_CONFLICT');
    const both = ['x', 'y'].map((reason) => ({ ...draft, stream: 's', payload: { reason } }));
    const codes = await Promise.all(both.map((one) => codeOf(() => log.append(one as never))));
    expect(codes).toEqual(['none', 'AUDIT_SEQ_CONFLICT']);
  });

  it('refuses the same step once its payload was erased: nothing is left to compare', async () => {
    const { log, store } = testLog();
    const drafts = draftsOf(denied('intent-1'));
    for (const draft of drafts) await log.append(draft);
    await store.erasePayloads('demo', [0]);
    await expect(codeOf(() => log.append(drafts[0] as never))).resolves.toBe('AUDIT_SEQ_CONFLICT');
  });

  it('refuses a gap, a closed stream, another correlation and a record of the wrong family', async () => {
    const { log } = testLog();
    const drafts = draftsOf(denied('intent-1'));
    await expect(codeOf(() => log.append(drafts[1] as never))).resolves.toBe('AUDIT_SEQ_CONFLICT');
    await log.append(drafts[0] as never);
    await expect(codeOf(() => log.append(drafts[2] as never))).resolves.toBe('AUDIT_SEQ_CONFLICT');
    const stray = { ...drafts[1], correlation: 'another' };
    await expect(codeOf(() => log.append(stray as never))).resolves.toBe('AUDIT_DRAFT_INVALID');
    await expect(codeOf(() => log.appendCell(cellDraft('intent-1')))).resolves.toBe('AUDIT_STREAM_RESERVED');
    await log.append(drafts[1] as never);
    await log.append(drafts[2] as never);
    const more = { ...drafts[2], expectedSeq: 3 };
    await expect(codeOf(() => log.append(more as never))).resolves.toBe('AUDIT_STREAM_CLOSED');
    await log.appendCell(cellDraft('cell-1'));
    const misplaced = { ...drafts[0], stream: 'cell-1', correlation: 'cell', expectedSeq: 1 };
    await expect(codeOf(() => log.append(misplaced as never))).resolves.toBe('AUDIT_STREAM_RESERVED');
    const headless = { ...drafts[1], stream: 'intent-2', expectedSeq: 0 };
    await expect(codeOf(() => log.append(headless as never))).resolves.toBe('AUDIT_STREAM_RESERVED');
  });

  it('gives a fact of the cell the place it rests on, or none', async () => {
    const { log, store, heads } = testLog();
    const other = testLog({ store, heads, random: countingRandom(50) }).log;
    expect((await log.appendCell({ ...cellDraft('cell-1', 1), expectedSeq: 0 })).record.seq).toBe(0);
    await other.appendCell(cellDraft('cell-1', 2));
    for (const expectedSeq of [0, 1, 3]) {
      const late = { ...cellDraft('cell-1', 3), expectedSeq };
      await expect(codeOf(() => log.appendCell(late))).resolves.toBe('AUDIT_SEQ_CONFLICT');
    }
    expect((await log.appendCell({ ...cellDraft('cell-1', 3), expectedSeq: 2 })).record.seq).toBe(2);
  });

  it.each([
    ['/stream', { stream: '../x' }],
    ['/stream', { stream: '__proto__' }],
    ['/stream', { stream: 'x'.repeat(129) }],
    ['/correlation', { correlation: 'a\0b' }],
    ['/trace', { trace: '' }],
    ['/kind', { kind: 'nonsense' }],
    ['/actor', { actor: { type: 'robot', id: 'x' } }],
    ['/expectedSeq', { expectedSeq: -1 }],
    ['/expectedSeq', { expectedSeq: 0.5 }],
    ['/payload', { payload: [] }],
    ['/payload/x', { payload: { x: Number.NaN } }],
  ])('refuses a draft with a bad %s', async (pointer, changes) => {
    const { log, store } = testLog();
    const [draft] = draftsOf(denied('intent-1'));
    const error = await log.append({ ...draft, ...changes } as never).catch((caught) => caught);
    expect(error).toMatchObject({ code: 'AUDIT_DRAFT_INVALID', pointer });
    expect((await store.head('demo')).size).toBe(0);
  });

  it('refuses a payload above 4 MiB', async () => {
    const { log } = testLog();
    const big = { ...cellDraft('s'), payload: { text: 'x'.repeat(4_194_304) } };
    await expect(codeOf(() => log.appendCell(big))).resolves.toBe('AUDIT_PAYLOAD_TOO_LARGE');
  });

  it('records the draft as it was handed in, whatever happens to it afterwards', async () => {
    const { log } = testLog();
    const payload = { value: 1 };
    const receipt = log.appendCell({ ...cellDraft('s'), payload });
    payload.value = 2;
    await receipt;
    const evidence = await log.collect('s');
    expect([...evidence.payloads.values()][0]?.value).toEqual({ value: 1 });
  });

  it('commits what waits together in one batch under one checkpoint', async () => {
    const batches: number[] = [];
    const store = stagedStore(new MemoryLogStore(), () => (commit, proceed) => {
      batches.push(commit.entries.length);
      return proceed();
    });
    const { log } = testLog({ store, maxBatch: 64 });
    await Promise.all(Array.from({ length: 100 }, (_, i) => log.appendCell(cellDraft(`s-${i}`))));
    expect(batches).toEqual([64, 36]);
    await log.close();
    expect((await store.notes('demo', { after: 0, limit: 10 })).map(({ size }) => size)).toEqual([64, 100]);
  });

  it('commits a batch that begins more streams than it remembers', async () => {
    const { log } = testLog({ maxBatch: 12_000, maxQueue: 12_000 });
    const receipts = await Promise.all(Array.from({ length: 10_500 }, (_, i) => log.appendCell(cellDraft(`s-${i}`))));
    expect(receipts.at(-1)?.index).toBe(10_499);
    expect((await log.appendCell(cellDraft('s-7'))).record.seq).toBe(1);
  });

  it('refuses one more than the queue holds, at once', async () => {
    const { log } = testLog({ maxQueue: 10 });
    const codes = await Promise.all(
      Array.from({ length: 12 }, (_, i) => codeOf(() => log.appendCell(cellDraft(`s-${i}`)))),
    );
    expect(codes.filter((code) => code === 'AUDIT_QUEUE_FULL')).toHaveLength(2);
    await expect(codeOf(() => log.appendCell(cellDraft('later')))).resolves.toBe('none');
  });

  it('goes on after a store that threw where it was asked whether it is ready', async () => {
    const store = new MemoryLogStore();
    const ready = store.ready.bind(store);
    store.ready = () => {
      store.ready = ready;
      throw new Error('not now');
    };
    const { log } = testLog({ store });
    await expect(codeOf(() => log.appendCell(cellDraft('s')))).resolves.toBe('AUDIT_COMMIT_FAILED');
    await expect(codeOf(() => log.appendCell(cellDraft('s')))).resolves.toBe('none');
  });

  it('refuses after close, and close waits for what is queued', async () => {
    const { log, store } = testLog();
    const receipt = log.appendCell(cellDraft('s'));
    await log.close();
    expect((await receipt).index).toBe(0);
    expect((await store.latestNote('demo'))?.size).toBe(1);
    await expect(codeOf(() => log.appendCell(cellDraft('s')))).resolves.toBe('AUDIT_LOG_CLOSED');
  });
});

describe('a failing store or signer', () => {
  const failing = (stage: CommitStage) => {
    const memory = new MemoryLogStore();
    let left = 1;
    const store = stagedStore(memory, () => (left-- > 0 ? stage : undefined));
    return { ...testLog({ store }), memory };
  };
  const full = () => new LogStoreError('STORE_FULL', 'disk is full');

  it('means no receipt when the batch was not written, and the next append goes on', async () => {
    const { log, memory } = failing(async () => Promise.reject(full()));
    await expect(codeOf(() => log.appendCell(cellDraft('s', 1)))).resolves.toBe('AUDIT_COMMIT_FAILED');
    expect((await memory.head('demo')).size).toBe(0);
    expect((await log.appendCell(cellDraft('s', 2))).record.seq).toBe(0);
  });

  it('means no receipt when nobody knows whether it was, and the same draft again finds its record', async () => {
    const { log, memory } = failing(async (_, proceed) => {
      await proceed();
      throw new LogStoreError('STORE_IO', 'connection lost');
    });
    const [draft] = draftsOf(denied('intent-1'));
    await expect(codeOf(() => log.append(draft as never))).resolves.toBe('AUDIT_COMMIT_FAILED');
    expect((await log.append(draft as never)).index).toBe(0);
    expect((await memory.head('demo')).size).toBe(1);
  });

  it('gives no receipt without a signature, and the signature comes before the receipt of a retry', async () => {
    let failures = 1;
    const signer = {
      ...SIGNER,
      sign: (message: Uint8Array) => (failures-- > 0 ? Promise.reject(full()) : SIGNER.sign(message)),
    };
    const { log } = testLog({ signer });
    const [draft] = draftsOf(denied('intent-1'));
    await expect(codeOf(() => log.append(draft as never))).resolves.toBe('AUDIT_COMMIT_FAILED');
    await log.append(draft as never);
    expect((await log.checkpoint()).size).toBe(1);
  });

  it('gives no receipt when the head cannot be kept', async () => {
    const heads = new MemoryHeadKeeper();
    const { log } = testLog({ heads });
    heads.advance = () => Promise.reject(full());
    await expect(codeOf(() => log.appendCell(cellDraft('s')))).resolves.toBe('AUDIT_COMMIT_FAILED');
  });

  it('refuses all that waits when the store can begin no commit', async () => {
    const { log, store } = testLog();
    await store.close();
    const codes = await Promise.all([0, 1].map((i) => codeOf(() => log.appendCell(cellDraft(`s-${i}`)))));
    expect(codes).toEqual(['AUDIT_COMMIT_FAILED', 'AUDIT_COMMIT_FAILED']);
  });
});

describe('a store, a signer, a clock or a source of random bytes that babbles', () => {
  it.each<[string, unknown]>([
    ['another word', { outcome: 'conflict' }],
    ['the word alone', 'committed'],
    ['no word', {}],
    ['true', true],
    ['nothing', undefined],
    ['stale without a head', { outcome: 'stale' }],
  ])('gives no receipt for a commit that is answered by %s, signs nothing, and goes on', async (_, answer) => {
    const heads = new MemoryHeadKeeper();
    const memory = new MemoryLogStore();
    let answers = [answer];
    const store = stagedStore(memory, () => (answers.length > 0 ? async () => answers.pop() as never : undefined));
    const { log } = testLog({ store, heads });
    await expect(codeOf(() => log.appendCell(cellDraft('s', 1)))).resolves.toBe('AUDIT_COMMIT_FAILED');
    expect(await heads.read('demo')).toBeNull();
    await log.appendCell(cellDraft('s', 2));
    answers = [answer];
    await expect(codeOf(() => log.appendCell(cellDraft('s', 3)))).resolves.toBe('AUDIT_COMMIT_FAILED');
    expect((await heads.read('demo'))?.size).toBe(1);
    // A new process finds nothing that it could not stand on.
    await testLog({ store: memory, heads, random: countingRandom(50) }).log.appendCell(cellDraft('s', 4));
    expect((await memory.head('demo')).size).toBe(2);
  });

  it.each<[string, unknown]>([
    ['zeros', new Uint8Array(64)],
    ['a signature of another key', FORGER.sign(encodeUtf8('x'))],
    ['text', 'signature'],
    ['nothing', undefined],
    ['a function', () => 1],
    ['too few bytes', new Uint8Array(63)],
  ])('gives no receipt and keeps no note where the signer answers %s', async (_, answer) => {
    const store = new MemoryLogStore();
    const heads = new MemoryHeadKeeper();
    let isBroken = true;
    const sign = (message: Uint8Array) => (isBroken ? (answer as Uint8Array) : SIGNER.sign(message));
    const { log } = testLog({ store, heads, signer: { ...SIGNER, sign } });
    await expect(codeOf(() => log.appendCell(cellDraft('s', 1)))).resolves.toBe('AUDIT_SIGNER_FAILED');
    await expect(codeOf(() => log.checkpoint())).resolves.toBe('AUDIT_SIGNER_FAILED');
    expect(await heads.read('demo')).toBeNull();
    expect(await store.latestNote('demo')).toBeNull();
    isBroken = false;
    await log.appendCell(cellDraft('s', 2));
    await testLog({ store, heads, random: countingRandom(50) }).log.appendCell(cellDraft('s', 3));
    expect((await heads.read('demo'))?.size).toBe(3);
  });

  const throwing = () => {
    throw new TypeError('gone');
  };
  it.each<[string, Partial<AuditLogOptions>]>([
    ['a clock that throws', { clock: { now: throwing } }],
    ['a clock that is none', { clock: { now: () => Number.NaN } }],
    ['random bytes that throw', { random: { bytes: throwing } }],
    ['random bytes that are none', { random: { bytes: () => undefined as never } }],
    ['too few random bytes', { random: { bytes: () => new Uint8Array(15) } }],
    ['random text', { random: { bytes: () => 'sixteen letters.' as never } }],
  ])('refuses every step of an action with a code, whatever came before: %s', async (_, parts) => {
    const good = { clock: tickingClock(), random: countingRandom() };
    let calls = 0;
    const late = <Answer>(name: 'clock' | 'random', ask: (port: typeof good) => Answer): Answer =>
      ask(calls++ >= 2 && name in parts ? { ...good, ...(parts as typeof good) } : good);
    const { log, store } = testLog({
      clock: { now: () => late('clock', ({ clock }) => clock.now()) },
      random: { bytes: (length) => late('random', ({ random }) => random.bytes(length)) },
    });
    const results = await Promise.allSettled(log.appendAll(draftsOf(denied('intent-1'))));
    const codes = results.map((result) => (result.status === 'rejected' ? result.reason.code : 'appended'));
    expect(codes).toEqual(['appended', ...codes.slice(1).fill('AUDIT_COMMIT_FAILED')]);
    expect(codes.length).toBeGreaterThan(2);
    expect((await store.head('demo')).size).toBe(1);
    await expect(codeOf(() => log.appendCell(cellDraft('s')))).resolves.toBe('AUDIT_COMMIT_FAILED');
  });

  it('goes on after a rejection that refuses to say what it is', async () => {
    const trap = new Proxy({}, { getPrototypeOf: throwing, get: throwing });
    const memory = new MemoryLogStore();
    let left = 1;
    const { log } = testLog({
      store: stagedStore(memory, () => (left-- > 0 ? () => Promise.reject(trap) : undefined)),
    });
    await expect(codeOf(() => log.appendCell(cellDraft('s', 1)))).resolves.toBe('AUDIT_COMMIT_FAILED');
    expect((await log.appendCell(cellDraft('s', 2))).index).toBe(0);
  });
});

describe('several writers', () => {
  it('sign one line of heads: nothing is signed before the store took it', async () => {
    const memory = new MemoryLogStore();
    const signed: { size: number; text: string }[] = [];
    const signer = {
      ...SIGNER,
      sign: (message: Uint8Array) => {
        const text = new TextDecoder().decode(message);
        signed.push({ size: parseCheckpoint(text).size, text });
        return SIGNER.sign(message);
      },
    };
    const heads = new MemoryHeadKeeper();
    const other = testLog({ store: memory, heads, signer, random: countingRandom(5000) }).log;
    let turn = 0;
    const store = stagedStore(memory, () => async (_, proceed): Promise<LogCommitResult> => {
      // Before each commit of one writer the other one is faster, so its own compare-and-set fails.
      if (turn++ % 2 === 0) await other.appendCell(cellDraft(`fast-${turn}`));
      return proceed();
    });
    const { log } = testLog({ store, heads, signer });
    for (let i = 0; i < 20; i++) await log.appendCell(cellDraft(`slow-${i % 3}`, i));
    expect((await memory.head('demo')).size).toBe(40);
    const bySize = new Map<number, string>();
    for (const { size, text } of signed) {
      expect(bySize.get(size) ?? text).toBe(text);
      bySize.set(size, text);
    }
    expect(checkStreamChain((await log.collect('slow-1')).records).outcome).toBe('valid');
  });

  it('give up by name when others are always faster', async () => {
    const memory = new MemoryLogStore();
    const store = stagedStore(memory, () => async (commit) => ({ outcome: 'stale', head: commit.expected }));
    const { log } = testLog({ store });
    await expect(codeOf(() => log.appendCell(cellDraft('s')))).resolves.toBe('AUDIT_LOG_CONTENDED');
  });
});

describe('a log that is not what was signed', () => {
  /** A log that somebody has open. */
  const writing = async (records: number) => {
    const { store, heads, log } = testLog();
    for (let i = 0; i < records; i++) await log.appendCell(cellDraft(`s-${i}`));
    return { store, heads, log };
  };
  const grown = async (records: number, heads = new MemoryHeadKeeper(), text = 'a') => {
    const store = new MemoryLogStore();
    const { log } = testLog({ store, heads });
    for (let i = 0; i < records; i++) await log.appendCell({ ...cellDraft(`s-${i}`), payload: { text } });
    await log.close();
    return { store, heads, log };
  };

  it('refuses to sign when an older state was restored, until an operator resets the head', async () => {
    const { heads } = await grown(5);
    const restored = await grown(3, new MemoryHeadKeeper());
    const { log } = testLog({ store: restored.store, heads });
    await expect(codeOf(() => log.appendCell(cellDraft('x')))).resolves.toBe('AUDIT_LOG_BEHIND_HEAD');
    await expect(codeOf(() => log.checkpoint())).resolves.toBe('AUDIT_LOG_BEHIND_HEAD');
    expect((await restored.store.head('demo')).size).toBe(3);
    await heads.reset('demo', await restored.store.head('demo'));
    await expect(codeOf(() => log.appendCell(cellDraft('x')))).resolves.toBe('none');
  });

  it('refuses to sign when another history took its place', async () => {
    const { heads } = await grown(5);
    const forged = await grown(6, new MemoryHeadKeeper(), 'b');
    const { log } = testLog({ store: forged.store, heads });
    await expect(codeOf(() => log.appendCell(cellDraft('x')))).resolves.toBe('AUDIT_LOG_FORKED');
  });

  it('refuses to go on when the store changes under a running process', async () => {
    const first = await grown(5, new MemoryHeadKeeper());
    let current = first.store;
    const store = new Proxy(first.store, {
      get: (_, name) => {
        const member: unknown = Reflect.get(current, name, current);
        return typeof member === 'function' ? member.bind(current) : member;
      },
    });
    const { log } = testLog({ store });
    await log.appendCell(cellDraft('x'));
    current = (await grown(3, new MemoryHeadKeeper())).store;
    await expect(codeOf(() => log.appendCell(cellDraft('y')))).resolves.toBe('AUDIT_LOG_BEHIND_HEAD');
    current = (await grown(9, new MemoryHeadKeeper(), 'b')).store;
    await expect(codeOf(() => log.appendCell(cellDraft('y')))).resolves.toBe('AUDIT_LOG_FORKED');
  });

  it('takes nobody for a forger who reads while another writer goes on', async () => {
    const { store, heads, log: other } = await writing(3);
    const faster = async () => other.appendCell(cellDraft('fast'));
    const slow = new Proxy(store, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== 'function') return member;
        if (name !== 'latestNote') return member.bind(target);
        return async (tenant: string) => {
          await faster();
          return target.latestNote(tenant);
        };
      },
    });
    const read = async (tenant: string) => {
      await faster();
      return heads.read(tenant);
    };
    const keeper = { read, advance: heads.advance.bind(heads), reset: heads.reset.bind(heads) };
    const { log } = testLog({ store: slow, heads: keeper, random: countingRandom(500) });
    expect((await log.appendCell(cellDraft('slow'))).index).toBe(5);
  });

  it('refuses a key that is not the one it was signed with, from its first record on', async () => {
    const { store, log } = await writing(1);
    const { log: foreign } = testLog({ store, signer: FORGER });
    for (const call of [() => foreign.appendCell(cellDraft('x')), () => foreign.checkpoint(), () => foreign.prove(0)]) {
      await expect(codeOf(call)).resolves.toBe('AUDIT_KEY_MISMATCH');
    }
    expect((await store.head('demo')).size).toBe(1);
    expect((await log.appendCell(cellDraft('x'))).index).toBe(1);
    await expect(codeOf(() => foreign.appendCell(cellDraft('x')))).resolves.toBe('AUDIT_KEY_MISMATCH');
  });

  it('refuses a note that nobody signed like this', async () => {
    const { store } = await grown(5);
    const real = await store.latestNote('demo');
    const change = (latest: LogNote) =>
      new Proxy(store, {
        get: (target, name) => {
          if (name === 'latestNote') return async () => latest;
          const member: unknown = Reflect.get(target, name, target);
          return typeof member === 'function' ? member.bind(target) : member;
        },
      });
    const note = real?.note ?? '';
    const forged = FORGER.sign(encodeUtf8(note.slice(0, note.indexOf('\n\n') + 1)));
    const { text, signatures } = parseNote(note);
    for (const latest of [
      { size: 5, note: 'nonsense' },
      { size: 4, note },
      { size: 5, note: formatNote({ text, signatures: signatures.map((line) => ({ ...line, signature: forged })) }) },
    ]) {
      const { log } = testLog({ store: change(latest) });
      await expect(codeOf(() => log.appendCell(cellDraft('x')))).resolves.toBe('AUDIT_LOG_CORRUPT');
    }
    await expect(codeOf(() => testLog({ store: change({ size: 5, note }) }).log.checkpoint())).resolves.toBe('none');
  });

  it('refuses to sign when its own notes tell another history, also without a kept head', async () => {
    const { store } = await grown(5);
    const { store: other } = await grown(5, new MemoryHeadKeeper(), 'b');
    const { store: shorter } = await grown(4);
    const withNotesOf = (entries: AuditLogStore) =>
      new Proxy(entries, {
        get: (_, name) => {
          const from = name === 'latestNote' ? store : entries;
          const member: unknown = Reflect.get(from, name, from);
          return typeof member === 'function' ? member.bind(from) : member;
        },
      });
    const { log: forked } = testLog({ store: withNotesOf(other) });
    await expect(codeOf(() => forked.appendCell(cellDraft('x')))).resolves.toBe('AUDIT_LOG_FORKED');
    const { log: behind } = testLog({ store: withNotesOf(shorter) });
    await expect(codeOf(() => behind.appendCell(cellDraft('x')))).resolves.toBe('AUDIT_LOG_BEHIND_HEAD');
  });

  it('refuses a store whose entries do not give its root', async () => {
    const { store } = await grown(5);
    const entry = (await store.entries('demo', { from: 4, limit: 1 }))[0];
    const lying = new Proxy(store, {
      get: (target, name) => {
        if (name === 'entries') return async () => [{ ...entry, bytes: encodeUtf8('forged') }];
        const member: unknown = Reflect.get(target, name, target);
        return typeof member === 'function' ? member.bind(target) : member;
      },
    });
    const { log } = testLog({ store: lying });
    await expect(codeOf(() => log.appendCell(cellDraft('x')))).resolves.toBe('AUDIT_LOG_CORRUPT');
  });
});

describe('createAuditLog', () => {
  it.each([
    { tenant: '../demo' },
    { tenant: '__proto__' },
    { tenant: 'd'.repeat(300) },
    { cell: 'Cell' },
    { origin: 'cell-1.test/other' },
    { signer: createSigner('somebody.test/demo', new Uint8Array(32)) },
  ])('refuses %j', async (changes) => {
    const options = {
      store: new MemoryLogStore(),
      heads: new MemoryHeadKeeper(),
      signer: SIGNER,
      clock: { now: () => 0 },
      random: countingRandom(),
      tenant: 'demo',
      cell: 'cell-1',
      origin: ORIGIN,
    };
    await expect(codeOf(() => createAuditLog({ ...options, ...changes }))).resolves.toBe('AUDIT_SCOPE_INVALID');
  });
});

describe('appendAll', () => {
  it('appends steps in order in one commit, with the receipts of single appends', async () => {
    const { log, store } = testLog();
    const drafts = draftsOf(lawfulWalks().executed as Walk);
    const before = (await store.notes('demo', { after: 0, limit: 100 })).length;
    const receipts = await Promise.all(log.appendAll(drafts));
    expect(receipts.map(({ record }) => record.kind)).toEqual(drafts.map(({ kind }) => kind));
    expect(receipts.map(({ index }) => index)).toEqual(drafts.map((_, index) => index));
    await log.close();
    expect((await store.notes('demo', { after: 0, limit: 100 })).length).toBe(before + 1);
    expect(log.appendAll([])).toEqual([]);
  });

  it('appends nothing after a step that was refused, also when its place would be free', async () => {
    const { log } = testLog();
    const [intent, verdict, close] = draftsOf(denied('intent-1'));
    if (intent === undefined || verdict === undefined || close === undefined) throw new Error('no drafts');
    await Promise.all(log.appendAll([intent, verdict]));
    const other = {
      ...verdict,
      payload: { ...verdict.payload, resolution_rules_applied: ['another'] },
    } as typeof verdict;
    const results = await Promise.allSettled(log.appendAll([intent, other, close]));
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
    for (const result of results.slice(1)) expect(result).toMatchObject({ reason: { code: 'AUDIT_SEQ_CONFLICT' } });
    expect((await log.collect('intent-1')).records).toHaveLength(2);
  });

  it('appends nothing after a step of an earlier batch that failed, or that is no draft', async () => {
    const store = new MemoryLogStore();
    const { log: small } = testLog({ store, maxBatch: 1 });
    const [intent, verdict, close] = draftsOf(denied('intent-1'));
    if (intent === undefined || verdict === undefined || close === undefined) throw new Error('no drafts');
    const late = { ...verdict, before: '2000-01-01T00:00:00.000Z' };
    const results = await Promise.allSettled(small.appendAll([intent, late, close]));
    expect(results.map((result) => (result.status === 'rejected' ? result.reason.code : 'ok'))).toEqual([
      ...['ok', 'AUDIT_DRAFT_LATE', 'AUDIT_DRAFT_LATE'],
    ]);
    const commit = store.commit.bind(store);
    store.commit = (tenant, batch) => {
      if (batch.entries.some(({ seq }) => seq === 1)) throw new LogStoreError('STORE_FULL', 'injected');
      return commit(tenant, batch);
    };
    const failed = await Promise.allSettled(small.appendAll([verdict, close]));
    for (const result of failed) expect(result).toMatchObject({ reason: { code: 'AUDIT_COMMIT_FAILED' } });
    expect((await small.collect('intent-1')).records).toHaveLength(1);
  });

  it('takes all of them in one commit where it holds so many, whatever else waits', async () => {
    const store = new MemoryLogStore();
    const { log } = testLog({ store, maxBatch: 4 });
    const sizes: number[] = [];
    const commit = store.commit.bind(store);
    store.commit = (tenant, batch) => {
      sizes.push(batch.entries.length);
      return commit(tenant, batch);
    };
    const others = ['a', 'b', 'c'].map((stream) => log.appendCell(cellDraft(stream)));
    const drafts = draftsOf(denied('intent-1'));
    await Promise.all([...others, ...log.appendAll(drafts), log.appendCell(cellDraft('d'))]);
    expect(sizes).toEqual([3, 4]);
    expect(drafts).toHaveLength(3);
    // What is longer than a commit is cut, and its rest goes with what follows.
    const long = draftsOf(lawfulWalks().executed as Walk).map((draft) => ({ ...draft, stream: 'intent-2' }));
    await Promise.all(log.appendAll(long));
    expect(sizes.slice(2)).toEqual([4, long.length - 4]);
  });

  it('refuses all of them when the queue has no place for all', async () => {
    const { log } = testLog({ maxQueue: 4 });
    const others = ['a', 'b'].map((stream) => log.appendCell(cellDraft(stream)));
    const results = await Promise.allSettled(log.appendAll(draftsOf(denied('intent-1'))));
    for (const result of results) expect(result).toMatchObject({ reason: { code: 'AUDIT_QUEUE_FULL' } });
    await Promise.all(others);
    expect(await log.has('intent-1')).toBe(false);
    expect(await Promise.all(log.appendAll(draftsOf(denied('intent-1'))))).toHaveLength(3);
  });

  it('refuses all of them when the log is closed', async () => {
    const { log } = testLog();
    await log.close();
    const results = await Promise.allSettled(log.appendAll(draftsOf(denied('intent-1'))));
    for (const result of results) expect(result).toMatchObject({ reason: { code: 'AUDIT_LOG_CLOSED' } });
  });
});
