import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { signApproval } from '@exoarmur/boundary-v2';
import { createSigner, formatSigningKey } from '@exoarmur/canonical';
import { createTestExecutor } from '@exoarmur/executors';
import { digestPolicySet } from '@exoarmur/policy';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  APPROVER,
  APPROVER_KEY,
  BOUNDARY_KEY,
  CLEAR_FACTS,
  createConfig,
  createGate,
  createIntent,
  createTestClock,
  ORIGIN,
  POLICY_SET,
} from '../test/configs.ts';
import { createBoundary, replayGovernedExecution, verifyGovernanceIntegrity } from './index.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'exoarmur-sdk-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const trust = `log ${createSigner(BOUNDARY_KEY.name, BOUNDARY_KEY.seed).vkey}\nquorum none\n`;
const random = { bytes: (length: number) => new Uint8Array(length).fill(7) };

let failing = false;

function fail(): never {
  throw new TypeError('trap');
}

/** A copy of which one member throws when it is read. */
function trapped(whole: object, member: string): object {
  return Object.defineProperty({ ...whole }, member, { enumerable: true, get: fail });
}

describe('createBoundary', () => {
  it('acts once, remembers it over a restart, and proves it', async () => {
    const config = createConfig({ store: { path: join(home, 'a.db') } });
    const first = await createBoundary(config);
    expect(await first.execute(createIntent())).toMatchObject({ status: 'completed' });
    await first.close();
    const second = await createBoundary(config);
    const again = await second.execute(createIntent());
    expect(again).toMatchObject({ status: 'completed' });
    expect(config.executor.performed).toHaveLength(1);
    const bundle = await second.bundle('intent-1');
    expect(await again.bundle()).toEqual(bundle);
    expect(await verifyGovernanceIntegrity(bundle, { trust })).toMatchObject({ isValid: true });
    expect(await replayGovernedExecution(bundle)).toMatchObject({ verify_verdict: 'PASS' });
    await second.close();
  });

  it('keeps the policies of old actions, and decides new ones under the new', async () => {
    const store = { path: join(home, 'a.db') };
    const first = await createBoundary(createConfig({ store }));
    await first.execute(createIntent());
    await first.close();
    const set = { ...POLICY_SET, policies: { none: 'forbid(principal, action, resource);' } };
    const second = await createBoundary(createConfig({ store, policy: { set } }));
    expect(second.policyDigest).not.toBe(first.policyDigest);
    expect(await replayGovernedExecution(await second.bundle('intent-1'))).toMatchObject({ verify_verdict: 'PASS' });
    expect(await second.execute(createIntent({ intent_id: 'intent-2' }))).toMatchObject({ status: 'denied' });
    await second.close();
  });

  it.each([
    ['no tenant', { tenant: undefined }, '/tenant'],
    ['a tenant that is none', { tenant: 'Demo!' }, '/tenant'],
    ['an unknown member', { polices: {} }, '/polices'],
    ['no policy', { policy: undefined }, '/policy'],
    ['a policy without a source', { policy: {} }, '/policy'],
    ['a digest that is none', { policy: { file: 'x', digest: 'sha256:1' } }, '/policy/digest'],
    ['no store', { store: undefined }, '/store'],
    ['a store in memory by another name', { store: { path: ':memory:' } }, '/store/path'],
    ['no facts', { facts: undefined }, '/facts'],
    ['switches that are none', { facts: { ...CLEAR_FACTS, switches: {} } }, '/facts/switches'],
    ['trust that is a number', { facts: { ...CLEAR_FACTS, trust: 900 } }, '/facts/trust'],
    ['no environment', { facts: { ...CLEAR_FACTS, environment: undefined } }, '/facts/environment'],
    ['a short seed', { key: { name: ORIGIN, seed: new Uint8Array(31) } }, '/key/seed'],
    ['a key of another tenant', { key: { ...BOUNDARY_KEY, name: 'cell.test/other' } }, '/key'],
    ['a key name that no key can have', { key: { ...BOUNDARY_KEY, name: 'two words/demo' } }, '/key/name'],
    ['an executor without hosting', { executors: [{ executor: createTestExecutor() }] }, '/executors/0/hosting'],
    [
      'an executor that cannot check targets',
      { executors: [{ hosting: 'in_process_trusted', executor: { execute: () => 1 } }] },
      '/executors/0/executor',
    ],
    [
      'an executor without a manifest',
      { executors: [{ hosting: 'in_process_trusted', executor: { ...createTestExecutor(), manifest: undefined } }] },
      '/executors/0/executor/manifest',
    ],
    [
      'a sandbox that is none',
      { executors: [{ hosting: 'sandboxed', host: { isolation: 'in_process_trusted', checkTarget() {}, run() {} } }] },
      '/executors/0/host',
    ],
    ['a limit of nothing', { limits: { grantTtlSeconds: 0 } }, '/limits/grantTtlSeconds'],
    ['a log that has no time', { limits: { logTimeoutMs: 0 } }, '/limits/logTimeoutMs'],
    ['a host that has for ever', { limits: { hostTimeoutMs: 2 ** 31 } }, '/limits/hostTimeoutMs'],
    ['an unknown limit', { limits: { grantTtlSecond: 5 } }, '/limits/grantTtlSecond'],
    ['an unknown flag', { flags: { v3: true } }, '/flags/v3'],
    ['one key for two operators', { operators: [APPROVER, { ...APPROVER, operatorId: 'bob' }] }, '/operators'],
    ['an operator without a key', { operators: [{ ...APPROVER, vkey: 'x' }] }, '/operators'],
    [
      'an operator of whom nobody knows whether it was revoked',
      { operators: [{ ...APPROVER, isRevoked: undefined }] },
      '/operators/0/isRevoked',
    ],
    [
      'actors of an operator that are a text',
      { operators: [{ ...APPROVER, actorIds: 'bob' }] },
      '/operators/0/actorIds',
    ],
    [
      'a host that names no action types',
      { executors: [{ hosting: 'sandboxed', host: { isolation: 'child_process', checkTarget() {}, run() {} } }] },
      '/executors/0/host',
    ],
    [
      'a manifest that throws',
      { executors: [{ hosting: 'in_process_trusted', executor: trapped(createTestExecutor(), 'manifest') }] },
      '/executors/0/executor/manifest',
    ],
    ['a member that throws', trapped(createConfig(), 'operators'), ''],
    ['a policy set that throws', { policy: { set: trapped({ ...POLICY_SET }, 'policies') } }, '/policy/set'],
    ['a clock that throws', { clock: { now: () => fail() } }, '/clock'],
    ['a clock that answers later', { clock: { now: async () => fail() } }, '/clock'],
    ['a clock that tells no time', { clock: { now: () => Number.NaN } }, '/clock'],
  ])('does not start with %s', async (_what, change, pointer) => {
    const config = Object.defineProperties(createConfig(), Object.getOwnPropertyDescriptors(change));
    await expect(createBoundary(config)).rejects.toMatchObject({ code: 'SDK_CONFIG_INVALID', pointer });
  });

  it.each([
    'v2_federation_enabled',
    'v2_control_plane_enabled',
    'governance_artifacts_enabled',
    'governance_artifact_enforcement_enabled',
  ])('does not start with a flag that it cannot keep: %s', async (flag) => {
    const config = createConfig({ flags: { [flag]: true } });
    const refused = { code: 'SDK_FLAG_UNSUPPORTED', pointer: `/flags/${flag}` };
    await expect(createBoundary(config)).rejects.toMatchObject(refused);
  });

  it('reads a configuration once, so that what was checked is what it stands on', async () => {
    let reads = 0;
    const config = Object.defineProperty(createConfig(), 'operators', {
      enumerable: true,
      get: () => (++reads > 1 ? fail() : [APPROVER]),
    });
    await using boundary = await createBoundary(config);
    expect(await boundary.execute(createIntent())).toMatchObject({ status: 'completed' });
    expect(reads).toBe(1);
  });

  it.each<[string, object, string]>([
    ['a clock', { clock: { now: () => (failing ? fail() : Date.now()) } }, 'BOUNDARY_CLOCK_UNAVAILABLE'],
    [
      'a random source',
      { random: { bytes: (length: number) => new Uint8Array(failing ? 1 : length) } },
      'BOUNDARY_RANDOM_UNAVAILABLE',
    ],
    [
      'a random source that traps',
      {
        random: {
          bytes: (length: number) => (failing ? new Proxy({}, { getPrototypeOf: fail }) : new Uint8Array(length)),
        },
      },
      'BOUNDARY_RANDOM_UNAVAILABLE',
    ],
  ])('says by a code that %s failed, and runs nothing', async (_what, change, code) => {
    failing = false;
    const config = createConfig(change);
    await using boundary = await createBoundary(config);
    failing = true;
    await expect(boundary.execute(createIntent())).rejects.toMatchObject({ code });
    expect(config.executor.performed).toHaveLength(0);
    failing = false;
  });

  it('does not start with two executors of one action type, nor with a policy that is not sound', async () => {
    const entry = { hosting: 'in_process_trusted', executor: createTestExecutor() } as const;
    const twice = createConfig({ executors: [entry, entry] });
    await expect(createBoundary(twice)).rejects.toMatchObject({ code: 'BOUNDARY_CONFIG_INVALID' });
    const unsound = createConfig({ policy: { set: { ...POLICY_SET, policies: { a: 'permit' } } } });
    await expect(createBoundary(unsound)).rejects.toMatchObject({ code: 'POLICY_SET_REFUSED' });
  });

  it('does not start with a key file that is missing, open to others or no key', async () => {
    const file = join(home, 'boundary.key');
    const start = () => createBoundary(createConfig({ key: { file } }));
    await expect(start()).rejects.toMatchObject({ code: 'SDK_FILE_UNREADABLE', pointer: '/key/file' });
    writeFileSync(file, `${formatSigningKey(BOUNDARY_KEY)}\n`, { mode: 0o644 });
    // Windows has no such bits.
    if (process.platform !== 'win32') {
      await expect(start()).rejects.toMatchObject({ code: 'SDK_KEY_EXPOSED', pointer: '/key/file' });
    }
    chmodSync(file, 0o600);
    await (await start()).close();
    writeFileSync(file, 'no key\n');
    await expect(start()).rejects.toMatchObject({ code: 'SDK_CONFIG_INVALID', pointer: '/key/file' });
    rmSync(file);
    await expect(createBoundary(createConfig({ key: { file: home } }))).rejects.toMatchObject({
      code: 'SDK_FILE_UNREADABLE',
    });
  });

  it('takes a policy file that is the one pinned, and counts one that is not pinned as not verified', async () => {
    const file = join(home, 'policies.json');
    writeFileSync(file, JSON.stringify(POLICY_SET));
    const decided = async (policy: { file: string; digest?: string }) => {
      await using boundary = await createBoundary(createConfig({ policy }));
      return (await boundary.decide(createIntent()))?.facts.policy_verified;
    };
    expect(await decided({ file, digest: digestPolicySet(POLICY_SET) })).toBe(true);
    expect(await decided({ file })).toBe(false);
    writeFileSync(file, JSON.stringify({ ...POLICY_SET, policies: {} }));
    const pinned = decided({ file, digest: digestPolicySet(POLICY_SET) });
    await expect(pinned).rejects.toMatchObject({ code: 'SDK_POLICY_MISMATCH', pointer: '/policy/digest' });
  });

  it('lets nothing change without a person when the flag is on, and shows it in the decision', async () => {
    // One type of its executor is none of the policies' schema, and cannot be named in a policy.
    const executor = createTestExecutor({
      actionTypes: ['test.act', 'test.look'],
      actionClassFloors: { 'test.act': 'A0_observe', 'test.look': 'A0_observe' },
    });
    const on = { flags: { v2_operator_approval_required: true } };
    await using boundary = await createBoundary(createConfig(on));
    const pending = await boundary.execute(createIntent());
    expect(pending).toMatchObject({ status: 'pending_approval' });
    expect(pending.decision?.pdp.determining_policies).toContain('flag.v2_operator_approval_required');
    // Nobody observes on its own word, but an executor that observes is spared.
    const stated = { intent_id: 'intent-2', action_class: 'A0_observe' } as const;
    expect(await boundary.execute(createIntent(stated))).toMatchObject({ status: 'pending_approval' });
    const executors = [{ hosting: 'in_process_trusted', executor } as const];
    await using observing = await createBoundary(createConfig({ ...on, executors }));
    expect(await observing.execute(createIntent(stated))).toMatchObject({ status: 'completed' });
    const more = { intent_id: 'intent-3', action_class: 'A1_soft_containment' } as const;
    expect(await observing.execute(createIntent(more))).toMatchObject({ status: 'pending_approval' });
  });

  it('takes up nothing with a signal that is none, in place of failing between an effect and its record', async () => {
    const config = createConfig();
    await using boundary = await createBoundary(config);
    const options = { signal: { aborted: false } } as never;
    const malformed = { code: 'SDK_CALL_MALFORMED', pointer: '/signal' };
    await expect(boundary.execute(createIntent(), options)).rejects.toMatchObject(malformed);
    await expect(boundary.submitApproval('intent-1', {}, options)).rejects.toMatchObject(malformed);
    await expect(boundary.takeAnswers('intent-1', options)).rejects.toMatchObject(malformed);
    const pending = await boundary.execute(createIntent({ intent_id: 'intent-2', target: '/data/ask/x' }));
    await expect(boundary.settle(pending, options)).rejects.toMatchObject(malformed);
    expect(config.executor.performed).toHaveLength(0);
  });

  it.each([undefined, 5, '', '\ud800', {}])('knows no action by the name %j', async (name) => {
    await using boundary = await createBoundary(createConfig({ store: { path: join(home, 'a.db') } }));
    const stream = name as string;
    const unknown = { code: 'SDK_STREAM_UNKNOWN' };
    await expect(boundary.submitApproval(stream, {})).rejects.toMatchObject(unknown);
    await expect(boundary.revokeApproval(stream, {})).rejects.toMatchObject(unknown);
    await expect(boundary.resolve(stream, {})).rejects.toMatchObject(unknown);
    await expect(boundary.takeAnswers(stream)).rejects.toMatchObject(unknown);
    await expect(boundary.bundle(stream)).rejects.toMatchObject(unknown);
    expect(await boundary.findIntent(stream)).toBeUndefined();
  });

  it('decides without a trace', async () => {
    await using boundary = await createBoundary(createConfig());
    expect(await boundary.decide(createIntent())).toMatchObject({ verdict: 'allow' });
    expect(await boundary.decide(createIntent({ target: '/data/locked/x' }))).toMatchObject({ verdict: 'deny' });
    expect(await boundary.findIntent('intent-1')).toBeUndefined();
  });

  it('takes the answer of an operator, and of nobody else', async () => {
    const config = createConfig({ operators: [APPROVER] });
    await using boundary = await createBoundary(config);
    const pending = await boundary.execute(createIntent({ target: '/data/ask/x' }));
    if (pending.status !== 'pending_approval') throw new Error(pending.status);
    const sign = (key: { name: string; seed: Uint8Array }) =>
      signApproval({
        ...{ request: pending.request, verdict: 'approve', approverId: 'alice', reason: 'seen', random },
        ...{ signer: createSigner(key.name, key.seed), clock: { now: Date.now }, ttlSeconds: 60 },
      });
    const foreign = boundary.submitApproval('intent-1', sign({ ...APPROVER_KEY, seed: new Uint8Array(32).fill(3) }));
    await expect(foreign).rejects.toMatchObject({ code: 'BOUNDARY_APPROVER_UNKNOWN' });
    expect(config.executor.performed).toHaveLength(0);
    expect(await boundary.submitApproval('intent-1', sign(APPROVER_KEY))).toMatchObject({ status: 'completed' });
    expect(config.executor.performed).toHaveLength(1);
  });

  it('ends what waited too long when it starts', async () => {
    const clock = createTestClock();
    const config = createConfig({ store: { path: join(home, 'a.db') }, clock });
    const first = await createBoundary(config);
    await first.execute(createIntent({ target: '/data/ask/x' }));
    await first.close();
    clock.nowMs += 3_700_000;
    const second = await createBoundary(config);
    const result = await second.execute(createIntent({ target: '/data/ask/x' }));
    expect(result).toMatchObject({ status: 'denied', code: 'BOUNDARY_APPROVAL_EXPIRED' });
    await second.close();
  });

  it('finishes what is under way when it is closed, and takes up nothing afterwards', async () => {
    let release: () => void = () => undefined;
    const started = createGate();
    const executor = createTestExecutor({
      onExecute: async () => {
        started.resolve();
        await new Promise<void>((resolve) => {
          release = resolve;
        });
        return { success: true, error_code: null, claimed: {}, observed: {} };
      },
    });
    const boundary = await createBoundary(createConfig({ executors: [{ hosting: 'in_process_trusted', executor }] }));
    const running = boundary.execute(createIntent());
    await started.promise;
    const closing = boundary.close();
    await expect(boundary.execute(createIntent({ intent_id: 'x' }))).rejects.toMatchObject({
      code: 'SDK_BOUNDARY_CLOSED',
    });
    release();
    expect(await running).toMatchObject({ status: 'completed', isClosed: true });
    await closing;
    await boundary.close();
  });
});
