import { parseJson } from '@exoarmur/canonical';
import { formatLegacyJson, legacyAuditPayloadHash, parseLegacyJson } from '@exoarmur/canonical/legacy-python';
import type { JsonObject } from '@exoarmur/contracts';
import { describe, expect, it } from 'vitest';
import { codeOf } from '../../test/codes.ts';
import { appendWalk, countingRandom, SIGNER, testLog } from '../../test/logs.ts';
import { Walk } from '../../test/walks.ts';
import { exportTiles, fsckLog } from '../inspection/index.ts';
import { MemoryLogStore } from '../memory/index.ts';
import { checkStreamChain, parseRecord } from '../reader/index.ts';
import { advanceTrail, initialTrail } from '../trail/index.ts';
import { hmacSha256 } from './hmac.ts';
import { createIngestor, type ForeignFormat } from './index.ts';

const officer = { type: 'human', id: 'officer-1' } as const;
const denied = (id: string, actor = 'agent-1') => new Walk(id, { actor_id: actor }).decide('deny').close('denied');

describe('erase', () => {
  const erased = async (selection: Parameters<ReturnType<typeof testLog>['log']['erase']>[0]['selection']) => {
    const made = testLog();
    await appendWalk(made.log, denied('intent-1'));
    await appendWalk(made.log, denied('intent-2', 'agent-2'));
    const result = await made.log.erase({ selection, requestedBy: officer, reason: 'article 17' });
    return { ...made, ...result };
  };

  it('takes the payloads of a stream, keeps every proof, and leaves unverifiable exactly what needed them', async () => {
    const { log, store, heads, erased: count } = await erased({ stream: 'intent-1' });
    expect(count).toBe(3);
    const evidence = await log.collect('intent-1');
    expect(evidence.payloads.size).toBe(0);
    expect(checkStreamChain(evidence.records).outcome).toBe('valid');
    let state = initialTrail();
    for (const record of evidence.records) {
      const verdict = advanceTrail(state, { record, payload: undefined });
      if (verdict.outcome === 'unlawful') throw new Error(verdict.violation.code);
      state = verdict.state;
    }
    expect(state.unverifiable.map(({ record }) => record)).toEqual([0, 1, 2]);
    expect((await log.collect('intent-2')).payloads.size).toBe(3);
    await log.close();
    const report = await fsckLog({ store, tenant: 'demo', vkey: SIGNER.vkey, heads });
    expect(report).toMatchObject({ outcome: 'sound', counts: { records: 7, erased: 3, payloads: 4 } });
  });

  it('records who asked and why', async () => {
    const { log, receipt } = await erased({ correlation: 'session-intent-1' });
    expect(receipt.record).toMatchObject({ kind: 'payload_erased', actor: officer });
    const evidence = await log.collect(receipt.record.stream);
    expect([...evidence.payloads.values()][0]?.value).toEqual({
      schema: 'exoarmur.payload-erased/1',
      selection: { correlation: 'session-intent-1' },
      records: [0, 1, 2],
      reason: 'article 17',
    });
  });

  it('of a subject takes every stream it asked for', async () => {
    const { log, erased: count } = await erased({ subject: 'agent-2' });
    expect(count).toBe(3);
    expect((await log.collect('intent-1')).payloads.size).toBe(3);
    expect((await log.collect('intent-2')).payloads.size).toBe(0);
  });

  it('records before it deletes: a store that fails to delete leaves the order in the log', async () => {
    const { log, store } = testLog();
    await appendWalk(log, denied('intent-1'));
    store.erasePayloads = () => Promise.reject(new Error('disk'));
    await expect(log.erase({ selection: { stream: 'intent-1' }, requestedBy: officer, reason: 'x' })).rejects.toThrow();
    expect((await store.head('demo')).size).toBe(4);
  });

  it('refuses a selection that fits nothing and an order without a reason', async () => {
    const { log } = await erased({ stream: 'intent-1' });
    const order = { selection: { stream: 'nothing' }, requestedBy: officer, reason: 'x' };
    await expect(codeOf(() => log.erase(order))).resolves.toBe('AUDIT_STREAM_NOT_FOUND');
    const silent = { selection: { stream: 'intent-2' }, requestedBy: officer, reason: '' };
    await expect(codeOf(() => log.erase(silent))).resolves.toBe('AUDIT_DRAFT_INVALID');
  });
});

describe('prune', () => {
  const at = (second: number) => new Date(Date.UTC(2024, 0, 1, 12, 0, second)).toISOString();
  const order = (before: string) => ({ before, requestedBy: officer, reason: 'retention' });

  it('forgets whole tiles of ended actions, and what remains is still proved', async () => {
    const { log, store, heads } = testLog();
    for (let i = 0; i < 200; i++) await appendWalk(log, denied(`intent-${i}`));
    // Records 0 to 599 were written at seconds 0 to 599.
    expect(await log.prune(order(at(550)))).toEqual({ before: 512 });
    expect(await store.firstIndex('demo')).toBe(512);
    expect(await log.prune(order(at(300)))).toEqual({ before: 512 });
    const evidence = await log.collect('intent-199');
    expect(evidence.proofs).toHaveLength(3);
    await expect(codeOf(() => log.collect('intent-1'))).resolves.toBe('AUDIT_STREAM_NOT_FOUND');
    await expect(codeOf(() => log.collect('intent-170'))).resolves.toBe('AUDIT_RECORD_PRUNED');
    await log.close();
    const report = await fsckLog({ store, tenant: 'demo', vkey: SIGNER.vkey, heads });
    expect(report.outcome).toBe('sound');
  });

  it('goes no further than the first action that is open', async () => {
    const { log } = testLog();
    await log.append({
      stream: 'open',
      correlation: 'session-open',
      trace: null,
      actor: { type: 'agent', id: 'agent-1' },
      kind: 'intent_received',
      payload: new Walk('open').intent,
      expectedSeq: 0,
    });
    for (let i = 0; i < 200; i++) await appendWalk(log, denied(`intent-${i}`));
    expect(await log.prune(order(at(5000)))).toEqual({ before: 0 });
  });

  it('keeps of a stream of the cell the record on which the next one builds', async () => {
    const { log, store } = testLog();
    const cell = { stream: 'switches', correlation: 'cell', trace: null, actor: officer } as const;
    for (let i = 0; i < 300; i++) await log.appendCell({ ...cell, kind: 'switch_changed', payload: { i } });
    expect(await log.prune(order(at(5000)))).toEqual({ before: 256 });
    expect((await log.appendCell({ ...cell, kind: 'switch_changed', payload: {} })).record.seq).toBe(300);
    await expect(codeOf(() => log.collect('switches'))).resolves.toBe('AUDIT_RECORD_PRUNED');
    expect((await store.entries('demo', { from: 0, limit: 1000 })).at(0)?.index).toBe(256);
  });

  it('refuses a time that is none', async () => {
    const { log } = testLog();
    await expect(codeOf(() => log.prune(order('yesterday')))).resolves.toBe('AUDIT_DRAFT_INVALID');
  });
});

describe('ingest', () => {
  const ingestorOver = (store = new MemoryLogStore()) => {
    const made = testLog({ store });
    const options = {
      log: made.log,
      clock: { now: () => 0 },
      random: countingRandom(),
      key: new Uint8Array(32).fill(1),
    };
    return { ...made, ingestor: createIngestor(options) };
  };
  const actor = { type: 'service', id: 'bridge' } as const;
  const event = (value: number) => JSON.stringify({ id: 'e-1', type: 'telemetry', correlation_id: 'corr 1', value });
  const give = (format: ForeignFormat, text: string, source = 'sensor') => ({ format, source, text, actor });

  it('records an event once, whatever its spelling and whoever hands it in, and nothing of it in the header', async () => {
    const { ingestor, store } = ingestorOver();
    const first = await ingestor.ingest(give('json', event(1)));
    const spelled = await ingestor.ingest(
      give('json', ` { "value":1.0,"type":"telemetry","id":"e-1","correlation_id":"corr 1"}`),
    );
    expect(spelled.index).toBe(first.index);
    expect((await ingestor.ingest(give('json', event(1), 'another'))).index).toBe(1);
    expect(first.record.kind).toBe('event_ingested');
    expect(new TextDecoder().decode(first.bytes)).not.toMatch(/e-1|corr 1|telemetry|sensor/);
    expect((await store.head('demo')).size).toBe(2);
  });

  it('names the conflict when another event has the same identity', async () => {
    const { ingestor } = ingestorOver();
    const codes = await Promise.all(
      [event(1), event(2), event(1)].map((text) => codeOf(() => ingestor.ingest(give('json', text)))),
    );
    expect(codes).toEqual(['none', 'AUDIT_INGEST_CONFLICT', 'none']);
    await expect(codeOf(() => ingestor.ingest(give('json', event(3))))).resolves.toBe('AUDIT_INGEST_CONFLICT');
  });

  it('forgets the keys with the payload: the same event is new again', async () => {
    const { ingestor, log } = ingestorOver();
    const { record } = await ingestor.ingest(give('json', event(1)));
    await log.erase({ selection: { stream: record.stream }, requestedBy: officer, reason: 'x' });
    expect((await ingestor.ingest(give('json', event(1)))).index).toBe(2);
  });

  const payload = '{"kind": "inline", "ref": {"score": 0.8, "whole": 1.0}}';
  const hash = legacyAuditPayloadHash(parseLegacyJson(payload));
  const record = (sha: string) =>
    `{"audit_id": "01J4NR5X9Z8GABCDEF12345678", "event_kind": "telemetry_ingested", "correlation_id": "c", "payload_ref": ${payload}, "hashes": {"sha256": "${sha}"}}`;

  it('compares the hash that an audit record carries, over its own text, and never sets it right', async () => {
    const { ingestor, log } = ingestorOver();
    const receipt = await ingestor.ingest(give('audit_record_v1', record(hash)));
    const evidence = await log.collect(receipt.record.stream);
    const stored = [...evidence.payloads.values()][0]?.value as JsonObject;
    expect(stored).toMatchObject({ format: 'audit_record_v1', stored_hash: hash, text: record(hash) });
    const wrong = record(hash.replace(/^./, hash.startsWith('0') ? '1' : '0'));
    await expect(codeOf(() => ingestor.ingest(give('audit_record_v1', wrong)))).resolves.toBe(
      'AUDIT_INGEST_HASH_MISMATCH',
    );
    expect(formatLegacyJson(parseLegacyJson(payload), 'spaced-ascii')).toBe(payload);
  });

  it('takes an audit record that carries no hash as what it is', async () => {
    const { ingestor, log } = ingestorOver();
    const text = record(hash).replace(/, "hashes".*\}\}$/, '}');
    const receipt = await ingestor.ingest(give('audit_record_v1', text));
    const [stored] = (await log.collect(receipt.record.stream)).payloads.values();
    expect(stored?.value).toMatchObject({ stored_hash: null });
  });

  it.each<[string, ForeignFormat, string, string]>([
    ['no JSON', 'json', 'nonsense', ''],
    ['a list', 'json', '[]', ''],
    ['a duplicate key', 'json', '{"id":"1","id":"2","type":"x"}', '/id'],
    ['no id', 'json', '{"type":"x"}', '/id'],
    ['an id that is no text', 'json', '{"id":1,"type":"x"}', '/id'],
    ['no kind', 'audit_record_v1', '{"audit_id":"x"}', '/event_kind'],
    ['no payload hash', 'canonical_event', '{"event_id":"x","event_type":"y","payload":{}}', '/payload_hash'],
  ])('refuses an event with %s', async (_, format, text, pointer) => {
    const { ingestor } = ingestorOver();
    const error = await ingestor.ingest(give(format, text)).catch((caught) => caught);
    expect(error).toMatchObject({ code: 'AUDIT_INGEST_MALFORMED', pointer });
  });

  it('refuses a canonical event whose payload hash is wrong', async () => {
    const { ingestor } = ingestorOver();
    const text = `{"event_id":"x","event_type":"y","payload":{},"payload_hash":"${'0'.repeat(64)}"}`;
    await expect(codeOf(() => ingestor.ingest(give('canonical_event', text)))).resolves.toBe(
      'AUDIT_INGEST_HASH_MISMATCH',
    );
  });

  it('refuses a source that is no line of text, and a key that is too short', async () => {
    const { ingestor, log } = ingestorOver();
    for (const source of ['', 'a\nb', 'x'.repeat(257)]) {
      await expect(codeOf(() => ingestor.ingest(give('json', event(1), source)))).resolves.toBe(
        'AUDIT_INGEST_MALFORMED',
      );
    }
    const options = { log, clock: { now: () => 0 }, random: countingRandom(), key: new Uint8Array(16) };
    expect(() => createIngestor(options)).toThrow(RangeError);
  });

  it('makes its keys as RFC 4231 says', () => {
    // Test case 2 has a key of 4 bytes; HMAC pads with zeros, so 32 bytes that end in zeros are the same key.
    const key = new Uint8Array(32);
    key.set(new TextEncoder().encode('Jefe'));
    const mac = hmacSha256(key, new TextEncoder().encode('what do ya want for nothing?'));
    expect(Buffer.from(mac).toString('hex')).toBe('5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843');
  });
});

describe('exportTiles', () => {
  it('gives every tile and bundle of the signed size, the checkpoint last', async () => {
    const { log, store } = testLog();
    for (let i = 0; i < 100; i++) await appendWalk(log, denied(`intent-${i}`));
    await log.close();
    const files = new Map<string, Uint8Array>();
    for await (const { path, bytes } of exportTiles(store, 'demo')) files.set(path, bytes);
    expect([...files.keys()]).toEqual([
      'tile/0/000',
      'tile/entries/000',
      'tile/0/001.p/44',
      'tile/entries/001.p/44',
      'tile/1/000.p/1',
      'checkpoint',
    ]);
    expect(files.get('tile/0/000')).toHaveLength(8192);
    expect(files.get('tile/0/001.p/44')).toHaveLength(44 * 32);
    expect(new TextDecoder().decode(files.get('checkpoint'))).toBe((await store.latestNote('demo'))?.note);
    const bundle = files.get('tile/entries/000') as Uint8Array;
    const length = ((bytes) => ((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0))(bundle);
    expect(parseRecord(bundle.slice(2, 2 + length)).stream).toBe('intent-0');
    expect(parseJson(bundle.slice(2, 2 + length))).toMatchObject({ seq: 0 });
  });

  it('of a log that was never signed is refused', async () => {
    const files = exportTiles(new MemoryLogStore(), 'demo');
    await expect(codeOf(() => files.next())).resolves.toBe('AUDIT_RECORD_NOT_FOUND');
  });
});
