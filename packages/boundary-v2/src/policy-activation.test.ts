import { createSigner, formatTime, parseVerifierKey } from '@exoarmur/canonical';
import {
  type AppendReceipt,
  type CellDraft,
  type KeptActivation,
  LogStoreError,
  type PolicyActivationStore,
  type PolicyBundle,
  type PolicySet,
  policyActivatedSchema,
} from '@exoarmur/contracts';
import { createPolicyBundle, formatIntentSchema, signPolicyBundle } from '@exoarmur/policy';
import { describe, expect, it } from 'vitest';
import { BABBLE, createTestBoundary, createTrap, START_MS } from '../test/boundary.ts';
import {
  activatePolicyBundle,
  createMemoryPolicyActivationStore,
  openPolicyBundles,
  type PolicyBundles,
} from './index.ts';

const [signer, stranger] = [1, 2].map((n) => createSigner(`policy-${n}`, new Uint8Array(32).fill(70 + n))) as [
  ReturnType<typeof createSigner>,
  ReturnType<typeof createSigner>,
];
const POLICY_SET: PolicySet = {
  schema: 'exoarmur.policy-set/1',
  language: 'cedar',
  cedar_schema: formatIntentSchema(['test.act']),
  policies: { all: 'permit(principal, action, resource);' },
};
const HOUR = 3_600_000;
const bundle = (version: number, change: Partial<PolicyBundle> = {}) =>
  createPolicyBundle(
    {
      ...{ bundle_id: `policies-${version}`, tenant_id: 'demo', version },
      ...{ issued_at: formatTime(START_MS - HOUR), expires_at: formatTime(START_MS + HOUR) },
      ...change,
    },
    POLICY_SET,
  );
const signed = (version: number, change: Partial<PolicyBundle> = {}) =>
  signPolicyBundle(bundle(version, change), [signer]);

function createBundles() {
  const { log, clock } = createTestBoundary();
  const keyring = new Map([['demo', { keys: [parseVerifierKey(signer.vkey)], threshold: 1 }]]);
  const activations = createMemoryPolicyActivationStore();
  const options: PolicyBundles = { tenant: 'demo', cell: 'demo', log, clock, keyring, activations };
  const standing = async (change: Partial<PolicyBundles> = {}) =>
    (await openPolicyBundles({ ...options, ...change })).standing();
  const version = async () => (await openPolicyBundles(options)).active()?.bundle.version;
  return { log, clock, activations, options, standing, version };
}
/** An activation as it is kept. */
const ROW: KeptActivation = {
  ...{ generation: 1, envelope: { ...signed(1) }, override: null, activatedAt: formatTime(START_MS) },
};
const GOOD = { policyVerified: true, degraded: false, reason: null };

describe('activating a policy bundle', () => {
  it('is on record before it counts, and it governs after a restart', async () => {
    const { options, log, standing, version } = createBundles();
    expect(await standing()).toEqual({ policyVerified: false, degraded: true, reason: 'none_active' });
    const { record } = await activatePolicyBundle(options, signed(1));
    expect(log.facts).toMatchObject([{ stream: 'boundary.demo.policies', kind: 'policy_activated', payload: record }]);
    expect(policyActivatedSchema.parse(record)).toMatchObject({ version: 1, previous: null });
    await activatePolicyBundle(options, signed(2));
    expect(await version()).toBe(2);
    expect(await standing()).toEqual(GOOD);
  });

  it('changes nothing for the bundle that governs already', async () => {
    const { options, log, activations } = createBundles();
    await activatePolicyBundle(options, signed(1));
    expect((await activatePolicyBundle(options, signed(1))).record).toBeNull();
    expect(log.facts).toHaveLength(1);
    expect(await activations.list({ before: 9, limit: 9 })).toHaveLength(1);
  });

  const altered = { ...signed(3), payload: signed(4).payload };
  it.each([
    ['one that was altered', altered, 'SIGNATURE_INVALID'],
    ['one by an unknown key', signPolicyBundle(bundle(3), [stranger]), 'SIGNATURE_INVALID'],
    ['one that nobody signed', { ...signed(3), signatures: [] }, 'SIGNATURE_INVALID'],
    ['what is no envelope', 7, 'SIGNATURE_INVALID'],
    ['what cannot be read', { payload: () => 1 }, 'SIGNATURE_INVALID'],
    ['one of another tenant', signed(3, { tenant_id: 'other' }), 'FOREIGN_TENANT'],
    ['an expired one', signed(3, { expires_at: formatTime(START_MS) }), 'EXPIRED'],
    ['one of tomorrow', signed(3, { issued_at: formatTime(START_MS + 1) }), 'NOT_YET_VALID'],
    ['an older one', signed(1), 'DOWNGRADED'],
  ])(
    'refuses %s: on record, the old one stays, and the cell is degraded until one is taken',
    async (_, input, reason) => {
      const { options, log, standing, version } = createBundles();
      await activatePolicyBundle(options, signed(2));
      const code = `BOUNDARY_POLICY_${reason}`;
      await expect(activatePolicyBundle(options, input)).rejects.toMatchObject({ code });
      expect(log.facts.at(-1)).toMatchObject({ kind: 'attempt_refused', payload: { attempt: 'policy_bundle', code } });
      expect(await version()).toBe(2);
      expect(await standing()).toEqual({ policyVerified: true, degraded: true, reason: reason.toLowerCase() });
      await activatePolicyBundle(options, signed(2));
      expect(await standing()).toEqual(GOOD);
    },
  );

  it('goes back only by an override that names the bundle, which stands in the record', async () => {
    const { options, version } = createBundles();
    const { record: first } = await activatePolicyBundle(options, signed(1));
    await activatePolicyBundle(options, signed(2));
    const override = {
      bundle_digest: first?.bundle_digest ?? 'sha256:',
      stated_by: 'ann',
      reason: 'locks us out',
    } as const;
    const { record } = await activatePolicyBundle(options, signed(1), override as never);
    expect(record).toMatchObject({ version: 1, override, previous: { version: 2 } });
    expect(await version()).toBe(1);
  });

  it('does not count when it cannot be recorded', async () => {
    const { options, log, version } = createBundles();
    await activatePolicyBundle(options, signed(1));
    log.appendCell = async () => {
      throw new Error('disk full');
    };
    await expect(activatePolicyBundle(options, signed(2))).rejects.toMatchObject({ code: 'BOUNDARY_LOG_UNAVAILABLE' });
    expect(await version()).toBe(1);
  });

  const RECEIPT = { stream: 'policy-main', kind: 'policy_activated', seq: 1, time: '2026-01-15T12:30:45.123Z' };
  it.each<[string, (draft: CellDraft) => object]>([
    ['nothing of a record', () => ({})],
    ['another stream', () => ({ ...RECEIPT, stream: 'another' })],
    ['another kind', ({ stream }) => ({ ...RECEIPT, stream, kind: 'switch_changed' })],
    ['another place', ({ stream }) => ({ ...RECEIPT, stream, seq: 7 })],
    ['no time', ({ stream }) => ({ ...RECEIPT, stream, time: 'soon' })],
  ])('does not count when the receipt of the log tells of %s', async (_, recordOf) => {
    const { options, log, version } = createBundles();
    await activatePolicyBundle(options, signed(1));
    log.appendCell = async (draft) => ({ record: recordOf(draft) }) as AppendReceipt;
    await expect(activatePolicyBundle(options, signed(2))).rejects.toMatchObject({ code: 'BOUNDARY_LOG_UNAVAILABLE' });
    expect(await version()).toBe(1);
  });

  it('counts when the receipt is that of the record', async () => {
    const { options, log, version } = createBundles();
    await activatePolicyBundle(options, signed(1));
    log.appendCell = async ({ stream, expectedSeq: seq }) => ({ record: { ...RECEIPT, stream, seq } }) as AppendReceipt;
    await activatePolicyBundle(options, signed(2));
    expect(await version()).toBe(2);
  });

  it.each([...BABBLE, ['answers that all is well', () => true] as const])(
    'does not count when the store %s',
    async (_, babble) => {
      const { options, activations } = createBundles();
      const babbling = { ...activations, append: babble as PolicyActivationStore['append'] };
      await expect(activatePolicyBundle({ ...options, activations: babbling }, signed(1))).rejects.toMatchObject({
        code: 'BOUNDARY_POLICY_STORE_UNAVAILABLE',
      });
    },
  );

  it('is refused where another process puts a newer one in force between the look and the record', async () => {
    const { options, log, activations, standing, version } = createBundles();
    await activatePolicyBundle(options, signed(1));
    let isSlow = true;
    const slow: PolicyBundles['log'] = {
      collect: (stream) => log.collect(stream),
      appendCell: async (draft) => {
        if (isSlow && draft.kind === 'policy_activated') {
          isSlow = false;
          await activatePolicyBundle(options, signed(3));
        }
        return log.appendCell(draft);
      },
    };
    const older = activatePolicyBundle({ ...options, log: slow }, signed(2));
    await expect(older).rejects.toMatchObject({ code: 'BOUNDARY_POLICY_SUPERSEDED' });
    expect(await version()).toBe(3);
    expect(await standing()).toEqual(GOOD);
    expect(await activations.list({ before: Number.MAX_SAFE_INTEGER, limit: 9 })).toHaveLength(2);
    await activatePolicyBundle(options, signed(4));
    expect(await version()).toBe(4);
  });

  it('is refused where another process puts a newer one in force between the record and the store', async () => {
    const { options, log, standing, version } = createBundles();
    let isSlow = true;
    const slow: PolicyBundles['log'] = {
      collect: (stream) => log.collect(stream),
      appendCell: async (draft) => {
        const receipt = await log.appendCell(draft);
        if (isSlow && draft.kind === 'policy_activated') {
          isSlow = false;
          await activatePolicyBundle(options, signed(3));
        }
        return receipt;
      },
    };
    const older = activatePolicyBundle({ ...options, log: slow }, signed(2));
    await expect(older).rejects.toMatchObject({ code: 'BOUNDARY_POLICY_SUPERSEDED' });
    expect(await version()).toBe(3);
    expect(await standing()).toEqual(GOOD);
  });

  it('loses to another process that was faster', async () => {
    const { options, activations } = createBundles();
    const racing = { ...activations, append: async () => 'generation_taken' as const };
    await expect(activatePolicyBundle({ ...options, activations: racing }, signed(1))).rejects.toMatchObject({
      code: 'BOUNDARY_POLICY_SUPERSEDED',
    });
  });
});

describe('the bundle that governs', () => {
  it('expires while it governs', async () => {
    const { options, clock, standing, version } = createBundles();
    await activatePolicyBundle(options, signed(1));
    clock.nowMs += HOUR;
    expect(await standing()).toEqual({ policyVerified: false, degraded: true, reason: 'expired' });
    expect(await version()).toBe(1);
  });

  it('governs nothing once its key is not in the keyring, or its row is another', async () => {
    const { options, activations } = createBundles();
    await activatePolicyBundle(options, signed(1));
    expect((await openPolicyBundles({ ...options, keyring: new Map() })).active()).toBeNull();
    const rows = (await activations.list({ before: 9, limit: 1 })) as [KeptActivation];
    const tampered = {
      ...activations,
      list: async () => [{ ...rows[0], envelope: { ...signed(2), payload: 'e30=' } }],
    };
    expect((await openPolicyBundles({ ...options, activations: tampered })).active()).toBeNull();
  });

  it('is not verified when the store was put back behind the log, and going back still is a downgrade', async () => {
    const { options } = createBundles();
    await activatePolicyBundle(options, signed(1));
    const rows = await options.activations.list({ before: 9, limit: 9 });
    await activatePolicyBundle(options, signed(2));
    const old = createMemoryPolicyActivationStore();
    for (const row of rows) await old.append(row);
    const behind = await openPolicyBundles({ ...options, activations: old });
    expect(behind.active()?.bundle.version).toBe(1);
    expect(behind.standing()).toEqual({ policyVerified: false, degraded: true, reason: 'behind_log' });
    const emptied = { ...options, activations: createMemoryPolicyActivationStore() };
    await expect(activatePolicyBundle(emptied, signed(1))).rejects.toMatchObject({
      code: 'BOUNDARY_POLICY_DOWNGRADED',
    });
  });

  it.each<readonly [string, keyof PolicyActivationStore, () => unknown]>([
    ...(['list', 'findRefusal'] as const).flatMap((member) =>
      BABBLE.filter(([how]) => !(member === 'findRefusal' && how === 'answers null')).map(
        ([how, babble]) => [how, member, babble] as const,
      ),
    ),
    ['answers a generation that is none', 'list', () => [{ ...ROW, generation: 0 }]],
    ['answers a time that is none', 'list', () => [{ ...ROW, activatedAt: 'noon' }]],
    ['answers an envelope that cannot be read', 'list', () => [{ ...ROW, envelope: createTrap() }]],
    ['answers a reason that is none', 'findRefusal', () => ({ reason: 'Because' })],
  ])('is none while the store %s to %s', async (_, member, babble) => {
    const { options } = createBundles();
    await activatePolicyBundle(options, signed(1));
    const babbling = { ...options, activations: { ...options.activations, [member]: babble } };
    const unavailable = { code: 'BOUNDARY_POLICY_STORE_UNAVAILABLE' };
    await expect(openPolicyBundles(babbling)).rejects.toMatchObject(unavailable);
    await expect(activatePolicyBundle(babbling, signed(2))).rejects.toMatchObject(unavailable);
  });

  it('tells the error that it has of a store with one, and otherwise what it threw', async () => {
    const { options } = createBundles();
    const full = new LogStoreError('STORE_FULL', 'no space left');
    const gone = new Error('gone');
    const openWith = (error: Error) =>
      openPolicyBundles({ ...options, activations: { ...options.activations, list: () => Promise.reject(error) } });
    await expect(openWith(full)).rejects.toBe(full);
    await expect(openWith(gone)).rejects.toMatchObject({ code: 'BOUNDARY_POLICY_STORE_UNAVAILABLE', cause: gone });
  });

  it.each(BABBLE)('is not verified by a log that %s', async (_, babble) => {
    const { options, log } = createBundles();
    await activatePolicyBundle(options, signed(1));
    const collect = babble as typeof log.collect;
    await expect(openPolicyBundles({ ...options, log: { collect } })).rejects.toMatchObject({
      code: 'BOUNDARY_LOG_UNAVAILABLE',
    });
  });
});
