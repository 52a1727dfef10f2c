import { canonicalizeToBytes } from '@exoarmur/canonical';
import {
  type GovernanceCode,
  type GovernancePolicy,
  governanceCodeSchema,
  verificationReportSchema,
} from '@exoarmur/contracts';
import { describe, expect, it } from 'vitest';
import {
  answer,
  coreReport,
  directory,
  entry,
  evidenceOf,
  fileWith,
  handle,
  honest,
  manifestOf,
  POLICY,
  PROOF,
  withProvider,
} from '../test/fixtures.ts';
import { describeCode } from './messages.ts';
import type { ProviderDirectory, ProviderRun } from './provider-port.ts';
import { formatGovernance } from './report-text.ts';
import { verifyGovernance } from './verify-governance.ts';

const ENTRY = entry('policy_snapshot', POLICY, true);
const SOUND = evidenceOf([ENTRY], [POLICY]);
const LARGE = { text: 'x'.repeat(1_048_577) };
const holding = (content: unknown) => ({ ...SOUND, governance_artifacts: { [ENTRY.artifact_hash]: content } });
const asks = (run: Parameters<typeof handle>[0]) => withProvider(handle(run));
const response = {
  schema: 'exoarmur.provider-response/1',
  canonical_hash: ENTRY.artifact_hash,
  valid: true,
  reason: null,
};
const lie = { ...response, canonical_hash: `sha256:${'0'.repeat(64)}` };
const off = undefined;

interface Case {
  readonly evidence?: unknown;
  /** Discovery is off unless given. */
  readonly providers?: ProviderDirectory | undefined;
  readonly policy?: GovernancePolicy;
  readonly isAltered?: boolean;
}

/**
 * One bundle for each code, and in each everything is wrong that comes after it as far as both can be at once: what is reported is
 * the first in the order of the list.
 */
const CASES: Readonly<Record<GovernanceCode, Case>> = {
  NOT_REACHED: { evidence: evidenceOf([ENTRY], []), providers: off, isAltered: true },
  MANIFEST_ABSENT: {
    evidence: { governance_artifacts: SOUND.governance_artifacts },
    policy: { schema: 'exoarmur.governance-policy/1', required_types: ['policy_snapshot'] },
  },
  MANIFEST_INVALID: { evidence: { governance_artifacts_manifest: manifestOf({ ...ENTRY, extra: 1 }, ENTRY, ENTRY) } },
  DUPLICATE_ENTRY: { evidence: { governance_artifacts_manifest: manifestOf(ENTRY, ENTRY) } },
  REQUIRED_TYPE_MISSING: {
    evidence: { ...SOUND, governance_artifacts: {} },
    policy: { schema: 'exoarmur.governance-policy/1', required_types: ['risk_assessment'] },
  },
  UNLISTED_CONTENT: { evidence: { ...SOUND, governance_artifacts: { unlisted: PROOF } } },
  CONTENT_UNAVAILABLE: { evidence: { ...SOUND, governance_artifacts: {} } },
  CONTENT_TOO_LARGE: { evidence: holding(LARGE) },
  HASH_MISMATCH: { evidence: holding(PROOF) },
  DISCOVERY_DISABLED: { providers: off },
  PROVIDER_UNAVAILABLE: { providers: directory({}) },
  PROVIDER_UNTRUSTED: { providers: directory({ policy_snapshot: { status: 'untrusted' } }) },
  PROVIDER_CONFLICT: { providers: directory({ policy_snapshot: { status: 'conflict' } }) },
  SCHEMA_VERSION_UNSUPPORTED: {
    providers: withProvider(handle(() => ({ outcome: 'crashed' }), ['policy_snapshot.v2'])),
  },
  PROVIDER_UNCONFINED: { providers: asks(() => ({ outcome: 'unconfined' })) },
  PROVIDER_LOAD_FAILED: { providers: asks(() => ({ outcome: 'load_failed' })) },
  PROVIDER_TIMEOUT: { providers: asks(() => ({ outcome: 'timed_out' })) },
  PROVIDER_CRASHED: { providers: asks(() => ({ outcome: 'crashed' })) },
  PROVIDER_NONDETERMINISTIC: { providers: asks((_request, round) => answer({ ...lie, valid: 'no', round })) },
  PROVIDER_RESPONSE_MALFORMED: { providers: asks(() => answer({ ...lie, valid: 'no' })) },
  PROVIDER_HASH_DISAGREES: { providers: asks(() => answer({ ...lie, valid: false, reason: 'digest_differs' })) },
  SEMANTIC_INVALID: { providers: asks((request) => honest(request, false)) },
  SEMANTIC_VALID: { providers: withProvider() },
};

async function verify({ evidence = SOUND, providers, policy, isAltered = false }: Case) {
  const core = isAltered ? coreReport('FAIL', 'integrity') : coreReport();
  const options = { providers, enforcement: true, ...(policy === undefined ? {} : { policy }) };
  const report = await verifyGovernance(fileWith(evidence), core, options);
  expect(verificationReportSchema.safeParse(report).error).toBeUndefined();
  return report;
}

const codeOf = async (providers: ProviderDirectory) =>
  (await verify({ providers })).governance_artifacts?.semantic_verification.results[0]?.code;

describe('codes', () => {
  it('are a closed list, and each has a bundle here', () => {
    expect(Object.keys(CASES)).toEqual(governanceCodeSchema.options);
    expect(new Set(governanceCodeSchema.options.map((code) => describeCode(code))).size).toBe(
      governanceCodeSchema.options.length,
    );
  });

  it.each(Object.entries(CASES))('%s is reported, and comes before all that is wrong besides', async (code, asked) => {
    const { governance_artifacts: found, governance_enforcement: enforcement, verify_verdict } = await verify(asked);
    const results = found?.semantic_verification.results.map((result) => result.code) ?? [];
    const failures = enforcement?.failures.map((failure) => failure.code) ?? [];
    const isOfTheWhole = ['MANIFEST_ABSENT', 'MANIFEST_INVALID', 'DUPLICATE_ENTRY', 'REQUIRED_TYPE_MISSING'];
    if ([...isOfTheWhole, 'UNLISTED_CONTENT'].includes(code)) expect(failures[0]).toBe(code);
    else expect(results).toEqual([code]);
    expect(verify_verdict).toBe(code === 'SEMANTIC_VALID' ? 'PASS' : 'FAIL');
    expect(failures.length === 0).toBe(code === 'SEMANTIC_VALID');
  });
});

describe('an answer', () => {
  it.each<[string, Parameters<typeof handle>[0]]>([
    ['of bytes that are no text', () => ({ outcome: 'answered', bytes: new Uint8Array([255]) })],
    ['of nothing', () => ({ outcome: 'answered', bytes: new Uint8Array() })],
    ['with a member too many', () => answer({ ...response, note: 'more' })],
    ['with a text for a boolean', () => answer({ ...response, valid: 'true' })],
    ['with a reason although valid', () => answer({ ...response, reason: 'but_valid' })],
    ['without a reason although not', () => answer({ ...response, valid: false })],
    ['with a reason that is a sentence', () => answer({ ...response, valid: false, reason: 'Key: hunter2' })],
    ['of another schema', () => answer({ ...response, schema: 'exoarmur.provider-response/2' })],
    [
      'in another spelling',
      () => ({ outcome: 'answered', bytes: new TextEncoder().encode(JSON.stringify(response, null, 1)) }),
    ],
    ['twice', () => ({ outcome: 'answered', bytes: canonicalizeToBytes([response, response]) })],
    [
      'that is too large',
      () => ({ outcome: 'answered', bytes: canonicalizeToBytes({ ...response, note: 'x'.repeat(65_536) }) }),
    ],
  ])('%s is none', async (_what, run) => {
    expect(await codeOf(asks(run))).toBe('PROVIDER_RESPONSE_MALFORMED');
  });

  it('of a provider that throws is none', async () => {
    const throws = asks(() => {
      throw new Error('out');
    });
    expect(await codeOf(throws)).toBe('PROVIDER_CRASHED');
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a text', 'answered'],
    ['no outcome', {}],
    ['an outcome that there is not', { outcome: 'toString' }],
    ['an answer without bytes', { outcome: 'answered' }],
    ['a text for bytes', { outcome: 'answered', bytes: 'x' }],
  ])('is none when the runtime says %s', async (_what, run) => {
    expect(await codeOf(asks(() => run as ProviderRun))).toBe('PROVIDER_RESPONSE_MALFORMED');
  });

  it('is none when what the runtime says throws when it is looked at', async () => {
    const bytes = new Proxy(new Uint8Array(1), {});
    expect(await codeOf(asks(() => ({ outcome: 'answered', bytes })))).toBe('PROVIDER_CRASHED');
  });

  it('has to come the second time, too, and be the same', async () => {
    const changes = asks((request, round) => honest(request, round === 0));
    expect(await codeOf(changes)).toBe('PROVIDER_NONDETERMINISTIC');
    const goes = asks((request, round) => (round === 0 ? honest(request) : { outcome: 'crashed' }));
    expect(await codeOf(goes)).toBe('PROVIDER_NONDETERMINISTIC');
  });

  it('to bytes that the run before it changed is not possible', async () => {
    const seen: number[] = [];
    await verify({
      providers: asks((request) => {
        seen.push(request[0] ?? 0);
        request.fill(0);
        return { outcome: 'answered', bytes: request };
      }),
    });
    expect(seen).toEqual([0x7b, 0x7b]);
  });

  it('puts nothing into the text of a report but its reason', async () => {
    const text = formatGovernance(await verify({ providers: asks((request) => honest(request, false)) }));
    expect(text).toContain('SEMANTIC_INVALID  (provider 0.1.0)');
    expect(text).toContain('The provider found the artifact invalid: digest_differs');
    expect(text).toContain('Enforcement: FAIL, 0 of 1 required satisfied, core verdict PASS');
  });
});

describe('content', () => {
  it.each([
    ['a list', [1]],
    ['a text', 'POLICY'],
    ['null', null],
  ])('that is %s is another than the one named', async (_what, content) => {
    const report = await verify({ evidence: holding(content), providers: withProvider() });
    expect(report.governance_artifacts?.semantic_verification.results[0]).toMatchObject({
      code: 'HASH_MISMATCH',
      content_available: true,
      hash_matches: false,
    });
  });

  it('in a container that is no object is not there', async () => {
    const report = await verify({ evidence: { ...SOUND, governance_artifacts: [POLICY] }, providers: withProvider() });
    expect(report.governance_artifacts?.semantic_verification.results[0]?.code).toBe('CONTENT_UNAVAILABLE');
  });

  it('of the largest size is read', async () => {
    const artifact = { text: 'x'.repeat(1_048_576 - '{"text":""}'.length) };
    const fits = entry('policy_snapshot', artifact, true);
    const { verify_verdict } = await verify({ evidence: evidenceOf([fits], [artifact]), providers: withProvider() });
    expect(verify_verdict).toBe('PASS');
  });
});
