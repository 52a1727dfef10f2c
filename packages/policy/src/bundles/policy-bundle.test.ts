import {
  canonicalizeToBytes,
  createSigner,
  type DsseEnvelope,
  encodeBase64,
  type NamedSigner,
  parseTime,
  parseVerifierKey,
  signEnvelope,
} from '@exoarmur/canonical';
import {
  type DowngradeOverride,
  POLICY_BUNDLE_PAYLOAD_TYPE,
  type PolicySet,
  policyActivatedSchema,
} from '@exoarmur/contracts';
import { beforeEach, describe, expect, it } from 'vitest';
import { digestPolicySet } from '../policy-set.ts';
import { formatIntentSchema } from '../request/intent-schema.ts';
import { type BundleRefusal, type SignerSet, verifyPolicyBundle } from './bundle-verification.ts';
import { createPolicyBundle, MAX_POLICY_BUNDLE_BYTES, signPolicyBundle } from './policy-bundle.ts';
import { createPolicyBundleHolder, type PolicyBundleHolder } from './policy-bundle-holder.ts';

const [first, second, stranger, neighbour] = [1, 2, 3, 4].map((n) =>
  createSigner(`policy-${n}`, new Uint8Array(32).fill(n)),
) as [NamedSigner, NamedSigner, NamedSigner, NamedSigner];
const keysOf = (...signers: NamedSigner[]) => signers.map(({ vkey }) => parseVerifierKey(vkey));
/** The second key of the tenant under another name. */
const alias = createSigner('alias', new Uint8Array(32).fill(2));
const KEYRING: ReadonlyMap<string, SignerSet> = new Map([
  ['acme', { keys: keysOf(first, second, alias), threshold: 2 }],
  ['other', { keys: keysOf(neighbour), threshold: 1 }],
]);
const BOTH = [first, second];
const POLICY_SET: PolicySet = {
  schema: 'exoarmur.policy-set/1',
  language: 'cedar',
  cedar_schema: formatIntentSchema(['file.read']),
  policies: { reports: 'permit(principal, action, resource in Directory::"/srv/reports");' },
};
const ABOUT = {
  bundle_id: 'policies-7',
  tenant_id: 'acme',
  version: 7,
  issued_at: '2024-01-01T00:00:00.000Z',
  expires_at: '2024-02-01T00:00:00.000Z',
};
const GOOD = createPolicyBundle(ABOUT, POLICY_SET);
const NEWER = createPolicyBundle({ ...ABOUT, version: 8 }, POLICY_SET);
const ENVELOPE = signPolicyBundle(GOOD, BOTH);

/** Signed soundly, whatever it says. */
const sign = (payload: unknown, payloadType = POLICY_BUNDLE_PAYLOAD_TYPE, signers = BOTH): DsseEnvelope =>
  signEnvelope({ payloadType, payload: canonicalizeToBytes(payload), signers });
const newer = (changes: Readonly<Record<string, unknown>>): DsseEnvelope => sign({ ...NEWER, ...changes });
const reversed = (envelope: DsseEnvelope): DsseEnvelope => ({
  ...envelope,
  payload: encodeBase64(canonicalizeToBytes({ ...NEWER, version: 9 })),
});

let now: number;
let holder: PolicyBundleHolder;
beforeEach(() => {
  now = parseTime('2024-01-15T00:00:00.000Z');
  const clock = { now: () => now };
  holder = createPolicyBundleHolder({ tenant: 'acme', keyring: KEYRING, clock, last: null });
});

function digestOf(envelope: DsseEnvelope): DowngradeOverride['bundle_digest'] {
  const clock = { now: () => now };
  const verdict = createPolicyBundleHolder({ tenant: 'acme', keyring: KEYRING, clock, last: null }).activate(envelope);
  if (verdict.outcome === 'refused') throw new Error(verdict.reason);
  return verdict.active.bundleDigest;
}

describe('a bundle is refused', () => {
  const { policies: _, ...withoutPolicies } = POLICY_SET;
  const badSet = { ...POLICY_SET, policies: { typo: 'permit(principal, action, resource) when { context.nothing };' } };
  const badDigest = createPolicyBundle(ABOUT, { ...POLICY_SET, policies: {} }).policy_digest;
  const rows: readonly (readonly [string, BundleRefusal, unknown])[] = [
    ['that is no envelope', 'signature_invalid', null],
    ['that nobody signed', 'signature_invalid', { ...sign(NEWER), signatures: [] }],
    ['whose payload was changed after it was signed', 'signature_invalid', reversed(sign(NEWER))],
    ['signed by an unknown key', 'signature_invalid', sign(NEWER, undefined, [first, stranger])],
    ['signed by fewer keys than asked', 'signature_invalid', sign(NEWER, undefined, [first])],
    ['signed twice by one key', 'signature_invalid', sign(NEWER, undefined, [first, first])],
    ['signed twice by one key under two names', 'signature_invalid', sign(NEWER, undefined, [second, alias])],
    ["signed by another tenant's key", 'signature_invalid', sign(NEWER, undefined, [neighbour])],
    ['whose type was changed after it was signed', 'signature_invalid', { ...sign(NEWER), payloadType: 'text/plain' }],
    ['signed as something else', 'payload_type_unknown', sign(NEWER, 'application/json')],
    ['that is no object', 'bundle_malformed', sign([])],
    ['with a member too many', 'bundle_malformed', newer({ trust_floor: 0 })],
    ['with a version that is no integer', 'bundle_malformed', newer({ version: '8' })],
    ['without policies', 'bundle_malformed', newer({ policy_set: withoutPolicies })],
    [
      'with more policies than a set may hold',
      'bundle_malformed',
      newer({
        policy_set: {
          ...POLICY_SET,
          policies: Object.fromEntries(Array.from({ length: 20_001 }, (_, n) => [`p${n}`, ''])),
        },
      }),
    ],
    [
      'not in canonical bytes',
      'bundle_malformed',
      signEnvelope({
        payloadType: POLICY_BUNDLE_PAYLOAD_TYPE,
        payload: new TextEncoder().encode(JSON.stringify(NEWER, null, 1)),
        signers: BOTH,
      }),
    ],
    [
      'too large to be looked at',
      'bundle_malformed',
      { ...sign(NEWER), payload: 'A'.repeat(Math.ceil(MAX_POLICY_BUNDLE_BYTES / 3) * 4 + 4) },
    ],
    [
      'with a policy that has the name of a bound',
      'bundle_malformed',
      newer({
        policy_set: {
          ...POLICY_SET,
          policies: { 'bounds.autonomy.A3_irreversible': 'permit(principal, action, resource);' },
        },
      }),
    ],
    [
      'with a bound that is none',
      'bundle_malformed',
      newer({ bounds: { autonomy_envelope: { A2_hard_containment: 'free' } } }),
    ],
    ['of another tenant', 'foreign_tenant', newer({ tenant_id: 'other' })],
    ['of tomorrow', 'not_yet_valid', newer({ issued_at: '2024-01-15T00:00:00.001Z' })],
    ['that expires now', 'expired', newer({ expires_at: '2024-01-15T00:00:00.000Z' })],
    ['of an earlier version', 'downgraded', newer({ version: 6 })],
    ['of the same version and another content', 'downgraded', newer({ version: 7, bundle_id: 'twin' })],
    ['with the digest of another set', 'digest_mismatch', newer({ policy_digest: badDigest })],
    ['for another engine', 'engine_mismatch', newer({ engine: { ...NEWER.engine, name: 'other' } })],
    ['for another engine version', 'engine_mismatch', newer({ engine: { ...NEWER.engine, version: '4.13.0' } })],
    ['for other engine code', 'engine_mismatch', newer({ engine: { ...NEWER.engine, digest: NEWER.policy_digest } })],
  ];

  it.each(rows)('%s: %s, and the old one stays', (_, reason, envelope) => {
    expect(holder.activate(ENVELOPE).outcome).toBe('activated');
    const before = holder.active();
    expect(holder.activate(envelope)).toEqual({ outcome: 'refused', reason, problems: [] });
    expect(holder.active()).toBe(before);
    expect(before?.bundle).toEqual(GOOD);
    expect(holder.standing()).toEqual({ policyVerified: true, degraded: true, reason });
    expect(holder.activate(ENVELOPE).outcome).toBe('activated');
    expect(holder.standing()).toEqual({ policyVerified: true, degraded: false, reason: null });
  });

  it('whose set the engine refuses, with what the engine says', () => {
    holder.activate(ENVELOPE);
    const verdict = holder.activate(newer({ policy_set: badSet, policy_digest: digestPolicySet(badSet) }));
    expect(verdict).toMatchObject({ outcome: 'refused', reason: 'set_refused', problems: [{ policy: 'typo' }] });
    expect(holder.active()?.bundle).toEqual(GOOD);
  });

  it('for a tenant that has no keys', () => {
    const clock = { now: () => now };
    const lonely = createPolicyBundleHolder({ tenant: 'lonely', keyring: KEYRING, clock, last: null });
    expect(lonely.activate(newer({ tenant_id: 'lonely' }))).toMatchObject({ reason: 'signature_invalid' });
    expect(lonely.standing()).toEqual({ policyVerified: false, degraded: true, reason: 'none_active' });
  });
});

describe('a bundle is activated', () => {
  it('at the first moment of its time, and says what it replaced', () => {
    now = parseTime(GOOD.issued_at);
    const one = holder.activate(ENVELOPE);
    const two = holder.activate(sign(NEWER));
    if (one.outcome === 'refused' || two.outcome === 'refused') throw new Error('refused');
    expect(policyActivatedSchema.parse(one.record)).toEqual(one.record);
    expect(one.record).toMatchObject({ version: 7, previous: null, override: null, activated_at: GOOD.issued_at });
    expect(two.record.previous).toEqual({ version: 7, bundle_digest: one.active.bundleDigest });
    expect(two.record.key_ids).toEqual([...two.record.key_ids].sort());
    expect(two.record.key_ids).toHaveLength(2);
    expect(holder.active()?.bundle).toEqual(NEWER);
  });

  it('in spite of a later version only with an override that names it, which stands in the record', () => {
    const bundle_digest = digestOf(ENVELOPE);
    const override: DowngradeOverride = { bundle_digest, stated_by: 'alice', reason: 'version 8 locks us out' };
    holder.activate(sign(NEWER));
    const others = [
      { ...override, bundle_digest: digestOf(sign(NEWER)) },
      { ...override, reason: '' },
    ];
    for (const each of others) expect(holder.activate(ENVELOPE, each)).toMatchObject({ reason: 'downgraded' });
    expect(holder.activate(ENVELOPE, override)).toMatchObject({
      outcome: 'activated',
      record: { version: 7, override, previous: { version: 8 } },
    });
    expect(holder.activate(sign(NEWER), override)).toMatchObject({ outcome: 'activated', record: { override: null } });
  });

  it('never by an override of anything but its version', () => {
    const stale = newer({ version: 6, expires_at: '2024-01-15T00:00:00.001Z' });
    const override = { bundle_digest: digestOf(stale), stated_by: 'alice', reason: 'back' };
    holder.activate(ENVELOPE);
    now += 1;
    expect(holder.activate(stale, override)).toMatchObject({ reason: 'expired' });
  });

  it('and governs again after a restart, unless the log knows a newer one', () => {
    holder.activate(ENVELOPE);
    const active = holder.active();
    const last = { version: 7, bundleDigest: active?.bundleDigest ?? digestOf(ENVELOPE) };
    const options = { tenant: 'acme', keyring: KEYRING, clock: { now: () => now }, active };
    const again = createPolicyBundleHolder({ ...options, last, refusal: 'expired' });
    expect(again.active()).toBe(active);
    expect(again.standing()).toEqual({ policyVerified: true, degraded: true, reason: 'expired' });
    const behind = createPolicyBundleHolder({ ...options, last: { version: 8, bundleDigest: digestOf(sign(NEWER)) } });
    expect(behind.standing()).toEqual({ policyVerified: false, degraded: true, reason: 'behind_log' });
    expect(behind.activate(sign(NEWER)).outcome).toBe('activated');
    expect(behind.standing()).toEqual({ policyVerified: true, degraded: false, reason: null });
  });

  it('after a restart only from the version that the log knows', () => {
    const last = { version: 8, bundleDigest: digestOf(sign(NEWER)) };
    const again = createPolicyBundleHolder({ tenant: 'acme', keyring: KEYRING, clock: { now: () => now }, last });
    expect(again.activate(ENVELOPE)).toMatchObject({ reason: 'downgraded' });
    expect(again.active()).toBeNull();
    expect(again.standing()).toEqual({ policyVerified: false, degraded: true, reason: 'none_active' });
    expect(again.activate(sign(NEWER)).outcome).toBe('activated');
  });
});

describe('verifyPolicyBundle', () => {
  it('answers for no time that is none', () => {
    const options = { keyring: KEYRING, tenant: 'acme', active: null };
    for (const nowhere of [Number.NaN, 0.5]) {
      expect(() => verifyPolicyBundle(ENVELOPE, { ...options, now: nowhere })).toThrow(RangeError);
    }
  });
});

describe('the standing', () => {
  it('follows the clock: what was good expires, and is not verified before its time', () => {
    holder.activate(ENVELOPE);
    now = parseTime(GOOD.expires_at) - 1;
    expect(holder.standing()).toEqual({ policyVerified: true, degraded: false, reason: null });
    now += 1;
    expect(holder.standing()).toEqual({ policyVerified: false, degraded: true, reason: 'expired' });
    for (now of [parseTime(GOOD.issued_at) - 1, Number.NaN]) {
      expect(holder.standing()).toEqual({ policyVerified: false, degraded: true, reason: 'not_yet_valid' });
    }
    expect(() => holder.activate(ENVELOPE)).toThrow(RangeError);
  });
});

describe('signing', () => {
  const codeOf = (act: () => unknown): unknown => {
    try {
      act();
    } catch (error) {
      return error;
    }
    return undefined;
  };

  it.each([
    ['/version', { version: 0 }],
    ['/expires_at', { expires_at: ABOUT.issued_at }],
    ['/policy_digest', { policy_digest: `sha256:${'0'.repeat(64)}` as const }],
  ])('refuses a bundle with a wrong %s', (pointer, changes) => {
    const error = codeOf(() => signPolicyBundle({ ...GOOD, ...changes }, BOTH));
    expect(error).toMatchObject({ code: 'POLICY_BUNDLE_MALFORMED', pointer });
  });

  it('refuses a policy that has the name of a bound', () => {
    const set = { ...POLICY_SET, policies: { 'bounds.x': 'permit(principal, action, resource);' } };
    expect(codeOf(() => createPolicyBundle(ABOUT, set))).toMatchObject({ pointer: '/policy_set/policies' });
  });

  it('refuses a bundle that no reader would look at', () => {
    const names = Array.from({ length: Math.ceil(MAX_POLICY_BUNDLE_BYTES / 50_000) }, (_, n) => `p${n}`);
    const policies = Object.fromEntries(names.map((name) => [name, 'x'.repeat(50_000)]));
    const policy_set = { ...POLICY_SET, policies };
    const bundle = { ...GOOD, policy_set, policy_digest: digestPolicySet(policy_set) };
    const error = codeOf(() => signPolicyBundle(bundle, BOTH));
    expect(error).toMatchObject({ code: 'POLICY_BUNDLE_MALFORMED', pointer: '/policy_set' });
  });

  it('makes no bundle of a set that the engine refuses', () => {
    const set = { ...POLICY_SET, policies: { typo: 'permit(principal' } };
    expect(codeOf(() => createPolicyBundle(ABOUT, set))).toMatchObject({ code: 'POLICY_SET_REFUSED' });
  });
});
