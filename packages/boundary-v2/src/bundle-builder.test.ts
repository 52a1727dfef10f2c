import { digestValue, parseCanonicalJson, parseVerifierKey, verifyEnvelope } from '@exoarmur/canonical';
import {
  ARTIFACTS_DIGEST_DOMAIN,
  type JsonObject,
  type ProofBundle,
  proofBundleSchema,
  type StreamEvidence,
  statementSchema,
} from '@exoarmur/contracts';
import { describe, expect, it } from 'vitest';
import { BOUNDARY_SIGNER, createIntent, createTestBoundary, createTrap } from '../test/boundary.ts';
import { attachArtifacts, buildBundle, digestBundle } from './index.ts';

function read(bytes: Uint8Array): ProofBundle {
  expect(bytes.at(-1)).toBe(0x0a);
  return proofBundleSchema.parse(parseCanonicalJson(bytes.subarray(0, -1)));
}

function readStatement(bundle: ProofBundle) {
  const verdict = verifyEnvelope(bundle.statement, { keys: [parseVerifierKey(BOUNDARY_SIGNER.vkey)], threshold: 1 });
  if (verdict.outcome === 'invalid') throw new Error(verdict.failures[0].reason);
  return statementSchema.parse(parseCanonicalJson(verdict.payload));
}

async function createSources(change: Parameters<typeof createIntent>[0] = {}) {
  const { pipeline, options, log } = createTestBoundary();
  const result = await pipeline.execute(createIntent(change));
  const { policyDigest, policySet, engine } = options.decisionPoint;
  const evidence = await log.collect('intent-1');
  const policySets = new Map([[policyDigest, policySet]]);
  return { result, sources: { evidence, policySets, inForce: { policyDigest, engine }, signer: BOUNDARY_SIGNER } };
}

/** Evidence in which the payload of one record is another one; commitments are as they were. */
function withPayload(evidence: StreamEvidence, index: number, payload: object | undefined): StreamEvidence {
  const payloads = new Map(evidence.payloads);
  const digest = evidence.records[index]?.payload.digest ?? `sha256:${'0'.repeat(64)}`;
  const known = payloads.get(digest);
  if (payload === undefined) payloads.delete(digest);
  else payloads.set(digest, { salt: known?.salt ?? '', value: { ...known?.value, ...payload } });
  return { ...evidence, payloads };
}

describe('buildBundle', () => {
  it('says so, with its own code, when artifacts nest too deep for a bundle', async () => {
    const { sources } = await createSources();
    const artifacts = JSON.parse(`${'{"a":'.repeat(64)}1${'}'.repeat(64)}`);
    await expect(buildBundle({ ...sources, artifacts })).rejects.toMatchObject({
      ...{ name: 'BoundaryError', code: 'BOUNDARY_EVIDENCE_UNLAWFUL' },
      cause: { code: 'CANONICAL_JSON_TOO_DEEP' },
    });
  });

  it('states what the records say of an executed action', async () => {
    const { result, sources } = await createSources();
    const bundle = read(await buildBundle(sources));
    expect(bundle.records.map(({ kind }) => kind)).toHaveLength(6);
    expect(Object.keys(bundle.payloads)).toHaveLength(6);
    expect(bundle.policies).toEqual({ [sources.inForce.policyDigest]: sources.policySets.values().next().value });
    expect(bundle.log.vkeys).toEqual([BOUNDARY_SIGNER.vkey]);
    const { subject, predicate } = readStatement(bundle);
    expect(subject).toEqual([{ name: 'intent-1', digest: { sha256: result.intentDigest.slice(7) } }]);
    expect(predicate).toMatchObject({
      ...{ tenant: 'demo', cell: 'demo', stream: 'intent-1', record_count: 6 },
      ...{ final_verdict: 'allow', outcome: 'succeeded', governance_evidence_digest: null },
      policy_digest: sources.inForce.policyDigest,
      engine_digest: sources.inForce.engine.digest,
    });
  });

  it.each([
    ['a denied action', { target: '/data/locked/x' }, { final_verdict: 'deny', outcome: null, record_count: 3 }],
    [
      'a waiting action',
      { target: '/data/ask/x' },
      { final_verdict: 'require_approval', outcome: null, record_count: 3 },
    ],
  ])('states what the records say of %s', async (_, change, expected) => {
    const { sources } = await createSources(change);
    expect(readStatement(read(await buildBundle(sources))).predicate).toMatchObject(expected);
  });

  it('names the policy set in force for an action that was never decided', async () => {
    const { pipeline } = createTestBoundary();
    const result = await pipeline.execute(createIntent(), { signal: AbortSignal.abort() });
    const bundle = read(await result.bundle());
    expect(readStatement(bundle).predicate).toMatchObject({ final_verdict: 'deny', record_count: 2 });
    expect(bundle.policies).toEqual({});
  });

  it('gives the same bytes for the same sources, and others for another clock', async () => {
    const [one, two] = [(await createSources()).sources, (await createSources()).sources];
    expect(digestBundle(await buildBundle(one))).toBe(digestBundle(await buildBundle(two)));
    const { pipeline, clock } = createTestBoundary();
    clock.nowMs += 1;
    const later = await (await pipeline.execute(createIntent())).bundle();
    expect(digestBundle(later)).not.toBe(digestBundle(await buildBundle(one)));
  });

  it('withholds what it is told to, and keeps the commitment', async () => {
    const { result, sources } = await createSources();
    const bundle = read(await result.bundle({ disclose: ({ kind }) => kind !== 'intent_received' }));
    expect(bundle.records).toEqual(sources.evidence.records);
    expect(Object.keys(bundle.payloads)).toHaveLength(5);
    const nothing = read(await result.bundle({ disclose: () => false }));
    expect([nothing.payloads, nothing.policies]).toEqual([{}, {}]);
    expect(readStatement(nothing)).toEqual(readStatement(read(await result.bundle())));
  });

  it.each<[string, () => unknown]>([
    ['later', async () => true],
    ['1', () => 1],
    ['text', () => 'yes'],
    ['nothing', () => undefined],
  ])('withholds what it is told to disclose by %s', async (_, answer) => {
    const { result } = await createSources();
    const bundle = read(await result.bundle({ disclose: answer as () => boolean }));
    expect([bundle.payloads, bundle.policies]).toEqual([{}, {}]);
  });

  it.each<[string, () => unknown]>([
    ['throw when they are read', () => createTrap()],
    ['hold what does', () => ({ manifest: createTrap() })],
    ['are null', () => null],
    ['are a list', () => [{}]],
    ['have no canonical form', () => ({ manifest: { n: -0 } })],
  ])('embeds no artifacts that %s', async (_, make) => {
    const { sources } = await createSources();
    const artifacts = make() as JsonObject;
    const unlawful = { code: 'BOUNDARY_EVIDENCE_UNLAWFUL' };
    await expect(buildBundle({ ...sources, artifacts })).rejects.toMatchObject(unlawful);
    const bundle = await buildBundle(sources);
    await expect(attachArtifacts({ bundle, artifacts, signer: BOUNDARY_SIGNER })).rejects.toMatchObject(unlawful);
  });

  it('binds artifacts by their digest', async () => {
    const { sources } = await createSources();
    const artifacts = { manifest: { a: 1 } };
    const bundle = read(await buildBundle({ ...sources, artifacts }));
    expect(bundle.artifacts).toEqual(artifacts);
    const { predicate } = readStatement(bundle);
    expect(predicate.governance_evidence_digest).toBe(digestValue(ARTIFACTS_DIGEST_DOMAIN, artifacts));
  });

  it('vouches for no records that contradict each other or their payloads', async () => {
    const { sources } = await createSources();
    const { evidence } = sources;
    const unlawful = { code: 'BOUNDARY_EVIDENCE_UNLAWFUL' };
    for (const [broken, pointer] of [
      [withPayload(evidence, 1, { verdict: 'deny' }), '/records/1/payload'],
      [{ ...evidence, records: evidence.records.filter(({ seq }) => seq !== 3) }, '/records/3'],
      [{ ...evidence, records: [...evidence.records].reverse() }, '/records/0'],
    ] as const) {
      await expect(buildBundle({ ...sources, evidence: broken })).rejects.toMatchObject({ ...unlawful, pointer });
    }
  });

  it('vouches for nothing it cannot read', async () => {
    const { sources } = await createSources();
    const { evidence } = sources;
    const incomplete = { code: 'BOUNDARY_EVIDENCE_INCOMPLETE' };
    for (const broken of [
      withPayload(evidence, 1, undefined),
      withPayload(evidence, 5, undefined),
      { ...evidence, payloads: new Map() },
      { ...evidence, records: evidence.records.slice(0, 1) },
      { ...evidence, records: [] },
    ]) {
      await expect(buildBundle({ ...sources, evidence: broken })).rejects.toMatchObject(incomplete);
    }
  });

  it('still states an action whose intent was erased, from what the other records say', async () => {
    const { result, sources } = await createSources();
    const evidence = withPayload(sources.evidence, 0, undefined);
    const { subject } = readStatement(read(await buildBundle({ ...sources, evidence })));
    expect(subject[0]?.digest.sha256).toBe(result.intentDigest.slice(7));
  });

  it('builds nothing above the size limit', async () => {
    const { sources } = await createSources();
    const artifacts = { x: 'x'.repeat(16_777_216) };
    await expect(buildBundle({ ...sources, artifacts })).rejects.toMatchObject({ code: 'BOUNDARY_BUNDLE_TOO_LARGE' });
  });

  it('signs with a key that answers later', async () => {
    const { sources } = await createSources();
    const { name, publicKey } = BOUNDARY_SIGNER;
    const signer = { name, publicKey, sign: async (message: Uint8Array) => BOUNDARY_SIGNER.sign(message) };
    expect(await buildBundle({ ...sources, signer })).toEqual(await buildBundle(sources));
  });

  it('names both keys when the log has one of its own', async () => {
    const { sources } = await createSources();
    const evidence = { ...sources.evidence, vkey: 'log+key' };
    const bundle = read(await buildBundle({ ...sources, evidence }));
    expect(bundle.log.vkeys).toEqual([BOUNDARY_SIGNER.vkey, 'log+key']);
  });
});
