import { decodeBase64, parseJson, signEnvelope } from '@exoarmur/canonical';
import { createCedarEvaluator } from '@exoarmur/policy';
import { describe, expect, it } from 'vitest';
import { encodeBundle, signerOf } from '../test/bundle-fixture.ts';
import { runRealAction } from '../test/real-bundle.ts';
import type { Loose } from '../test/tampering.ts';
import { describeBundle, verifyBundle } from './index.ts';

const evaluator = createCedarEvaluator();
const open = (bytes: Uint8Array): Loose => JSON.parse(JSON.stringify(parseJson(bytes)));
const statementOf = (bundle: Loose): Loose => open(decodeBase64(bundle.statement.payload));

/** The bundle with another statement, signed by the boundary itself. */
function restate(bundle: Loose, change: (predicate: Loose) => void): Uint8Array {
  const statement = statementOf(bundle);
  change(statement.predicate);
  const payload = encodeBundle(statement).slice(0, -1);
  const payloadType = bundle.statement.payloadType;
  return encodeBundle({ ...bundle, statement: signEnvelope({ payloadType, payload, signers: [signerOf(1)] }) });
}

const codesOf = async (bytes: Uint8Array) =>
  (await verifyBundle(bytes, { evaluator })).checks.flatMap(({ name, divergences }) =>
    divergences.map(({ code }) => `${name} ${code}`),
  );

describe('a bundle of an ambiguous action', () => {
  it.each(['ambiguous', 'resolved'] as const)('verifies, decision included, when it is %s', async (kind) => {
    const bytes = await runRealAction(kind);
    const report = await verifyBundle(bytes, { evaluator });
    expect(report.verify_verdict).toBe('PASS');
    expect(report.bundle.outcome).toBe('ambiguous');
    expect(statementOf(open(bytes)).predicate.resolution).toBe(kind === 'resolved' ? 'happened' : undefined);
  });

  it('tells a person what was found out, and that nobody checked whose signature it is', async () => {
    const bytes = await runRealAction('resolved');
    expect(describeBundle(bytes)).toMatch(/ambiguity_resolved {2}by human owner\n {3}finding +happened/);
    expect((await verifyBundle(bytes)).limitations).toContain('approver_keys_not_verified');
    expect((await verifyBundle(await runRealAction('ambiguous'))).limitations).not.toContain(
      'approver_keys_not_verified',
    );
  });

  it('fails when the statement says something else about it', async () => {
    const resolved = open(await runRealAction('resolved'));
    const ambiguous = open(await runRealAction('ambiguous'));
    const lies = [
      restate(resolved, (predicate) => {
        predicate.resolution = 'did_not_happen';
      }),
      restate(resolved, (predicate) => {
        delete predicate.resolution;
      }),
      restate(ambiguous, (predicate) => {
        predicate.resolution = 'happened';
      }),
    ];
    for (const lie of lies) expect(await codesOf(lie)).toEqual(['integrity statement_resolution_mismatch']);
  });

  it('is unverifiable in its life, and complete, when the resolution is withheld', async () => {
    const bundle = open(await runRealAction('resolved'));
    delete bundle.payloads[bundle.records.at(-1).payload.digest];
    expect(await codesOf(encodeBundle(bundle))).toEqual(['lifecycle payload_withheld']);
  });

  it('has nothing else after its end', async () => {
    const bundle = open(await runRealAction('resolved'));
    const [records, proofs] = [bundle.records, bundle.log.proofs];
    records.push({ ...records.at(-1), seq: records.length });
    proofs.push({ ...proofs.at(-1) });
    expect(await codesOf(encodeBundle(bundle))).toContain('completeness record_after_close');
    const executed = open(await runRealAction('allowed'));
    executed.records.push({ ...bundle.records[6], seq: 6, stream: executed.records[0].stream });
    executed.log.proofs.push({ ...executed.log.proofs.at(-1) });
    expect(await codesOf(encodeBundle(executed))).toContain('lifecycle kind_out_of_order');
  });
});
