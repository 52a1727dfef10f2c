import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { signApproval } from '@exoarmur/boundary-v2';
import { createSigner, formatTime } from '@exoarmur/canonical';
import { createSqlitePolicyActivationStore, openSqliteLogStore } from '@exoarmur/store-sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HOUR_MS, POLICY_SIGNER, policiesWith, STRANGER, signedBundle } from '../test/bundles.ts';
import {
  APPROVER,
  APPROVER_KEY,
  CLEAR_FACTS,
  createConfig,
  createGate,
  createIntent,
  createTestClock,
} from '../test/configs.ts';
import { type Boundary, type BoundaryConfig, createBoundary, replayGovernedExecution } from './index.ts';

const keyring = [POLICY_SIGNER.vkey];
/** Forbids what the policies of the first bundle permit. */
const CLOSED = policiesWith('closed', 'forbid(principal, action, resource in Directory::"/data");');

let home: string;
let clock: ReturnType<typeof createTestClock>;
const opened: Boundary[] = [];
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'exoarmur-sdk-'));
  clock = createTestClock();
});
afterEach(async () => {
  for (const boundary of opened.splice(0)) await boundary.close();
  rmSync(home, { recursive: true, force: true });
});

async function open(policy: Partial<Extract<BoundaryConfig['policy'], { keyring: unknown }>> = {}, change = {}) {
  const config = { store: { path: join(home, 'a.db') }, clock, policy: { keyring, maxAgeMs: 0, ...policy }, ...change };
  const boundary = await createBoundary(createConfig(config));
  opened.push(boundary);
  return boundary;
}

/** A boundary under the first bundle, and another one on the same store, as another process would open it. */
async function openTwo() {
  const running = await open({ bundle: { envelope: signedBundle(1) } });
  return { running, other: await open({ keyring: [...keyring, STRANGER.vkey] }) };
}

/** A boundary under the first bundle, alone. */
const openOne = (change = {}) => open({ bundle: { envelope: signedBundle(1) } }, { store: 'memory', ...change });

let count = 0;
async function act(boundary: Boundary, change: Parameters<typeof createIntent>[0] = {}) {
  count += 1;
  const intent_id = `intent-${count}`;
  const { status, decision } = await boundary.execute(createIntent({ intent_id, ...change }));
  const facts = decision?.facts;
  return {
    ...{ intent_id, status, policies: decision?.pdp.determining_policies, rules: decision?.safety.rule_ids },
    ...{ verified: facts?.policy_verified, degraded: facts?.environment.degraded, bundle: facts?.policy_bundle },
  };
}
async function replayed(boundary: Boundary, stream: string) {
  const { checks } = await replayGovernedExecution(await boundary.bundle(stream));
  return checks.find(({ name }) => name === 'decision')?.status;
}
/** A change of the file that no boundary makes. */
async function tamper(sql: string) {
  const store = openSqliteLogStore({ path: join(home, 'a.db') });
  store.database.exec(sql);
  await store.close();
}

const FIRST = { status: 'completed', verified: true, degraded: false, bundle: { version: 1, reason: null } };
const SECOND = { status: 'denied', policies: ['closed'], verified: true, bundle: { version: 2, reason: null } };
/** The first bundle governs still, and everything but observation waits for a quorum. */
const doubtful = (reason: string) => ({
  ...{ status: 'pending_approval', rules: ['SG-201'], verified: false, degraded: true },
  bundle: { version: 1, reason },
});

describe('a running boundary under signed bundles', () => {
  it('takes the one that another puts in force, and can prove what it decided under each', async () => {
    const { running, other } = await openTwo();
    const before = await act(running);
    expect(before).toMatchObject(FIRST);
    const { policyDigest } = running;
    await other.activatePolicyBundle(signedBundle(2, { policySet: CLOSED }));
    const after = await act(running);
    expect(after).toMatchObject(SECOND);
    expect(running.policyDigest).not.toBe(policyDigest);
    for (const { intent_id } of [before, after]) expect(await replayed(running, intent_id)).toBe('passed');
    await running.close();
    const restarted = await open();
    expect(await act(restarted)).toMatchObject(SECOND);
    expect(await replayed(restarted, before.intent_id)).toBe('passed');
  });

  it('stays with it when the store has lost every activation', async () => {
    const { running } = await openTwo();
    await tamper('DELETE FROM policy_activations');
    expect(await act(running)).toMatchObject(doubtful('not_loaded'));
  });

  it('sees what another process puts in force', async () => {
    const { running } = await openTwo();
    const [sdk, configs, bundles] = ['./index.ts', '../test/configs.ts', '../test/bundles.ts'].map((path) =>
      JSON.stringify(new URL(path, import.meta.url).href),
    );
    const program = `
      const { createBoundary } = await import(${sdk});
      const { createConfig, createTestClock } = await import(${configs});
      const { POLICY_SIGNER, policiesWith, signedBundle } = await import(${bundles});
      const store = { path: ${JSON.stringify(join(home, 'a.db'))} };
      const config = createConfig({ store, clock: createTestClock(), policy: { keyring: [POLICY_SIGNER.vkey] } });
      const boundary = await createBoundary(config);
      const policySet = policiesWith('closed', 'forbid(principal, action, resource in Directory::"/data");');
      await boundary.activatePolicyBundle(signedBundle(2, { policySet }));
      await boundary.close();`;
    const flags = ['--conditions=@exoarmur/source', '--disable-warning=ExperimentalWarning', '--input-type=module'];
    const child = spawn(process.execPath, [...flags, '--eval', program], { stdio: ['ignore', 'ignore', 'inherit'] });
    const [code] = await once(child, 'close');
    expect(code).toBe(0);
    expect(await act(running)).toMatchObject(SECOND);
  });

  it('misses it for no longer than the age it was given, a second unless told', async () => {
    const bundle = { envelope: signedBundle(1) };
    const running = await createBoundary(
      createConfig({ store: { path: join(home, 'a.db') }, clock, policy: { keyring, bundle } }),
    );
    opened.push(running);
    const other = await open();
    await act(running);
    await other.activatePolicyBundle(signedBundle(2, { policySet: CLOSED }));
    clock.nowMs += 999;
    expect(await act(running)).toMatchObject(FIRST);
    clock.nowMs += 1;
    expect(await act(running)).toMatchObject(SECOND);
    await other.activatePolicyBundle(signedBundle(3));
    // By a clock that went back no answer is young.
    clock.nowMs -= 1;
    expect(await act(running)).toMatchObject({ ...FIRST, bundle: { version: 3 } });
  });

  it('takes one decision under one set, from its facts to its record, whatever is put in force meanwhile', async () => {
    const asked = createGate();
    const goOn = createGate();
    const environment = async () => {
      asked.resolve();
      await goOn.promise;
      return CLEAR_FACTS.environment();
    };
    const running = await openOne({ facts: { ...CLEAR_FACTS, environment } });
    const early = act(running);
    await asked.promise;
    const bounds = { kill_switches: { global: true, tenant: false } };
    await running.activatePolicyBundle(signedBundle(2, { policySet: CLOSED, bounds }));
    const late = act(running);
    goOn.resolve();
    expect(await early).toMatchObject(FIRST);
    expect(await late).toMatchObject({ status: 'denied', rules: ['SG-101'], bundle: { version: 2 } });
    for (const { intent_id } of [await early, await late]) expect(await replayed(running, intent_id)).toBe('passed');
  });

  it('mixes no two bundles in any decision of many that run while they change', async () => {
    const running = await openOne({ policy: { keyring, bundle: { envelope: signedBundle(1) }, maxAgeMs: 1 } });
    const open = running.policyDigest;
    const decide = async (n: number) => {
      const { decision } = await running.execute(createIntent({ intent_id: `many-${n}` }));
      return { digest: decision?.policy_digest, version: decision?.facts.policy_bundle?.version ?? 0 };
    };
    const decided: ReturnType<typeof decide>[] = [];
    for (let version = 2; version <= 9; version += 1) {
      for (let n = 0; n < 8; n += 1) decided.push(decide(version * 8 + n));
      // The even ones are closed.
      const policySet = version % 2 === 0 ? { policySet: CLOSED } : {};
      await running.activatePolicyBundle(signedBundle(version, policySet));
    }
    const found = await Promise.all(decided);
    expect(new Set(found.map(({ version }) => version)).size).toBeGreaterThan(4);
    for (const { digest, version } of found) expect(digest === open).toBe(version % 2 === 1);
    for (const { stream } of [{ stream: 'many-16' }, { stream: 'many-40' }]) {
      expect(await replayed(running, stream)).toBe('passed');
    }
  });

  it('decides an action again under what is in force when people have answered', async () => {
    const running = await openOne({ operators: [APPROVER] });
    const alice = createSigner(APPROVER_KEY.name, APPROVER_KEY.seed);
    const random = { bytes: (length: number) => new Uint8Array(length).fill(9) };
    const ask = async (intent_id: string) => {
      const pending = await running.execute(createIntent({ intent_id, target: '/data/ask/x' }));
      if (pending.status !== 'pending_approval') throw new Error(pending.status);
      const about = { request: pending.request, verdict: 'approve', approverId: 'alice', reason: 'seen' } as const;
      return signApproval({ ...about, signer: alice, clock, random, ttlSeconds: 600 });
    };
    const [same, changed] = [await ask('same'), await ask('changed')];
    // A newer bundle of the same policies asks nobody anew.
    await running.activatePolicyBundle(signedBundle(2));
    const done = await running.submitApproval('same', same);
    expect(done).toMatchObject({ status: 'completed', decision: { facts: { policy_bundle: { version: 2 } } } });
    await running.activatePolicyBundle(signedBundle(3, { policySet: CLOSED }));
    expect(await running.submitApproval('changed', changed)).toMatchObject({
      ...{ status: 'denied', code: 'BOUNDARY_POLICY_CHANGED' },
    });
  });

  it('goes on under a bundle that follows one which has expired', async () => {
    const running = await openOne();
    clock.nowMs += HOUR_MS;
    expect(await act(running)).toMatchObject({ ...doubtful('expired') });
    await running.activatePolicyBundle(signedBundle(2, { expires_at: formatTime(clock.nowMs + HOUR_MS) }));
    expect(await act(running)).toMatchObject({ ...FIRST, bundle: { version: 2, reason: null } });
  });

  it('is degraded while a bundle stands refused that another was given, and only so long', async () => {
    const { running, other } = await openTwo();
    await expect(other.activatePolicyBundle(signedBundle(1, { bundle_id: 'old' }))).rejects.toMatchObject({
      code: 'BOUNDARY_POLICY_DOWNGRADED',
    });
    expect(await act(running)).toMatchObject({ verified: true, degraded: true, bundle: { reason: 'downgraded' } });
    await other.activatePolicyBundle(signedBundle(1));
    expect(await act(running)).toMatchObject(FIRST);
  });

  it('keeps the last one known to be good while what is in force has no signature that counts here', async () => {
    const { running, other } = await openTwo();
    await other.activatePolicyBundle(signedBundle(2, { signer: STRANGER, policySet: CLOSED }));
    expect(await act(running)).toMatchObject(doubtful('not_loaded'));
    expect(await act(running)).toMatchObject(doubtful('not_loaded'));
    await other.activatePolicyBundle(signedBundle(3));
    expect(await act(running)).toMatchObject({ ...FIRST, bundle: { version: 3, reason: null } });
  });

  it('keeps it while the policies of the one in force cannot stand beside its flags', async () => {
    const running = await openOne({ flags: { v2_operator_approval_required: true } });
    const policySet = policiesWith('flag.v2_operator_approval_required', 'permit(principal, action, resource);');
    await running.activatePolicyBundle(signedBundle(2, { policySet }));
    expect(await act(running)).toMatchObject({ ...doubtful('not_loaded'), rules: ['SG-201', 'SG-452'] });
  });

  it('goes back to no older one that was put into the store behind its back', async () => {
    const { running, other } = await openTwo();
    await other.activatePolicyBundle(signedBundle(2, { policySet: CLOSED }));
    expect(await act(running)).toMatchObject(SECOND);
    const store = openSqliteLogStore({ path: join(home, 'a.db') });
    const override = { bundle_digest: `sha256:${'0'.repeat(64)}`, stated_by: 'nobody', reason: 'back' } as const;
    await createSqlitePolicyActivationStore(store, 'demo', 'demo').append({
      ...{ generation: 3, envelope: { ...signedBundle(1) }, override, activatedAt: formatTime(clock.nowMs) },
    });
    await store.close();
    const behind = { verified: false, degraded: true, bundle: { version: 2, reason: 'behind_log' } };
    expect(await act(running)).toMatchObject({ ...behind, policies: ['closed'] });
  });

  it('keeps it while the store does not say which one is in force, and asks again', async () => {
    const { running } = await openTwo();
    await tamper('ALTER TABLE policy_activations RENAME TO hidden');
    expect(await act(running)).toMatchObject(doubtful('unreadable'));
    await tamper('ALTER TABLE hidden RENAME TO policy_activations');
    expect(await act(running)).toMatchObject(FIRST);
  });

  it('says so at once when it refuses a bundle itself', async () => {
    const running = await open({ bundle: { envelope: signedBundle(1) }, maxAgeMs: 60_000 }, { store: 'memory' });
    await expect(running.activatePolicyBundle({})).rejects.toMatchObject({ code: 'BOUNDARY_POLICY_SIGNATURE_INVALID' });
    expect(await act(running)).toMatchObject({ degraded: true, bundle: { version: 1, reason: 'signature_invalid' } });
    await running.activatePolicyBundle(signedBundle(2, { policySet: CLOSED }));
    expect(await act(running)).toMatchObject(SECOND);
    const bundle = { bundle_digest: (await act(running)).bundle?.bundle_digest as `sha256:${string}` };
    await running.activatePolicyBundle(signedBundle(3));
    const back = { ...bundle, stated_by: 'ann', reason: '3 locks us out' };
    await running.activatePolicyBundle(signedBundle(2, { policySet: CLOSED }), back);
    expect(await act(running)).toMatchObject(SECOND);
  });

  it('has no bundle to take where its policies come otherwise', async () => {
    await using boundary = await createBoundary(createConfig());
    await expect(boundary.activatePolicyBundle(signedBundle(1))).rejects.toMatchObject({
      ...{ code: 'SDK_CONFIG_INVALID', pointer: '/policy' },
    });
  });
});
