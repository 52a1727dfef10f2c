import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryHeadKeeper, MemoryLogStore } from '@exoarmur/audit/memory';
import { collectCosignatures, Witness } from '@exoarmur/audit/witness';
import { createAuditLog } from '@exoarmur/audit/writer';
import {
  createSigner,
  encodeHex,
  encodeUtf8,
  formatVerifierKey,
  parseTrustPolicy,
  parseVerifierKey,
  SIGNATURE_TYPES,
  sha256,
  verifyCheckpoint,
} from '@exoarmur/canonical';
import { openSqliteWitnessStore } from '@exoarmur/store-sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { submitOverHttp } from './http-transport.ts';
import { createWitnessServer } from './witness-server.ts';

let folder = '';
const closers: (() => unknown)[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'exoarmur-'));
});

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  rmSync(folder, { recursive: true });
});

/** One installation: its own log, and a witness of the other's. */
const install = (name: string) => {
  const origin = `${name}.test/demo`;
  const seed = sha256(encodeUtf8(name));
  const signer = createSigner(origin, seed);
  let count = 0;
  const log = createAuditLog({
    store: new MemoryLogStore(),
    heads: new MemoryHeadKeeper(),
    signer,
    clock: { now: () => Date.now() },
    random: { bytes: (length) => new Uint8Array(length).fill(count++) },
    tenant: 'demo',
    cell: name,
    origin,
  });
  const witnessSigner = createSigner(`${name}.test/witness`, sha256(encodeUtf8(`${name} witness`)));
  const { publicKey } = witnessSigner;
  const witnessKey = formatVerifierKey({ name: witnessSigner.name, publicKey, type: SIGNATURE_TYPES.cosignature });
  const serve = async (logVkey: string) => {
    const store = openSqliteWitnessStore(join(folder, `${name}.db`));
    const logs = [parseVerifierKey(logVkey)];
    const server = createWitnessServer(
      new Witness({ store, signer: witnessSigner, logs, clock: { now: () => Date.now() } }),
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    closers.push(
      () => store.close(),
      () => server.close(),
      () => server.closeAllConnections(),
    );
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  };
  const act = (value: number) =>
    log.appendCell({
      stream: 'cell',
      correlation: 'cell',
      trace: null,
      actor: { type: 'service', id: name },
      kind: 'switch_changed',
      payload: { value },
    });
  return { log, serve, act, witnessKey };
};

const policyOf = (logVkey: string, witnessKey: string, url: string) =>
  parseTrustPolicy(`log ${logVkey}\nwitness w ${witnessKey} ${url}\nquorum w\n`);

test('two installations witness each other over the network', async () => {
  const [a, b] = [install('a'), install('b')];
  const urls = [await a.serve(b.log.vkey), await b.serve(a.log.vkey)] as const;
  for (const [own, other, url] of [
    [a, b, urls[1]],
    [b, a, urls[0]],
  ] as const) {
    const policy = policyOf(own.log.vkey, other.witnessKey, url);
    for (let round = 0; round < 3; round++) {
      await own.act(round);
      const { note } = await own.log.checkpoint();
      const proveConsistency = (from: number, to: number) => own.log.proveConsistency(from, to);
      const result = await collectCosignatures({ note, policy, transport: submitOverHttp, proveConsistency });
      expect(result.isQuorumMet).toBe(true);
      const keys = [parseVerifierKey(own.log.vkey), parseVerifierKey(other.witnessKey)];
      const verdict = verifyCheckpoint(result.note, keys);
      expect(verdict.outcome === 'valid' && verdict.signatures.length).toBe(2);
      const latest = await fetch(`${url}${encodeHex(sha256(encodeUtf8(own.log.origin)))}/checkpoint`);
      expect(await latest.text()).toBe(result.note);
    }
  }
});

test('a witness without an address, and one that is down, cost their vote', async () => {
  const { log, act, witnessKey } = install('a');
  await act(0);
  const { note } = await log.checkpoint();
  for (const line of [`witness w ${witnessKey}`, `witness w ${witnessKey} http://127.0.0.1:9/`]) {
    const policy = parseTrustPolicy(`log ${log.vkey}\n${line}\nquorum w\n`);
    const proveConsistency = (from: number, to: number) => log.proveConsistency(from, to);
    const result = await collectCosignatures({ note, policy, transport: submitOverHttp, proveConsistency });
    expect(result).toMatchObject({ isQuorumMet: false, answers: [{ code: 'AUDIT_WITNESS_UNREACHABLE' }] });
  }
});

test.each([
  ['GET', 'add-checkpoint', '', 405],
  ['POST', 'add-checkpoint', 'nonsense', 400],
  ['POST', 'add-checkpoint', 'x'.repeat(131_073), 413],
  ['GET', 'anything', '', 404],
  ['GET', `${'0'.repeat(64)}/checkpoint`, '', 404],
  ['DELETE', `${'0'.repeat(64)}/checkpoint`, '', 405],
])('%s /%s is answered with its status', async (method, path, body, status) => {
  const { serve, log } = install('a');
  const url = await serve(log.vkey);
  const asked = request(`${url}${path}`, { method });
  asked.on('error', () => undefined);
  asked.end(body);
  const [response] = (await once(asked, 'response')) as [{ statusCode: number; resume(): void }];
  response.resume();
  expect(response.statusCode).toBe(status);
});
