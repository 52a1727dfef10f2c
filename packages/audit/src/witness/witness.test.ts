import {
  createSigner,
  createVerifierKey,
  emptyRoot,
  encodeHex,
  encodeUtf8,
  formatCheckpoint,
  formatVerifierKey,
  parseTrustPolicy,
  parseVerifierKey,
  SIGNATURE_TYPES,
  sha256,
  signNote,
  verifyCheckpoint,
} from '@exoarmur/canonical';
import type { WitnessStore } from '@exoarmur/contracts';
import { describe, expect, it } from 'vitest';
import { codeOf } from '../../test/codes.ts';
import { ORIGIN, SIGNER, testLog } from '../../test/logs.ts';
import type { AuditLog } from '../writer/index.ts';
import {
  collectCosignatures,
  formatAddCheckpoint,
  MemoryWitnessStore,
  parseAddCheckpoint,
  Witness,
  type WitnessTransport,
} from './index.ts';

const NOW = 1_704_110_400_000;
const witnessSigner = (name: string) => createSigner(name, sha256(encodeUtf8(name)));
const vkeyOf = (name: string) =>
  formatVerifierKey({ name, publicKey: witnessSigner(name).publicKey, type: SIGNATURE_TYPES.cosignature });

const createWitness = (name = 'w1.test', store: WitnessStore = new MemoryWitnessStore()) =>
  new Witness({
    store,
    signer: witnessSigner(name),
    logs: [parseVerifierKey(SIGNER.vkey)],
    clock: { now: () => NOW },
  });

const grow = async (log: AuditLog, records: number) => {
  for (let i = 0; i < records; i++) {
    const actor = { type: 'human', id: 'operator-1' } as const;
    const rest = { correlation: 'cell', trace: null, actor, kind: 'switch_changed', payload: { i } } as const;
    await log.appendCell({ stream: 'cell-1', ...rest });
  }
  return log.checkpoint();
};

const submit = async (witness: Witness, log: AuditLog, oldSize: number, note?: string) => {
  const head = await log.checkpoint();
  const path = oldSize <= head.size ? await log.proveConsistency(oldSize, head.size) : [];
  return witness.addCheckpoint(encodeUtf8(formatAddCheckpoint({ oldSize, path, note: note ?? head.note })));
};

/** A checkpoint of the log's own key over a tree that never was. */
const forgedNote = (size: number, root: Uint8Array = new Uint8Array(32).fill(9)) =>
  signNote(formatCheckpoint({ origin: ORIGIN, size, root }), [SIGNER]);

describe('Witness', () => {
  it('cosigns a log that grows, and the cosignature verifies with the witness key alone', async () => {
    const { log } = testLog();
    const witness = createWitness();
    await grow(log, 3);
    expect((await submit(witness, log, 0)).status).toBe(200);
    const { note } = await grow(log, 4);
    const response = await submit(witness, log, 3);
    expect(response).toMatchObject({ status: 200, type: 'text/plain; charset=utf-8' });
    const keys = [parseVerifierKey(SIGNER.vkey), parseVerifierKey(vkeyOf('w1.test'))];
    const verdict = verifyCheckpoint(note + response.body, keys);
    if (verdict.outcome === 'invalid') throw new Error(verdict.failures[0].reason);
    expect(verdict.signatures.map(({ timestamp }) => timestamp)).toEqual([undefined, NOW / 1000]);
    expect((await witness.latest(encodeHex(sha256(encodeUtf8(ORIGIN))))).body).toBe(note + response.body);
  });

  it('cosigns the same checkpoint again', async () => {
    const { log } = testLog();
    const witness = createWitness();
    await grow(log, 3);
    await submit(witness, log, 0);
    expect((await submit(witness, log, 3)).status).toBe(200);
  });

  it('answers each wrong request with its own status, and none of them moves it', async () => {
    const { log } = testLog();
    const witness = createWitness();
    await grow(log, 3);
    await submit(witness, log, 0);
    await grow(log, 2);
    const stranger = createSigner(ORIGIN, new Uint8Array(32).fill(1));
    const unknown = createSigner('unknown.test/demo', new Uint8Array(32).fill(1));
    const text = formatCheckpoint({ origin: ORIGIN, size: 5, root: new Uint8Array(32) });
    expect((await submit(witness, log, 9)).status).toBe(400);
    expect((await submit(witness, log, 3, signNote(text, [stranger]))).status).toBe(403);
    const foreign = signNote(formatCheckpoint({ origin: unknown.name, size: 5, root: new Uint8Array(32) }), [unknown]);
    expect((await submit(witness, log, 3, foreign)).status).toBe(404);
    expect(await submit(witness, log, 0)).toEqual({ status: 409, type: 'text/x.tlog.size', body: '3\n' });
    expect((await submit(witness, log, 3, forgedNote(5))).status).toBe(422);
    expect((await witness.addCheckpoint(encodeUtf8('nonsense'))).status).toBe(400);
    expect((await witness.latest('00')).status).toBe(404);
    expect((await submit(witness, log, 3)).status).toBe(200);
  });

  it('finds a rolled-back log, a fork at the same size and a fork beyond it', async () => {
    const { log } = testLog();
    const witness = createWitness();
    await grow(log, 5);
    await submit(witness, log, 0);
    const restored = testLog();
    await grow(restored.log, 3);
    expect((await submit(witness, restored.log, 3)).status).toBe(409);
    const request = (note: string) => encodeUtf8(formatAddCheckpoint({ oldSize: 5, path: [], note }));
    expect((await witness.addCheckpoint(request(forgedNote(5)))).status).toBe(422);
    expect((await witness.addCheckpoint(request(forgedNote(6)))).status).toBe(422);
  });

  it('cosigns the empty log only with the root of the empty tree', async () => {
    const request = (note: string) => encodeUtf8(formatAddCheckpoint({ oldSize: 0, path: [], note }));
    expect((await createWitness().addCheckpoint(request(forgedNote(0)))).status).toBe(422);
    expect((await createWitness().addCheckpoint(request(forgedNote(0, emptyRoot())))).status).toBe(200);
  });

  it('does not answer before it has written down, and two requests at once cannot roll it back', async () => {
    const memory = new MemoryWitnessStore();
    const order: string[] = [];
    let release = () => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const store: WitnessStore = {
      read: (origin) => memory.read(origin),
      replace: async (origin, expected, next) => {
        if (order.length === 0) {
          order.push('stalled');
          await gate;
        }
        order.push(`wrote ${next.size}`);
        return memory.replace(origin, expected, next);
      },
    };
    const witness = createWitness('w1.test', store);
    const { log } = testLog();
    await grow(log, 3);
    const first = submit(witness, log, 0).then(({ status }) => order.push(`answered ${status}`));
    await grow(log, 2);
    const second = submit(witness, log, 0);
    release();
    await first;
    expect(order.slice(0, 3)).toEqual(['stalled', 'wrote 3', 'answered 200']);
    expect((await second).status).toBe(409);
    expect((await memory.read(ORIGIN))?.size).toBe(3);
  });

  it('answers 409 when another process of the same witness was faster', async () => {
    const memory = new MemoryWitnessStore();
    const { log } = testLog();
    await grow(log, 3);
    // Only the word of the store counts as written down.
    for (const answer of [false, undefined, { ok: false }, 'written', 1]) {
      const store: WitnessStore = { read: (origin) => memory.read(origin), replace: async () => answer as boolean };
      expect((await submit(createWitness('w1.test', store), log, 0)).status).toBe(409);
    }
    const forgetful: WitnessStore = { ...memory, read: async () => undefined as never, replace: async () => true };
    expect((await submit(createWitness('w1.test', forgetful), log, 0)).status).toBe(200);
  });
});

describe('parseAddCheckpoint', () => {
  const note = forgedNote(5);
  it.each([
    ['no old size', `\n\n${note}`],
    ['a leading zero', `old 007\n\n${note}`],
    ['an unsafe size', `old 9999999999999999\n\n${note}`],
    ['64 hashes', `old 1\n${`${'A'.repeat(43)}=\n`.repeat(64)}\n${note}`],
    ['a short hash', `old 1\nAAAA\n\n${note}`],
    ['a hash that is not base64', `old 1\n!!!\n\n${note}`],
    ['a checkpoint without signatures', `old 1\n\n${ORIGIN}\n5\n${'A'.repeat(43)}=\n`],
    ['nothing', ''],
  ])('refuses %s', async (_, text) => {
    await expect(codeOf(() => parseAddCheckpoint(encodeUtf8(text)))).resolves.toBe('AUDIT_WITNESS_MALFORMED');
  });

  it('refuses a body above its limit and one that is not UTF-8', async () => {
    for (const body of [new Uint8Array(131_073), Uint8Array.of(0xff)]) {
      await expect(codeOf(() => parseAddCheckpoint(body))).resolves.toBe('AUDIT_WITNESS_MALFORMED');
    }
  });
});

describe('collectCosignatures', () => {
  const NAMES = ['w1.test', 'w2.test', 'w3.test'];
  const policy = parseTrustPolicy(
    `log ${SIGNER.vkey}\n${NAMES.map((name, i) => `witness w${i + 1} ${vkeyOf(name)} https://${name}/`).join('\n')}\n` +
      'group any2 2 w1 w2 w3\nquorum any2\n',
  );
  const network =
    (witnesses: Map<string, Witness>, down: readonly string[] = []): WitnessTransport =>
    async ({ name }, body) => {
      const witness = witnesses.get(name);
      if (witness === undefined || down.includes(name)) throw new Error('connection refused');
      return witness.addCheckpoint(body);
    };
  const witnesses = () => new Map(NAMES.map((name, i) => [`w${i + 1}`, createWitness(name)]));
  const collect = async (log: AuditLog, transport: WitnessTransport) => {
    const { note } = await log.checkpoint();
    const proveConsistency = (old: number, size: number) => log.proveConsistency(old, size);
    return collectCosignatures({ note, policy, transport, proveConsistency });
  };

  it('meets the quorum, also when the sizes of the witnesses are not known', async () => {
    const { log } = testLog();
    const all = witnesses();
    await grow(log, 3);
    await collect(log, network(all, ['w3']));
    await grow(log, 4);
    const result = await collect(log, network(all));
    expect(result.isQuorumMet).toBe(true);
    expect(result.answers.map(({ outcome }) => outcome)).toEqual(['cosigned', 'cosigned', 'cosigned']);
    const keys = [parseVerifierKey(SIGNER.vkey), ...policy.witnesses.map(({ key }) => key)];
    const verdict = verifyCheckpoint(result.note, keys);
    expect(verdict.outcome === 'valid' && verdict.signatures.length).toBe(4);
  });

  it('says by name who did not answer, and that the quorum is not met', async () => {
    const { log } = testLog();
    await grow(log, 3);
    const result = await collect(log, network(witnesses(), ['w1', 'w3']));
    expect(result.isQuorumMet).toBe(false);
    expect(result.answers[0]).toMatchObject({ outcome: 'refused', code: 'AUDIT_WITNESS_UNREACHABLE', status: null });
  });

  it('does not count a witness that has seen more than there is: the log was rolled back', async () => {
    const { log } = testLog();
    const all = witnesses();
    await grow(log, 5);
    await collect(log, network(all));
    const restored = testLog();
    await grow(restored.log, 3);
    const result = await collect(restored.log, network(all));
    expect(result.isQuorumMet).toBe(false);
    expect(result.answers[0]).toMatchObject({ outcome: 'refused', code: 'AUDIT_WITNESS_REFUSED', status: 409 });
  });

  it.each([
    ['a cosignature of another witness', 'w2.test', (body: string) => body],
    ['a cosignature of something else', 'w1.test', (body: string) => body.replace(/.(?=.{6}\n$)/, '+')],
    ['no cosignature', 'w1.test', () => ''],
    ['more than it may', 'w1.test', (body: string) => body.repeat(2000)],
  ])('does not count a witness that sends %s', async (_, name, change) => {
    const { log } = testLog();
    await grow(log, 3);
    const answering = createWitness(name);
    const transport: WitnessTransport = async (witness, body) => {
      if (witness.name !== 'w1') throw new Error('down');
      const response = await answering.addCheckpoint(body);
      return { ...response, body: change(response.body) };
    };
    const result = await collect(log, transport);
    expect(result.answers[0]).toMatchObject({ outcome: 'refused', code: 'AUDIT_WITNESS_MALFORMED' });
    expect(result.note).toBe((await log.checkpoint()).note);
  });

  it('does not follow a witness that keeps telling another size', async () => {
    const { log } = testLog();
    await grow(log, 3);
    let calls = 0;
    const transport: WitnessTransport = async () => {
      calls++;
      return { status: 409, type: 'text/x.tlog.size', body: '1\n' };
    };
    const result = await collect(log, transport);
    expect(calls).toBe(6);
    expect(result.answers[0]).toMatchObject({ code: 'AUDIT_WITNESS_REFUSED' });
  });

  it('uses the key of a witness as a cosignature key only', () => {
    const key = parseVerifierKey(vkeyOf('w1.test'));
    expect(key.keyId).not.toEqual(createVerifierKey('w1.test', key.publicKey).keyId);
  });
});
