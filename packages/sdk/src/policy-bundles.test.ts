import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AuditError } from '@exoarmur/audit/writer';
import { createMemoryPolicyActivationStore } from '@exoarmur/boundary-v2';
import { encodeUtf8, formatTime } from '@exoarmur/canonical';
import {
  type AppendReceipt,
  type CellDraft,
  LogStoreError,
  type PolicyActivationStore,
  type PolicyBundle,
} from '@exoarmur/contracts';
import { createDecisionPoint, digestPolicySet, MAX_POLICY_BUNDLE_BYTES, parsePolicySource } from '@exoarmur/policy';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { HOUR_MS, POLICY_SIGNER, STRANGER, signedBundle } from '../test/bundles.ts';
import { createConfig, createIntent, createTestClock, POLICY_SET } from '../test/configs.ts';
import { configOf, readBoundaryFile } from './boundary-file.ts';
import { type BoundaryConfig, createBoundary, replayGovernedExecution } from './index.ts';
import { openPolicy } from './policy-source.ts';

const keyring = [POLICY_SIGNER.vkey];
/** Takes everything down, and has nothing to tell. */
const DEAF_LOG = {
  appendCell: async ({ stream, kind }: CellDraft) =>
    ({ record: { stream, kind, seq: 0, time: '2026-01-15T12:30:45.123Z' } }) as AppendReceipt,
  collect: () => Promise.reject(new AuditError('AUDIT_STREAM_NOT_FOUND', 'none')),
};
const STORE_FULL = new LogStoreError('STORE_FULL', 'no space left');

let home: string;
let clock: ReturnType<typeof createTestClock>;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'exoarmur-sdk-'));
  clock = createTestClock();
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const open = (policy: BoundaryConfig['policy'], change: Partial<BoundaryConfig> = {}) =>
  createBoundary(createConfig({ store: { path: join(home, 'a.db') }, policy, clock, ...change }));
let count = 0;
async function act(policy: BoundaryConfig['policy'], change: Parameters<typeof createIntent>[0] = {}) {
  const boundary = await open(policy);
  count += 1;
  const intent_id = `intent-${count}`;
  try {
    const { status, decision } = await boundary.execute(createIntent({ intent_id, ...change }));
    const { checks } = await replayGovernedExecution(await boundary.bundle(intent_id));
    // An action that waits is not complete; whether it would be decided so again can be said all the same.
    const replayed = checks.find(({ name }) => name === 'decision')?.status;
    return {
      status,
      replayed,
      rules: decision?.safety.rule_ids,
      policies: decision?.pdp.determining_policies,
      facts: decision?.facts,
    };
  } finally {
    await boundary.close();
  }
}
const A2 = { action_class: 'A2_hard_containment' } as const;

describe('a boundary under signed bundles', () => {
  it('decides under the bundle it is given, and after a restart under the one in force', async () => {
    const bundle = join(home, 'bundle.json');
    writeFileSync(bundle, JSON.stringify(signedBundle(1)));
    const first = await act({ keyring, bundle: { file: bundle } });
    expect(first).toMatchObject({ status: 'completed', replayed: 'passed' });
    expect(first.facts).toMatchObject({ policy_verified: true, policy_bundle: { version: 1, reason: null } });
    expect(first.facts?.environment.degraded).toBe(false);
    expect(await act({ keyring })).toMatchObject({ status: 'completed', facts: { policy_bundle: { version: 1 } } });
  });

  it.each([
    ['an altered bundle', () => ({ ...signedBundle(2), payload: signedBundle(3).payload }), 'signature_invalid'],
    ['one of another tenant', () => signedBundle(2, { tenant_id: 'other' }), 'foreign_tenant'],
    ['an older one', () => signedBundle(1, { bundle_id: 'old' }), 'downgraded'],
  ])('keeps the old one when it is given %s, and is degraded, which is a fact', async (_, make, reason) => {
    await act({ keyring, bundle: { envelope: signedBundle(1) } });
    const again = await act({ keyring, bundle: { envelope: make() } }, A2);
    expect(again.facts).toMatchObject({
      policy_verified: true,
      environment: { degraded: true },
      policy_bundle: { version: 1, reason },
    });
    expect(again).toMatchObject({ status: 'pending_approval', rules: ['SG-351'], replayed: 'passed' });
    expect((await act({ keyring, bundle: { envelope: signedBundle(1) } })).facts?.environment.degraded).toBe(false);
  });

  it('does not start when no bundle is in force', async () => {
    const refused = { code: 'SDK_POLICY_NOT_IN_FORCE', pointer: '/policy' };
    await expect(open({ keyring })).rejects.toMatchObject(refused);
    await expect(open({ keyring, bundle: { envelope: signedBundle(1, { signer: STRANGER }) } })).rejects.toMatchObject(
      refused,
    );
    const unreadable = join(home, 'bundle.json');
    writeFileSync(unreadable, '{');
    await expect(open({ keyring, bundle: { file: unreadable } })).rejects.toMatchObject(refused);
    await expect(open({ keyring: ['x'] })).rejects.toMatchObject({ pointer: '/policy/keyring/0' });
    await expect(
      open({ keyring: [POLICY_SIGNER.vkey, STRANGER.vkey], threshold: 2, bundle: { envelope: signedBundle(1) } }),
    ).rejects.toMatchObject(refused);
  });

  it.each<[string, (store: PolicyActivationStore) => Partial<PolicyActivationStore>, Partial<typeof DEAF_LOG>, string]>(
    [
      ['recorded', () => ({}), { appendCell: () => Promise.reject(new Error('full')) }, 'BOUNDARY_LOG_UNAVAILABLE'],
      ['kept', () => ({ append: () => new Promise(() => undefined) }), {}, 'BOUNDARY_POLICY_STORE_UNAVAILABLE'],
      ['kept by a store that fails', () => ({ append: () => Promise.reject(STORE_FULL) }), {}, 'STORE_FULL'],
    ],
  )('does not start under the old one when the new one could not be %s', async (_, store, log, code) => {
    const kept = createMemoryPolicyActivationStore();
    const activatedAt = formatTime(clock.nowMs);
    await kept.append({ generation: 1, envelope: { ...signedBundle(1) }, override: null, activatedAt });
    const activations = { ...kept, ...store(kept) };
    const bundles = { tenant: 'demo', cell: 'demo', activations, clock, log: { ...DEAF_LOG, ...log } };
    const prepare = (policySet: typeof POLICY_SET) => createDecisionPoint({ policySet });
    const opening = { prepare: prepare as never, bundles };
    expect((await openPolicy({ keyring }, opening)).latest.standing().bundle?.version).toBe(1);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const opened = openPolicy({ keyring, bundle: { envelope: signedBundle(2) } }, opening).catch((error) => error);
      await vi.advanceTimersByTimeAsync(10_000);
      expect(await opened).toMatchObject({ code });
    } finally {
      vi.useRealTimers();
    }
  });

  it('reads no bundle, set or key that is larger than one can be', async () => {
    const file = join(home, 'large.json');
    writeFileSync(file, Buffer.alloc(MAX_POLICY_BUNDLE_BYTES * 2, ' '));
    await expect(open({ keyring, bundle: { file } })).rejects.toMatchObject({
      ...{ code: 'SDK_FILE_UNREADABLE', pointer: '/policy/bundle/file' },
    });
    await expect(open({ file })).rejects.toMatchObject({ code: 'SDK_FILE_UNREADABLE', pointer: '/policy/file' });
    const set = { ...POLICY_SET, policies: { Bad: 7 } } as never;
    await expect(open({ set })).rejects.toMatchObject({ code: 'POLICY_SET_MALFORMED' });
    const flags = { v2_operator_approval_required: true };
    await expect(open({ set: {} as never }, { flags })).rejects.toMatchObject({ code: 'POLICY_SET_MALFORMED' });
  });

  it('notices that its bundle expires while it runs', async () => {
    const boundary = await open({ keyring, bundle: { envelope: signedBundle(1) } });
    clock.nowMs += HOUR_MS;
    const decision = await boundary.decide(createIntent());
    expect(decision?.facts).toMatchObject({ policy_verified: false, policy_bundle: { reason: 'expired' } });
    expect(decision).toMatchObject({ verdict: 'require_quorum', safety: { rule_ids: ['SG-201'] } });
    await boundary.close();
  });

  it('goes back only by an override', async () => {
    await act({ keyring, bundle: { envelope: signedBundle(1) } });
    const digest = (await act({ keyring })).facts?.policy_bundle?.bundle_digest as `sha256:${string}`;
    await act({ keyring, bundle: { envelope: signedBundle(2) } });
    const override = { bundle_digest: digest, stated_by: 'ann', reason: '2 locks us out' };
    const back = await act({ keyring, bundle: { envelope: signedBundle(1) }, override });
    expect(back.facts).toMatchObject({ policy_bundle: { version: 1, reason: null }, environment: { degraded: false } });
  });
});

describe('policies from a file', () => {
  it('may be simple rules, which a digest pins as the set that they mean', async () => {
    const file = join(home, 'rules.yaml');
    const rule = '{rule_id: api, description: the api, allowed_domains: [api.example.com]}';
    const text = `schema: exoarmur.simple-rules/1\naction_types: [test.act]\nrules:\n  - ${rule}\n`;
    writeFileSync(file, text);
    const digest = digestPolicySet(parsePolicySource(encodeUtf8(text)));
    const target = 'https://api.example.com/x';
    expect(await act({ file, digest }, { target })).toMatchObject({ status: 'completed', policies: ['rule-0001'] });
    expect(await act({ file, digest }, { target: 'https://evil.example/x' })).toMatchObject({ status: 'denied' });
    writeFileSync(file, text.replace('api.example.com', 'evil.example'));
    await expect(open({ file, digest })).rejects.toMatchObject({ code: 'SDK_POLICY_MISMATCH' });
  });

  it('are named in a boundary file by their digest, or by the keys whose bundles count', () => {
    const path = join(home, 'boundary.json');
    const policyOf = (policy: object) => {
      const switches = { global: 'clear', tenant: 'clear' };
      const environment = {
        degraded: false,
        cell_load_milli: 0,
        network_health_milli: 1000,
        resource_availability_milli: 1000,
      };
      const facts = { switches, trust_milli: {}, environment };
      const about = {
        schema: 'exoarmur.boundary-file/1',
        tenant: 'demo',
        cell: 'demo',
        key_file: 'k',
        store: { path: 'a.db' },
      };
      writeFileSync(path, JSON.stringify({ ...about, policy, executors: [], facts }));
      return configOf(readBoundaryFile(path), path).policy;
    };
    expect(policyOf({ file: 'p.json' })).toEqual({ file: join(home, 'p.json') });
    expect(policyOf({ keyring })).toEqual({ keyring });
    expect(policyOf({ keyring, threshold: 1, bundle_file: 'b.json', max_age_ms: 0 })).toEqual({
      ...{ keyring, threshold: 1, maxAgeMs: 0 },
      bundle: { file: join(home, 'b.json') },
    });
    expect(() => policyOf({ keyring, file: 'p.json' })).toThrow(expect.objectContaining({ pointer: '/policy' }));
  });
});

describe('the bounds of a bundle', () => {
  const under = (bounds: PolicyBundle['bounds'], change = {}) =>
    act({ keyring, bundle: { envelope: signedBundle(1, bounds === undefined ? {} : { bounds }) } }, change);

  it('stop everything by a kill switch', async () => {
    expect(await under({ kill_switches: { global: true, tenant: false } })).toMatchObject({
      status: 'denied',
      rules: ['SG-101'],
    });
  });

  it('let a class go no further than the envelope', async () => {
    const bounds = { autonomy_envelope: { A1_soft_containment: 'human' } } as const;
    const asked = await under(bounds);
    expect(asked).toMatchObject({ status: 'pending_approval', policies: ['bounds.autonomy.A1_soft_containment'] });
    expect(asked.replayed).toBe('passed');
  });

  it('ask a person below a trust floor, and pin the trust of an actor', async () => {
    const trust_floors = { A1_soft_containment: 950 };
    expect(await under({ trust_floors })).toMatchObject({ status: 'pending_approval' });
    const pinned = await act({
      keyring,
      bundle: { envelope: signedBundle(2, { bounds: { trust_floors, trust_pins: { 'agent-1': 960 } } }) },
    });
    expect(pinned).toMatchObject({ status: 'completed', facts: { trust_milli: 960 } });
  });
});

describe('flags of a boundary', () => {
  const variables = (name: string, value = 'true') => ({ variables: { [`EXOARMUR_FLAG_${name}`]: value } });

  it('are facts of every decision, with where they come from', async () => {
    const boundary = await createBoundary(
      createConfig({ flags: { v2_control_plane_enabled: false }, ...variables('V2_OPERATOR_APPROVAL_REQUIRED') }),
    );
    const decision = await boundary.decide(createIntent());
    expect(decision?.facts.flags).toEqual({
      v2_federation_enabled: false,
      v2_control_plane_enabled: false,
      v2_operator_approval_required: true,
      governance_artifacts_enabled: false,
      governance_artifact_enforcement_enabled: false,
      policy_bundle_required: false,
      sandbox_required: false,
    });
    expect(decision?.facts.flag_sources).toEqual({
      v2_control_plane_enabled: 'configuration',
      v2_operator_approval_required: 'environment',
    });
    expect(decision?.verdict).toBe('require_approval');
    await boundary.close();
  });

  it('are read from the variables of a process as they are', async () => {
    const boundary = await createBoundary(createConfig({ variables: process.env }));
    expect((await boundary.decide(createIntent()))?.facts.flag_sources).toEqual({});
    await boundary.close();
    const variables = { PATH: 7 } as never;
    await expect(createBoundary(createConfig({ variables }))).rejects.toMatchObject({ pointer: '/variables' });
  });

  it('of the environment relax nothing that the configuration asks for', async () => {
    const boundary = await createBoundary(
      createConfig({
        flags: { v2_operator_approval_required: true },
        ...variables('V2_OPERATOR_APPROVAL_REQUIRED', 'false'),
      }),
    );
    expect((await boundary.decide(createIntent()))?.verdict).toBe('require_approval');
    await boundary.close();
  });

  it.each([
    ['a misspelt name', variables('V2_OPERATOR_APPROVAL_REQUIERD'), 'CONTRACTS_FLAG_UNKNOWN'],
    ['a value that is neither', variables('SANDBOX_REQUIRED', 'yes'), 'CONTRACTS_FLAG_VALUE_INVALID'],
    [
      'policies without a signature where bundles are required',
      { flags: { policy_bundle_required: true } },
      'SDK_FLAG_UNMET',
    ],
    ['an executor in this process where a sandbox is required', variables('SANDBOX_REQUIRED'), 'SDK_FLAG_UNMET'],
  ])('keep it from starting with %s', async (_, change, code) => {
    await expect(createBoundary(createConfig(change))).rejects.toMatchObject({ code });
  });

  it('keep a tool of this process out where a sandbox is required', async () => {
    const boundary = await createBoundary(createConfig({ executors: [], ...variables('SANDBOX_REQUIRED') }));
    const host = { actionTypes: ['test.act'], isolation: 'in_process_trusted' } as never;
    expect(() => boundary.attach(host)).toThrow(expect.objectContaining({ code: 'SDK_FLAG_UNMET' }));
    await boundary.close();
  });
});
