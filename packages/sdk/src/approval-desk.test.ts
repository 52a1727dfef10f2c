import fs, {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type ActionResult,
  BoundaryError,
  createOperatorRegistry,
  signApproval,
  signApprovalRevocation,
  signStandingGrant,
} from '@exoarmur/boundary-v2';
import {
  createSigner,
  decodeBase64,
  digestValue,
  encodeBase64,
  encodeHex,
  encodeUtf8,
  formatTime,
  parseVerifierKey,
  signEnvelope,
} from '@exoarmur/canonical';
import {
  APPROVAL_DIGEST_DOMAIN,
  APPROVAL_REVOCATION_PAYLOAD_TYPE,
  type Digest,
  type DsseEnvelope,
  LogStoreError,
  type Operator,
  type OperatorRegistry,
  STANDING_GRANT_PAYLOAD_TYPE,
} from '@exoarmur/contracts';
import { createSqliteOperatorStore, createSqliteStandingGrantStore, openSqliteLogStore } from '@exoarmur/store-sqlite';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { APPROVER, APPROVER_KEY, createConfig, createIntent, createTestClock, POLICY_SET } from '../test/configs.ts';
import { takeAnswers } from './answers.ts';
import { AnswerTray, createBoundary, openApprovalDesk, type RefusedAnswer, SdkError } from './index.ts';
import { listKeptGrants } from './kept-standing-grants.ts';

const BOB_KEY = { name: 'bob.test', seed: new Uint8Array(32).fill(4) };
const BOB = createSigner(BOB_KEY.name, BOB_KEY.seed);
const WISH = { stream: 'intent-1', reason: 'mistaken', key: APPROVER_KEY };

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'exoarmur-desk-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

/** A registry that fails once when it is asked for the first operator after a fault is due. */
function busyRegistry(first: Operator, ...others: readonly Operator[]) {
  const known = createOperatorRegistry([first, ...others]);
  const keyId = encodeHex(parseVerifierKey(first.vkey).keyId);
  const fault = { isDue: false };
  const findByKeyId = async (wanted: string) => {
    if (!fault.isDue || wanted !== keyId) return known.findByKeyId(wanted);
    fault.isDue = false;
    throw new LogStoreError('STORE_BUSY', 'busy');
  };
  return { operators: { findByKeyId }, fault };
}

/** A boundary with an action that waits, an operator in its database, and a desk. */
async function openOffice({ quorum = 1, operators: registry }: { quorum?: number; operators?: OperatorRegistry } = {}) {
  const clock = createTestClock();
  const store = { path: join(home, 'a.db') };
  const ask = `@approval("quorum") @quorum("${quorum}")\nforbid(principal, action, resource in Directory::"/data/ask");`;
  const set = { ...POLICY_SET, policies: { ...POLICY_SET.policies, ...(quorum === 1 ? {} : { 'ask-person': ask }) } };
  const config = createConfig({
    ...{ store, clock, policy: { set } },
    ...(registry === undefined ? {} : { operators: registry }),
  });
  const boundary = await createBoundary(config);
  const pending = await boundary.execute(createIntent({ target: '/data/ask/x' }));
  const database = openSqliteLogStore(store);
  const operators = createSqliteOperatorStore(database, 'demo');
  await operators.add(APPROVER);
  const desk = openApprovalDesk({ store, tenant: 'demo', cell: 'demo', clock });
  const [waiting] = await desk.list();
  if (waiting === undefined) throw new Error('nothing waits');
  const answer = (change: object = {}) =>
    desk.answer({
      ...{
        stream: 'intent-1',
        verdict: 'approve',
        requestDigest: waiting.requestDigest,
        reason: 'seen',
        key: APPROVER_KEY,
      },
      ...change,
    });
  const close = async () => {
    await desk.close();
    await database.close();
    await boundary.close();
  };
  return { boundary, config, clock, pending, operators, desk, waiting, answer, close };
}

describe('ApprovalDesk', () => {
  it('shows what waits, and its answer makes the boundary act and not the desk', async () => {
    const { boundary, config, desk, waiting, answer, close } = await openOffice();
    expect(waiting).toMatchObject({ stream: 'intent-1', intent: { target: '/data/ask/x' }, isLate: false, inTray: 0 });
    expect(waiting.decision.pdp.determining_policies).toEqual(['ask-person']);
    await answer();
    expect(config.executor.performed).toHaveLength(0);
    expect(await desk.show('intent-1')).toMatchObject({ inTray: 1, answeredBy: [] });
    expect(await boundary.takeAnswers('intent-1')).toMatchObject({ result: { status: 'completed' }, refused: [] });
    expect(config.executor.performed).toHaveLength(1);
    expect(await desk.list()).toEqual([]);
    expect(readdirSync(join(home, 'a.db.answers'))).toEqual([]);
    await expect(desk.show('intent-1')).rejects.toMatchObject({ code: 'SDK_STREAM_UNKNOWN' });
    await close();
  });

  it('makes a waiting call go on, and a denial end it', async () => {
    const { boundary, config, pending, answer, close } = await openOffice();
    const settled = boundary.settle(pending, { pollMs: 5 });
    await answer({ verdict: 'deny', reason: 'no' });
    expect(await settled).toMatchObject({ status: 'denied', code: 'BOUNDARY_APPROVAL_DENIED' });
    expect(config.executor.performed).toHaveLength(0);
    await close();
  });

  it('ends a waiting call when its time is up, or when the caller gives up waiting', async () => {
    const { boundary, clock, pending, close } = await openOffice();
    const controller = new AbortController();
    const reason = new Error('enough');
    const settled = boundary.settle(pending, { pollMs: 60_000, signal: controller.signal });
    controller.abort(reason);
    await expect(settled).rejects.toBe(reason);
    clock.nowMs += 3_700_000;
    expect(await boundary.settle(pending)).toMatchObject({ status: 'denied', code: 'BOUNDARY_APPROVAL_EXPIRED' });
    await close();
  });

  it('refuses what can be known to be wrong', async () => {
    const { clock, operators, answer, close } = await openOffice();
    const refused = (change: object) => expect(answer(change)).rejects;
    await refused({ stream: 'intent-2' }).toMatchObject({ code: 'SDK_STREAM_UNKNOWN' });
    for (const change of [
      { reason: '\ud800' },
      { reason: 'two\nlines' },
      { verdict: 'maybe' },
      { ttlSeconds: Number.NaN },
      { key: { ...APPROVER_KEY, seed: new Uint8Array(31) } },
      { key: undefined },
    ]) {
      await refused(change).toMatchObject({ code: 'SDK_ANSWER_MALFORMED' });
    }
    const trap = new Proxy({}, { get: () => expect.unreachable() });
    expect(() => new AnswerTray(home).put('intent-1', trap)).toThrowError(
      expect.objectContaining({ code: 'SDK_ANSWER_MALFORMED' }),
    );
    await refused({ requestDigest: `sha256:${'0'.repeat(64)}` }).toMatchObject({
      code: 'SDK_ANSWER_REFUSED',
      pointer: '/request_digest',
    });
    const key = { name: 'alice.test', seed: new Uint8Array(32).fill(3) };
    await refused({ key }).toMatchObject({ code: 'SDK_ANSWER_REFUSED', message: 'the key belongs to no operator' });
    // Nothing that the boundary would refuse is laid ready, so nobody believes to have answered.
    await operators.add({ ...APPROVER, operatorId: 'bob', vkey: BOB.vkey, actorIds: [createIntent().actor_id] });
    await refused({ key: BOB_KEY }).toMatchObject({ code: 'BOUNDARY_APPROVAL_BY_REQUESTER' });
    expect(existsSync(join(home, 'a.db.answers'))).toBe(false);
    await operators.revoke('alice');
    await refused({}).toMatchObject({ code: 'SDK_ANSWER_REFUSED', message: 'the key was revoked' });
    clock.nowMs += 3_700_000;
    await refused({}).toMatchObject({ code: 'SDK_ANSWER_REFUSED', pointer: '/expires_at' });
    await close();
  });

  it('throws away what is no answer or is refused, and keeps what came before its time', async () => {
    const { boundary, config, operators, answer, close } = await openOffice();
    await answer();
    const [file] = readdirSync(join(home, 'a.db.answers'));
    const prefix = file?.slice(0, 33);
    await operators.revoke('alice');
    writeFileSync(join(home, 'a.db.answers', `${prefix}${'0'.repeat(64)}.json`), '{"forged":true}');
    writeFileSync(join(home, 'a.db.answers', `${prefix}${'1'.repeat(64)}.json`), 'x'.repeat(70_000));
    mkdirSync(join(home, 'a.db.answers', `${prefix}${'2'.repeat(64)}.json`, 'folder'), { recursive: true });
    const { result, refused } = await boundary.takeAnswers('intent-1');
    expect(result).toBeUndefined();
    expect([...refused].sort()).toEqual([
      'BOUNDARY_APPROVAL_MALFORMED',
      'BOUNDARY_APPROVAL_MALFORMED',
      'BOUNDARY_APPROVAL_MALFORMED',
      'BOUNDARY_APPROVER_REVOKED',
    ]);
    expect(readdirSync(join(home, 'a.db.answers'))).toEqual([]);
    expect(config.executor.performed).toHaveLength(0);
    await close();
  });

  it('keeps an answer that could not be judged, hands in the others, and takes it at the next look', async () => {
    const known = createOperatorRegistry([APPROVER]);
    const faults: (() => Promise<readonly Operator[]>)[] = [
      async () => Promise.reject(new LogStoreError('STORE_BUSY', 'busy')),
      async () => Promise.reject(new BoundaryError('BOUNDARY_OPERATORS_UNAVAILABLE', 'no answer')),
      async () => [{ ...APPROVER, vkey: 'bogus' }],
    ];
    const registry = { findByKeyId: async (keyId: string) => (faults.shift() ?? (() => known.findByKeyId(keyId)))() };
    const { boundary, config, desk, answer, close } = await openOffice({ operators: registry });
    await answer();
    const codes = ['BOUNDARY_OPERATORS_UNAVAILABLE', 'BOUNDARY_OPERATORS_UNAVAILABLE', expect.stringMatching(/./)];
    for (const code of codes) {
      expect(await boundary.takeAnswers('intent-1')).toEqual({ result: undefined, refused: [], notTaken: [code] });
      expect(await desk.show('intent-1')).toMatchObject({ inTray: 1 });
    }
    expect(await boundary.takeAnswers('intent-1')).toMatchObject({ result: { status: 'completed' }, notTaken: [] });
    expect(config.executor.performed).toHaveLength(1);
    await close();
  });

  it('throws away no answer whose file cannot be read now, and tells a folder that is out of reach by its code', async () => {
    const { boundary, desk, answer, close } = await openOffice();
    await answer();
    const folder = join(home, 'a.db.answers');
    const [file = ''] = readdirSync(folder);
    const signed = readFileSync(join(folder, file));
    rmSync(join(folder, file));
    // A link to itself: nobody can read it.
    symlinkSync(file, join(folder, file));
    await expect(desk.revoke(WISH)).rejects.toMatchObject({ code: 'SDK_TRAY_UNAVAILABLE' });
    const unreadable = { result: undefined, refused: [], notTaken: ['SDK_TRAY_UNAVAILABLE'] };
    expect(await boundary.takeAnswers('intent-1')).toEqual(unreadable);
    rmSync(folder, { recursive: true });
    writeFileSync(folder, '');
    const unreachable = { code: 'SDK_TRAY_UNAVAILABLE' };
    await expect(boundary.takeAnswers('intent-1')).rejects.toMatchObject(unreachable);
    await expect(desk.show('intent-1')).rejects.toMatchObject(unreachable);
    expect(() => new AnswerTray(folder).remove({ name: file, envelope: undefined })).toThrow(SdkError);
    rmSync(folder);
    mkdirSync(folder);
    writeFileSync(join(folder, file), signed);
    expect(await boundary.takeAnswers('intent-1')).toMatchObject({ result: { status: 'completed' }, refused: [] });
    await close();
  });

  it('waits on while an answer cannot be judged, and says so', async () => {
    const known = createOperatorRegistry([APPROVER]);
    let faults = 2;
    const findByKeyId = async (keyId: string) => {
      if (--faults >= 0) throw new LogStoreError('STORE_BUSY', 'busy');
      return known.findByKeyId(keyId);
    };
    const { boundary, pending, answer, close } = await openOffice({ operators: { findByKeyId } });
    await answer();
    const told: RefusedAnswer[] = [];
    const onNotTaken = (kept: RefusedAnswer) => told.push(kept);
    expect(await boundary.settle(pending, { pollMs: 1, onNotTaken })).toMatchObject({ status: 'completed' });
    expect(told).toEqual(Array(2).fill({ stream: 'intent-1', code: 'BOUNDARY_OPERATORS_UNAVAILABLE' }));
    await close();
  });

  it('hides no action that came to its end behind a fault, and calls none a wait that may have gone on', async () => {
    const { pending, desk, answer, close } = await openOffice();
    const tray = new AnswerTray(join(home, 'a.db.answers'));
    for (const reason of ['one', 'two']) await answer({ reason });
    const fault = new BoundaryError('BOUNDARY_LOG_UNAVAILABLE', 'no answer');
    const take = (ends: readonly ActionResult['status'][], isWaiting: boolean, from = tray) => {
      const left = [...ends];
      const submitApproval = async () => {
        const status = left.shift();
        if (status === undefined) throw fault;
        return { ...pending, status } as ActionResult;
      };
      const taker = { submitApproval, revokeApproval: submitApproval, isWaiting: async () => isWaiting };
      return takeAnswers(from, taker, 'intent-1', {});
    };
    const stuck = new AnswerTray(join(home, 'a.db.answers'));
    stuck.remove = () => {
      throw new SdkError('SDK_TRAY_UNAVAILABLE', 'read-only');
    };
    expect(await take(['completed'], true, stuck)).toMatchObject({ result: { status: 'completed' } });
    await expect(take([], false)).rejects.toBe(fault);
    expect(await take([], true)).toMatchObject({ result: undefined, notTaken: [fault.code, fault.code] });
    expect(await desk.show('intent-1')).toMatchObject({ inTray: 2 });
    await expect(take(['pending_approval'], false)).rejects.toBe(fault);
    await answer({ reason: 'three' });
    expect(await take(['completed'], false)).toMatchObject({ result: { status: 'completed' } });
    await close();
  });

  it('tells a waiting call of each answer that is refused, and goes on waiting', async () => {
    const { boundary, config, operators, pending, answer, close } = await openOffice();
    await operators.add({ ...APPROVER, operatorId: 'bob', vkey: BOB.vkey });
    await answer();
    await operators.revoke('alice');
    const told: RefusedAnswer[] = [];
    const settled = boundary.settle(pending, {
      pollMs: 5,
      onRefused: (refused) => {
        told.push(refused);
        void answer({ key: BOB_KEY });
      },
    });
    expect(await settled).toMatchObject({ status: 'completed' });
    expect(told).toEqual([{ stream: 'intent-1', code: 'BOUNDARY_APPROVER_REVOKED' }]);
    expect(config.executor.performed).toHaveLength(1);
    await close();
  });

  /** Gives the file of the newest answer the first or the last name of its action. */
  const rename = (place: 'first' | 'last') => {
    const folder = join(home, 'a.db.answers');
    const named = readdirSync(folder).map((name) => ({ name, at: statSync(join(folder, name)).mtimeMs }));
    const { name = '' } = named.sort((a, b) => a.at - b.at).at(-1) ?? {};
    const digits = (place === 'first' ? '0' : 'f').repeat(64);
    renameSync(join(folder, name), join(folder, `${name.slice(0, 33)}${digits}.json`));
    return name.slice(0, 33);
  };

  const folderOf = () => join(home, 'a.db.answers');
  const lying = () => readdirSync(folderOf()).map((name) => readFileSync(join(folderOf(), name)));
  const envelopes = () => lying().map((bytes) => JSON.parse(String(bytes)));

  it('withdraws an approval that nobody has taken yet, and with it every copy', async () => {
    const { boundary, config, desk, answer, close } = await openOffice();
    await answer();
    const copies = readdirSync(folderOf()).map((name) => [name, readFileSync(join(folderOf(), name))] as const);
    expect(await desk.revoke(WISH)).toEqual({ operatorId: 'alice', withdrawn: 1, revoked: 0 });
    expect(await desk.show('intent-1')).toMatchObject({ inTray: 1, answeredBy: [] });
    await expect(desk.revoke(WISH)).rejects.toMatchObject({ code: 'SDK_ANSWER_REFUSED' });
    expect(await boundary.takeAnswers('intent-1')).toMatchObject({
      ...{ result: { status: 'pending_approval' }, refused: [], notTaken: [] },
    });
    expect(lying()).toEqual([]);
    for (const [name, bytes] of copies) writeFileSync(join(folderOf(), name), bytes);
    expect(await boundary.takeAnswers('intent-1')).toMatchObject({
      ...{ result: undefined, refused: ['BOUNDARY_APPROVAL_REUSED'] },
    });
    expect(config.executor.performed).toHaveLength(0);
    await expect(desk.revoke(WISH)).rejects.toMatchObject({ code: 'SDK_ANSWER_REFUSED' });
    await answer({ reason: 'after all' });
    expect(await boundary.takeAnswers('intent-1')).toMatchObject({ result: { status: 'completed' } });
    await close();
  });

  it('withdraws all that one person has said, on record or not, whatever the files are called', async () => {
    const { boundary, config, operators, desk, answer, close } = await openOffice({ quorum: 2 });
    await operators.add({ ...APPROVER, operatorId: 'bob', vkey: BOB.vkey });
    await answer();
    await boundary.takeAnswers('intent-1');
    await answer({ reason: 'again' });
    expect(await desk.revoke(WISH)).toEqual({ operatorId: 'alice', withdrawn: 1, revoked: 1 });
    // That of what is on record is the newest.
    rename('last');
    await answer({ key: BOB_KEY });
    expect(await boundary.takeAnswers('intent-1')).toMatchObject({
      ...{ result: { status: 'pending_approval' }, refused: [], notTaken: [] },
    });
    expect((await desk.show('intent-1')).answeredBy).toHaveLength(1);
    expect(lying()).toEqual([]);
    expect(config.executor.performed).toHaveLength(0);
    await close();
  });

  it('lets nobody else throw an approval away or hold it up', async () => {
    const { boundary, operators, desk, pending, answer, close } = await openOffice();
    await operators.add({ ...APPROVER, operatorId: 'bob', vkey: BOB.vkey });
    await answer();
    const [approval] = envelopes();
    const tray = new AnswerTray(folderOf());
    for (const [approverId, name] of [
      ['bob', 'bob.test'],
      ['alice', 'bob.test'],
      ['alice', 'mallory.test'],
    ] as const) {
      const signer = createSigner(name, new Uint8Array(32).fill(name === 'bob.test' ? 4 : 66));
      const parts = { approval, intentDigest: pending.intentDigest, reason: 'no', approverId, signer };
      const revocation = signApprovalRevocation(parts);
      tray.put('intent-1', revocation);
      tray.putWithdrawal('intent-1', { approval, revocation });
    }
    expect(await desk.show('intent-1')).toMatchObject({ inTray: 7 });
    const { result, refused } = await boundary.takeAnswers('intent-1');
    expect(result).toMatchObject({ status: 'completed' });
    expect(refused.toSorted()).toEqual(['BOUNDARY_APPROVAL_UNKNOWN', ...Array(5).fill('BOUNDARY_APPROVER_UNKNOWN')]);
    expect(lying()).toEqual([]);
    await close();
  });

  /** A word that takes back what it names, as anybody can write it. */
  const unsigned = (envelope: unknown) => {
    const approval_digest = digestValue(APPROVAL_DIGEST_DOMAIN, envelope);
    const payload = encodeBase64(encodeUtf8(JSON.stringify({ approval_digest })));
    return { payload, payloadType: APPROVAL_REVOCATION_PAYLOAD_TYPE, signatures: [{ keyid: '00000000', sig: '' }] };
  };
  it.each([
    ['of nobody', (denial: DsseEnvelope) => unsigned(denial)],
    [
      'of whoever denied',
      (approval: DsseEnvelope, intentDigest: Digest) =>
        signApprovalRevocation({ ...{ approval, intentDigest, approverId: 'bob' }, reason: '', signer: BOB }),
    ],
  ])('takes a denial before any approval, although a word %s takes it back', async (_, word) => {
    const { boundary, config, operators, pending, answer, close } = await openOffice();
    await operators.add({ ...APPROVER, operatorId: 'bob', vkey: BOB.vkey });
    await answer({ verdict: 'deny', reason: 'no', key: BOB_KEY });
    const [denial] = envelopes();
    await answer();
    const revocation = word(denial, pending.intentDigest);
    new AnswerTray(folderOf()).put('intent-1', revocation);
    new AnswerTray(folderOf()).putWithdrawal('intent-1', { approval: denial, revocation });
    expect(await boundary.takeAnswers('intent-1')).toMatchObject({ result: { status: 'denied' } });
    expect(config.executor.performed).toHaveLength(0);
    await close();
  });

  it.each<[string, (file: string, text: string) => void]>([
    ['alone', () => undefined],
    ['with a copy of the approval beside it', (file, text) => writeFileSync(file, text)],
    ['after a word of nobody', (file, text) => writeFileSync(file, JSON.stringify(unsigned(JSON.parse(text))))],
  ])('adds no approval while its withdrawal could not be judged: %s', async (_, put) => {
    const { operators, fault } = busyRegistry(APPROVER);
    const { boundary, config, desk, answer, close } = await openOffice({ operators });
    await answer();
    const [name = ''] = readdirSync(folderOf());
    put(join(folderOf(), `${name.slice(0, 33)}${'0'.repeat(64)}.json`), String(lying()[0]));
    await desk.revoke(WISH);
    fault.isDue = true;
    expect(await boundary.takeAnswers('intent-1')).toMatchObject({
      ...{ result: undefined, notTaken: ['BOUNDARY_OPERATORS_UNAVAILABLE'] },
    });
    expect(await boundary.takeAnswers('intent-1')).toMatchObject({
      ...{ result: { status: 'pending_approval' }, refused: [] },
    });
    expect(lying()).toEqual([]);
    expect(config.executor.performed).toHaveLength(0);
    await close();
  });

  it('holds approvals back while a revocation of what is on record could not be judged, whatever copies lie beside it', async () => {
    const bob = { ...APPROVER, operatorId: 'bob', vkey: BOB.vkey };
    const { operators: registry, fault } = busyRegistry(APPROVER, bob);
    const { boundary, config, operators, desk, answer, close } = await openOffice({ quorum: 2, operators: registry });
    await operators.add(bob);
    await answer();
    // As after a crash between the record and the removal.
    const [left = ''] = readdirSync(folderOf());
    const [bytes = ''] = lying();
    await boundary.takeAnswers('intent-1');
    writeFileSync(join(folderOf(), left), bytes);
    await desk.revoke(WISH);
    await answer({ key: BOB_KEY });
    fault.isDue = true;
    expect(await boundary.takeAnswers('intent-1')).toMatchObject({ notTaken: ['BOUNDARY_OPERATORS_UNAVAILABLE'] });
    expect(await boundary.takeAnswers('intent-1')).toMatchObject({ result: { status: 'pending_approval' } });
    expect(config.executor.performed).toHaveLength(0);
    await close();
  });

  it('adds no approval where there are more files than are looked at, and clears away what is no answer', async () => {
    const { boundary, config, answer, close } = await openOffice();
    await answer();
    const prefix = rename('first');
    for (let i = 0; i < 1024; i++) writeFileSync(join(folderOf(), `${prefix}${'f'.repeat(60)}${i}.json`), '');
    expect(await boundary.takeAnswers('intent-1')).toMatchObject({
      ...{ result: undefined, notTaken: ['SDK_TRAY_UNAVAILABLE'] },
    });
    expect(config.executor.performed).toHaveLength(0);
    expect(lying().length).toBeLessThan(1025);
    expect(await boundary.takeAnswers('intent-1')).toMatchObject({ notTaken: [] });
    await close();
  });

  it('takes nothing in one file but an approval with its revocation', async () => {
    const { boundary, config, answer, close } = await openOffice();
    await answer();
    const [approval] = envelopes();
    const [name = ''] = readdirSync(folderOf());
    const tray = new AnswerTray(folderOf());
    tray.putWithdrawal('intent-1', { approval, revocation: approval });
    tray.remove({ name, envelope: undefined });
    expect(tray.list('intent-1')).toMatchObject([{ envelope: undefined }]);
    expect(() => tray.putWithdrawal('intent-1', { approval, revocation: {} })).toThrow(SdkError);
    expect(await boundary.takeAnswers('intent-1')).toMatchObject({ refused: ['BOUNDARY_APPROVAL_MALFORMED'] });
    expect(lying()).toEqual([]);
    expect(config.executor.performed).toHaveLength(0);
    await close();
  });

  it('keeps a withdrawal together with what it takes back, however many files are put beside it', async () => {
    const { boundary, config, desk, answer, close } = await openOffice();
    await answer();
    const prefix = readdirSync(folderOf())[0]?.slice(0, 33) ?? '';
    const [copy = ''] = lying();
    await desk.revoke(WISH);
    writeFileSync(join(folderOf(), `${prefix}${'0'.repeat(64)}.json`), copy);
    for (let i = 0; i < 1100; i++) writeFileSync(join(folderOf(), `${prefix}${'0'.repeat(60)}${1000 + i}.json`), '');
    for (let look = 0; look < 20 && lying().length > 0; look++) await boundary.takeAnswers('intent-1');
    expect(lying()).toEqual([]);
    expect(config.executor.performed).toHaveLength(0);
    await close();
  });

  it('takes no approval when somebody says no during the look, but at the next one', async () => {
    const { boundary, config, operators, pending, answer, close } = await openOffice();
    await operators.add({ ...APPROVER, operatorId: 'bob', vkey: BOB.vkey });
    await answer();
    const tray = new AnswerTray(folderOf());
    const [approval] = envelopes();
    const word = { approval, intentDigest: pending.intentDigest, reason: '', approverId: 'bob', signer: BOB };
    tray.put('intent-1', signApprovalRevocation(word));
    const taker = {
      submitApproval: (stream: string, envelope: unknown) => boundary.submitApproval(stream, envelope),
      revokeApproval: async (stream: string, envelope: unknown) => {
        await answer({ verdict: 'deny', reason: 'no', key: BOB_KEY });
        return boundary.revokeApproval(stream, envelope);
      },
      isWaiting: async () => true,
    };
    expect(await takeAnswers(tray, taker, 'intent-1', {})).toMatchObject({ result: undefined });
    expect(await boundary.takeAnswers('intent-1')).toMatchObject({ result: { status: 'denied' } });
    expect(config.executor.performed).toHaveLength(0);
    await close();
  });

  it('takes an approval although another one comes during the look', async () => {
    const { boundary, answer, close } = await openOffice();
    await answer();
    const tray = new AnswerTray(folderOf());
    tray.put('intent-1', unsigned(envelopes()[0]));
    const taker = {
      submitApproval: (stream: string, envelope: unknown) => boundary.submitApproval(stream, envelope),
      revokeApproval: async (stream: string, envelope: unknown) => {
        await answer({ reason: 'again' });
        return boundary.revokeApproval(stream, envelope);
      },
      isWaiting: async () => true,
    };
    expect(await takeAnswers(tray, taker, 'intent-1', {})).toMatchObject({ result: { status: 'completed' } });
    await close();
  });

  it('takes the denial of somebody who had agreed, before what others say', async () => {
    const { boundary, config, operators, desk, waiting, answer, close } = await openOffice({ quorum: 2 });
    await operators.add({ ...APPROVER, operatorId: 'bob', vkey: BOB.vkey });
    await answer();
    await boundary.takeAnswers('intent-1');
    await desk.revoke(WISH);
    await desk.answer({ ...WISH, verdict: 'deny', requestDigest: waiting.requestDigest });
    await answer({ key: BOB_KEY });
    expect(await boundary.takeAnswers('intent-1')).toMatchObject({ result: { status: 'denied' } });
    expect(config.executor.performed).toHaveLength(0);
    await close();
  });

  const unreachable = new SdkError('SDK_TRAY_UNAVAILABLE', 'not now');
  it.each<[string, () => void]>([
    [
      'whether it still lies there',
      () => {
        vi.spyOn(AnswerTray.prototype, 'has').mockImplementationOnce(() => {
          throw unreachable;
        });
      },
    ],
    ['that it still lies there', () => vi.spyOn(AnswerTray.prototype, 'has').mockReturnValueOnce(false)],
    [
      'all of it',
      () => {
        const { readSync } = fs;
        fs.readSync = () => {
          fs.readSync = readSync;
          syncBuiltinESMExports();
          return 0;
        };
        syncBuiltinESMExports();
      },
    ],
  ])('adds no approval while a denial lies there of which the file system did not say %s', async (_, break_) => {
    const { boundary, config, operators, answer, close } = await openOffice();
    await operators.add({ ...APPROVER, operatorId: 'bob', vkey: BOB.vkey });
    // By its name the first that is read.
    await answer({ verdict: 'deny', reason: 'no', key: BOB_KEY });
    rename('first');
    await answer();
    break_();
    expect(await boundary.takeAnswers('intent-1')).toMatchObject({ result: undefined, refused: [] });
    expect(lying()).toHaveLength(2);
    expect(await boundary.takeAnswers('intent-1')).toMatchObject({ result: { status: 'denied' } });
    expect(config.executor.performed).toHaveLength(0);
    await close();
  });

  it('tells what became of an action although the folder cannot be listed again', async () => {
    const { boundary, answer, close } = await openOffice();
    await answer();
    await answer({ reason: 'again' });
    const list = AnswerTray.prototype.list;
    let listed = 0;
    vi.spyOn(AnswerTray.prototype, 'list').mockImplementation(function (this: AnswerTray, stream) {
      if (++listed === 3) throw unreachable;
      return list.call(this, stream);
    });
    expect(await boundary.takeAnswers('intent-1')).toMatchObject({
      ...{ result: { status: 'completed' }, notTaken: ['SDK_TRAY_UNAVAILABLE'] },
    });
    await close();
  });

  it('goes on to the next answer when one that was judged cannot be thrown away', async () => {
    const { boundary, answer, close } = await openOffice();
    await answer();
    const tray = new AnswerTray(folderOf());
    tray.put('intent-1', unsigned(envelopes()[0]));
    vi.spyOn(AnswerTray.prototype, 'remove').mockImplementation(() => {
      throw new SdkError('SDK_TRAY_UNAVAILABLE', 'read-only');
    });
    expect(await boundary.takeAnswers('intent-1')).toMatchObject({
      ...{ result: { status: 'completed' }, notTaken: ['SDK_TRAY_UNAVAILABLE', 'SDK_TRAY_UNAVAILABLE'] },
    });
    await close();
  });

  it('takes back its own approval although words of others lie beside it', async () => {
    const { boundary, config, desk, pending, answer, close } = await openOffice();
    await answer();
    const [approval = new Uint8Array()] = lying();
    const parts = { approval: JSON.parse(String(approval)), intentDigest: pending.intentDigest, reason: 'no' };
    const word = signApprovalRevocation({ ...parts, approverId: 'alice', signer: BOB });
    new AnswerTray(folderOf()).put('intent-1', word);
    expect(await desk.revoke(WISH)).toEqual({ operatorId: 'alice', withdrawn: 1, revoked: 0 });
    await boundary.takeAnswers('intent-1');
    expect(lying()).toEqual([]);
    expect(config.executor.performed).toHaveLength(0);
    await close();
  });

  it('throws an approval away that could not count when its giver withdraws it', async () => {
    const { boundary, operators, clock, desk, answer, close } = await openOffice({ quorum: 2 });
    await answer({ ttlSeconds: 1 });
    await desk.revoke(WISH);
    clock.nowMs += 2000;
    expect(await boundary.takeAnswers('intent-1')).toMatchObject({ refused: ['BOUNDARY_APPROVAL_UNKNOWN'] });
    expect(lying()).toEqual([]);
    await operators.revoke('alice');
    await close();
  });

  it('revokes an approval on record once, and lets another one count in its place', async () => {
    const { boundary, config, operators, desk, answer, close } = await openOffice({ quorum: 2 });
    await operators.add({ ...APPROVER, operatorId: 'bob', vkey: BOB.vkey });
    await answer();
    await boundary.takeAnswers('intent-1');
    expect((await desk.show('intent-1')).answeredBy).toHaveLength(1);
    // Of others nothing is taken back, and of a denial neither.
    await expect(desk.revoke({ ...WISH, key: BOB_KEY })).rejects.toMatchObject({ code: 'SDK_ANSWER_REFUSED' });
    expect(await desk.revoke(WISH)).toEqual({ operatorId: 'alice', withdrawn: 0, revoked: 1 });
    expect(await boundary.takeAnswers('intent-1')).toMatchObject({
      result: { status: 'pending_approval' },
      refused: [],
    });
    expect((await desk.show('intent-1')).answeredBy).toEqual([]);
    await expect(desk.revoke(WISH)).rejects.toMatchObject({ code: 'SDK_ANSWER_REFUSED' });
    await answer({ key: BOB_KEY });
    expect(await boundary.takeAnswers('intent-1')).toMatchObject({ result: { status: 'pending_approval' } });
    expect(config.executor.performed).toHaveLength(0);
    await close();
  });

  it('takes a revocation before any approval that lies beside it, and none of these while it cannot be judged', async () => {
    const known = createOperatorRegistry([APPROVER, { ...APPROVER, operatorId: 'bob', vkey: BOB.vkey }]);
    const faults: string[] = [];
    const findByKeyId = async (keyId: string) => {
      if (faults.shift() !== undefined) throw new LogStoreError('STORE_BUSY', 'busy');
      return known.findByKeyId(keyId);
    };
    const { boundary, config, operators, desk, answer, close } = await openOffice({
      quorum: 2,
      operators: { findByKeyId },
    });
    await operators.add({ ...APPROVER, operatorId: 'bob', vkey: BOB.vkey });
    await answer();
    await boundary.takeAnswers('intent-1');
    await answer({ key: BOB_KEY });
    // The first one of the folder.
    const folder = join(home, 'a.db.answers');
    const [file = ''] = readdirSync(folder);
    renameSync(join(folder, file), join(folder, `${file.slice(0, 33)}${'0'.repeat(64)}.json`));
    expect(await desk.revoke(WISH)).toMatchObject({ revoked: 1 });
    faults.push('busy');
    expect(await boundary.takeAnswers('intent-1')).toEqual({
      result: undefined,
      refused: [],
      notTaken: ['BOUNDARY_OPERATORS_UNAVAILABLE'],
    });
    expect(await boundary.takeAnswers('intent-1')).toMatchObject({ result: { status: 'pending_approval' } });
    expect(config.executor.performed).toHaveLength(0);
    await close();
  });

  it('takes a denial before any approval, whatever their files are called', async () => {
    const { boundary, config, operators, answer, close } = await openOffice();
    await operators.add({ ...APPROVER, operatorId: 'bob', vkey: BOB.vkey });
    await answer();
    rename('first');
    await answer({ verdict: 'deny', reason: 'no', key: BOB_KEY });
    rename('last');
    expect(await boundary.takeAnswers('intent-1')).toMatchObject({
      result: { status: 'denied' },
      refused: ['BOUNDARY_APPROVAL_AFTER_DENIAL'],
    });
    expect(config.executor.performed).toHaveLength(0);
    await close();
  });

  it('adds no approval while a file that may be a denial cannot be read', async () => {
    const { boundary, config, answer, close } = await openOffice();
    await answer();
    const prefix = rename('first');
    const unread = join(home, 'a.db.answers', `${prefix}${'f'.repeat(64)}.json`);
    symlinkSync(unread, unread);
    const kept = { result: undefined, refused: [], notTaken: ['SDK_TRAY_UNAVAILABLE'] };
    expect(await boundary.takeAnswers('intent-1')).toEqual(kept);
    expect(config.executor.performed).toHaveLength(0);
    rmSync(unread);
    expect(await boundary.takeAnswers('intent-1')).toMatchObject({ result: { status: 'completed' } });
    await close();
  });

  it('finds an answer behind any number of files that are none, up to its limit', async () => {
    const { boundary, desk, answer, close } = await openOffice();
    await answer({ key: APPROVER_KEY });
    const prefix = rename('last');
    for (let i = 0; i < 100; i++) writeFileSync(join(home, 'a.db.answers', `${prefix}${i}.json`), '');
    expect(await desk.revoke(WISH)).toMatchObject({ withdrawn: 1 });
    await answer({ verdict: 'deny', reason: 'no' });
    rename('last');
    expect(await boundary.takeAnswers('intent-1')).toMatchObject({ result: { status: 'denied' } });
    await close();
  });

  it('hands in nothing that was taken out since it was listed', async () => {
    const { boundary, config, operators, desk, answer, close } = await openOffice({ quorum: 2 });
    await operators.add({ ...APPROVER, operatorId: 'bob', vkey: BOB.vkey });
    await answer();
    await answer({ key: BOB_KEY });
    const taken: unknown[] = [];
    const taker = {
      submitApproval: async (stream: string, envelope: unknown) => {
        taken.push(envelope);
        const result = await boundary.submitApproval(stream, envelope);
        for (const name of readdirSync(join(home, 'a.db.answers'))) rmSync(join(home, 'a.db.answers', name));
        return result;
      },
      revokeApproval: async () => Promise.reject(new Error('nobody takes anything back')),
      isWaiting: async () => true,
    };
    await takeAnswers(new AnswerTray(join(home, 'a.db.answers')), taker, 'intent-1', {});
    expect(taken).toHaveLength(1);
    expect((await desk.show('intent-1')).answeredBy).toHaveLength(1);
    expect(config.executor.performed).toHaveLength(0);
    await close();
  });

  it('takes back no denial, and nothing for a key of nobody or of somebody revoked', async () => {
    const { clock, operators, desk, waiting, answer, close } = await openOffice();
    await answer({ verdict: 'deny', reason: 'no' });
    // What says that it approves and is signed as something else is no approval either.
    const random = { bytes: (length: number) => new Uint8Array(length).fill(9) };
    const about = { request: waiting.request, verdict: 'approve', approverId: 'alice', reason: 'seen' } as const;
    const signer = createSigner(APPROVER_KEY.name, APPROVER_KEY.seed);
    const { payload } = signApproval({ ...about, signer, clock, random, ttlSeconds: 60 });
    const other = signEnvelope({ payloadType: 'other', payload: decodeBase64(payload), signers: [signer] });
    new AnswerTray(join(home, 'a.db.answers')).put('intent-1', other);
    await expect(desk.revoke(WISH)).rejects.toMatchObject({ message: 'there is no approval of yours to take back' });
    expect(readdirSync(join(home, 'a.db.answers'))).toHaveLength(2);
    await expect(desk.revoke({ ...WISH, key: BOB_KEY })).rejects.toMatchObject({
      message: 'the key belongs to no operator',
    });
    await expect(desk.revoke({ ...WISH, stream: 'intent-2' })).rejects.toMatchObject({ code: 'SDK_STREAM_UNKNOWN' });
    await operators.revoke('alice');
    await expect(desk.revoke(WISH)).rejects.toMatchObject({ message: 'the key was revoked' });
    await close();
  });

  it('shows the people of one cell nothing that waits in another', async () => {
    const { clock, desk, waiting, answer, close } = await openOffice();
    await answer();
    await using elsewhere = openApprovalDesk({
      ...{ store: { path: join(home, 'a.db') }, tenant: 'demo' },
      cell: 'other',
      clock,
    });
    expect(await elsewhere.list()).toEqual([]);
    const unknown = { code: 'SDK_STREAM_UNKNOWN' };
    await expect(elsewhere.show('intent-1')).rejects.toMatchObject(unknown);
    await expect(elsewhere.revoke(WISH)).rejects.toMatchObject(unknown);
    const { requestDigest } = waiting;
    await expect(elsewhere.answer({ ...WISH, verdict: 'deny', requestDigest })).rejects.toMatchObject(unknown);
    expect(await desk.list()).toHaveLength(1);
    await close();
  });

  it('lays an answer ready that was signed elsewhere, as far as the boundary would take it', async () => {
    const { boundary, clock, desk, waiting, close } = await openOffice();
    const random = { bytes: (length: number) => new Uint8Array(length).fill(9) };
    const sign = (change: Partial<Parameters<typeof signApproval>[0]> = {}) =>
      signApproval({
        ...{ request: waiting.request, verdict: 'approve', approverId: 'alice', reason: 'seen', ttlSeconds: 60 },
        ...{ signer: createSigner(APPROVER_KEY.name, APPROVER_KEY.seed), clock, random, ...change },
      });
    const refused = async (envelope: unknown) =>
      desk.submit('intent-1', envelope).then(
        () => 'taken',
        (error: { code: string }) => error.code,
      );
    expect(await refused({})).toBe('BOUNDARY_APPROVAL_MALFORMED');
    expect(await refused(sign({ signer: BOB }))).toBe('BOUNDARY_APPROVER_UNKNOWN');
    const other = { ...waiting.request, decision_digest: `sha256:${'0'.repeat(64)}` as const };
    expect(await refused(sign({ request: other }))).toBe('BOUNDARY_APPROVAL_DECISION_MISMATCH');
    expect(await refused(sign({ ttlSeconds: 0 }))).toBe('BOUNDARY_APPROVAL_EXPIRED');
    await expect(desk.submit('intent-2', sign())).rejects.toMatchObject({ code: 'SDK_STREAM_UNKNOWN' });
    expect(await desk.show('intent-1')).toMatchObject({ inTray: 0 });
    expect(await desk.submit('intent-1', sign())).toEqual({ operatorId: 'alice', verdict: 'approve' });
    expect(await boundary.takeAnswers('intent-1')).toMatchObject({ result: { status: 'completed' }, refused: [] });
    await close();
  });

  it('lists what was agreed to in advance, and says of which nobody stands behind it', async () => {
    const { boundary, clock, operators, desk, close } = await openOffice();
    const alice = createSigner(APPROVER_KEY.name, APPROVER_KEY.seed);
    const grant: Parameters<typeof signStandingGrant>[0]['grant'] = {
      ...{ tenant_id: 'demo', cell_id: 'demo', actor_id: 'agent-1', action_type: 'test.act', parameters: [] },
      ...{ action_class: 'A1_soft_containment', target: { match: 'exact', value: '/data/ask/x' } },
      ...{ policy_digest: boundary.policyDigest, max_uses: 2, granted_by: 'alice', reason: 'a long night' },
      ...{ not_before: formatTime(clock.nowMs), expires_at: formatTime(clock.nowMs + 60_000) },
    };
    const random = { bytes: (length: number) => new Uint8Array(length).fill(9) };
    expect(await desk.listStandingGrants()).toEqual([]);
    const digest = await boundary.addStandingGrant(signStandingGrant({ signer: alice, random, grant }));
    await boundary.execute(createIntent({ intent_id: 'intent-2', target: '/data/ask/x' }));
    expect(await desk.listStandingGrants()).toMatchObject([{ digest, grant, uses: 1, isRevoked: false }]);
    await boundary.revokeStandingGrant(digest, 'alice');
    expect(await desk.listStandingGrants()).toMatchObject([{ digest, isRevoked: true }]);
    const database = openSqliteLogStore({ path: join(home, 'a.db') });
    const kept = createSqliteStandingGrantStore(database, 'demo');
    const { payload } = signStandingGrant({ signer: alice, random, grant });
    const signedAs = (payloadType: string, signers: (typeof alice)[]) =>
      signEnvelope({ payloadType, payload: decodeBase64(payload), signers });
    const forged = [
      {},
      signStandingGrant({ signer: BOB, random, grant }),
      signedAs('other', [alice]),
      signedAs(STANDING_GRANT_PAYLOAD_TYPE, [alice, BOB]),
    ];
    await operators.add({ ...APPROVER, operatorId: 'bob', vkey: BOB.vkey });
    for (const [at, envelope] of forged.entries()) {
      await kept.add({ standingGrantDigest: `sha256:${String(at).repeat(64)}`, envelope: { ...envelope } });
    }
    const unreadable = { ...APPROVER, vkey: 'bogus' };
    const listed = await listKeptGrants(kept, { findByKeyId: async () => [unreadable, APPROVER] });
    expect(listed).toContainEqual(expect.objectContaining({ digest, grant: expect.objectContaining(grant) }));
    await database.close();
    const signed = async () => (await desk.listStandingGrants()).filter((listed) => listed.grant !== undefined);
    expect(await desk.listStandingGrants()).toHaveLength(5);
    expect((await signed()).map((listed) => listed.digest)).toEqual([digest]);
    await operators.revoke('alice');
    expect(await signed()).toEqual([]);
    await close();
  });

  it('opens the database for reading only', () => {
    const store = { path: join(home, 'empty.db') };
    writeFileSync(store.path, '');
    expect(() => openApprovalDesk({ store, tenant: 'demo', cell: 'demo' })).toThrowError(
      expect.objectContaining({ code: 'STORE_SCHEMA_UNSUPPORTED' }),
    );
    expect(statSync(store.path).size).toBe(0);
  });

  it('does not make a database that is not there', () => {
    const store = { path: join(home, 'missing.db') };
    expect(() => openApprovalDesk({ store, tenant: 'demo', cell: 'demo' })).toThrowError(
      expect.objectContaining({ code: 'SDK_FILE_UNREADABLE', pointer: '/store/path' }),
    );
    expect(readdirSync(home)).toEqual([]);
  });
});
