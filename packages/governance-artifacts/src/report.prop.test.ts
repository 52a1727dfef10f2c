import { canonicalize } from '@exoarmur/canonical';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { coreReport, directory, entry, evidenceOf, fileWith, handle, honest } from '../test/fixtures.ts';
import type { ProviderListing } from './provider-port.ts';
import { verifyGovernance } from './verify-governance.ts';

const types = ['policy_snapshot', 'risk_assessment', 'tool_invocation_proof'];

const artifactDraft = fc.record({
  type: fc.constantFrom(...types),
  artifact: fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.integer()),
  required: fc.boolean(),
  state: fc.constantFrom('embedded', 'missing', 'altered'),
});

const listing = fc
  .constantFrom('valid', 'invalid', 'crashes', 'untrusted', 'conflict', 'unavailable')
  .map((kind): ProviderListing => {
    const provider = (run: Parameters<typeof handle>[0]): ProviderListing => ({
      status: 'available',
      provider: handle(
        run,
        types.map((type) => `${type}.v1`),
      ),
    });
    if (kind === 'valid') return provider((request) => honest(request));
    if (kind === 'invalid') return provider((request) => honest(request, false));
    if (kind === 'crashes') return provider(() => ({ outcome: 'crashed' }));
    return { status: kind as 'untrusted' | 'conflict' | 'unavailable' };
  });

const world = fc.record({
  drafts: fc.uniqueArray(artifactDraft, {
    maxLength: 5,
    selector: ({ type, artifact }) => `${type} ${canonicalize(artifact)}`,
  }),
  listings: fc.tuple(listing, listing, listing),
  isDiscovering: fc.boolean(),
  enforcement: fc.boolean(),
  core: fc.constantFrom('PASS' as const, 'FAIL' as const),
  required: fc.subarray(types),
});

function questionOf(
  { drafts, listings, isDiscovering, enforcement, required }: typeof world extends fc.Arbitrary<infer T> ? T : never,
  reverse = false,
) {
  const entries = drafts.map(({ type, artifact, required: is }) => entry(type, artifact, is));
  const contents = drafts.map(({ artifact, state }) => (state === 'embedded' ? artifact : { ...artifact, altered: 1 }));
  const evidence = evidenceOf(entries, contents);
  const missing = drafts.flatMap(({ state }, i) => (state === 'missing' ? [entries[i]?.artifact_hash] : []));
  evidence.governance_artifacts = Object.fromEntries(
    Object.entries(evidence.governance_artifacts).filter(([key]) => !missing.includes(key as `sha256:${string}`)),
  );
  const pairs = types.map((type, i) => [type, listings[i] as ProviderListing] as const);
  const byType = Object.fromEntries(reverse ? [...pairs].reverse() : pairs);
  return {
    bytes: fileWith(evidence),
    options: {
      enforcement,
      providers: isDiscovering ? { ...directory(byType), providers: [] } : undefined,
      policy: { schema: 'exoarmur.governance-policy/1' as const, required_types: required },
    },
  };
}

describe('reports', () => {
  it('keep the identities between their counts', async () => {
    await fc.assert(
      fc.asyncProperty(world, async (drawn) => {
        const { bytes, options } = questionOf(drawn);
        const report = await verifyGovernance(bytes, coreReport(drawn.core), options);
        const found = report.governance_artifacts;
        const enforcement = report.governance_enforcement;
        if (found === undefined || enforcement === undefined) throw new Error('asked and not answered');
        const semantic = found.semantic_verification;
        expect(semantic.total).toBe(semantic.verified + semantic.unavailable);
        expect(semantic.verified).toBe(semantic.valid + semantic.invalid);
        expect([found.artifact_count, semantic.results.length]).toEqual([semantic.total, semantic.total]);
        expect(found.required_count + found.optional_count).toBe(found.artifact_count);
        expect(Object.keys(found.provider_availability).sort()).toEqual(found.artifact_types);
        expect(found.artifact_types).toEqual([...new Set(found.artifact_types)].sort());
        expect(enforcement.required_satisfied).toBeLessThanOrEqual(enforcement.required_total);
        expect(enforcement.outcome === 'FAIL').toBe(enforcement.failures.length > 0);
      }),
    );
  });

  it('never turn a failed core into a pass, and change no verdict while enforcement is off', async () => {
    await fc.assert(
      fc.asyncProperty(world, async (drawn) => {
        const { bytes, options } = questionOf(drawn);
        const report = await verifyGovernance(bytes, coreReport(drawn.core), options);
        if (drawn.core === 'FAIL') expect(report.verify_verdict).toBe('FAIL');
        if (!drawn.enforcement) expect(report.verify_verdict).toBe(drawn.core);
        const others = ({ checks }: typeof report) => checks.filter(({ name }) => name !== 'governance');
        expect(others(report)).toEqual(others(coreReport(drawn.core)));
      }),
    );
  });

  it('are the same bytes in every run and whatever the order of the providers', async () => {
    await fc.assert(
      fc.asyncProperty(world, async (drawn) => {
        const run = async (reverse: boolean) => {
          const { bytes, options } = questionOf(drawn, reverse);
          return canonicalize(await verifyGovernance(bytes, coreReport(drawn.core), options));
        };
        expect(new Set([await run(false), await run(false), await run(true)]).size).toBe(1);
      }),
      { numRuns: 50 },
    );
  });

  it('judge any evidence at all without a fault', async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue({ maxDepth: 4, noUnicodeString: true } as object), async (evidence) => {
        const clean = JSON.parse(JSON.stringify(evidence, (_key, value) => (typeof value === 'number' ? 1 : value)));
        for (const value of [clean, { governance_artifacts_manifest: clean, governance_artifacts: clean }]) {
          const options = { providers: directory({}), enforcement: true };
          const report = await verifyGovernance(fileWith(value), coreReport(), options);
          expect(report.governance_artifacts?.valid_manifest).toBe(false);
        }
      }),
    );
  });
});
