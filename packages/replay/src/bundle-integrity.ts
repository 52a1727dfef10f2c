import { commitPayload, digestValue, joinPointer, verifyInclusion } from '@exoarmur/canonical';
import { ARTIFACTS_DIGEST_DOMAIN, POLICY_SET_DIGEST_DOMAIN } from '@exoarmur/contracts';
import type { Check } from './check.ts';
import { type ParsedBundle, payloadPointer } from './parsed-bundle.ts';

/**
 * Was anything altered: payload commitments, the chain of the stream, inclusion of every record under the checkpoint,
 * policy and artifact digests. Says nothing about who signed and whether something is missing.
 */
export function checkHashes(parsed: ParsedBundle, check: Check): void {
  checkCommitments(parsed, check);
  checkChain(parsed, check);
  checkInclusion(parsed, check);
  checkPolicies(parsed, check);
  checkArtifacts(parsed, check);
}

function checkCommitments({ records }: ParsedBundle, check: Check): void {
  records.forEach(({ record, payload }, index) => {
    if (payload === undefined) return;
    const pointer = payloadPointer(record);
    const commitment = commitPayload(payload.salt, payload.value);
    if (commitment !== record.payload.digest) {
      const [expected, found] = [record.payload.digest, commitment];
      check.fail('payload_commitment_mismatch', { pointer, record: index, expected, found });
    }
    if (payload.size !== record.payload.size) {
      const [expected, found] = [record.payload.size, payload.size];
      check.fail('payload_size_mismatch', { pointer, record: index, expected, found });
    }
  });
}

function checkChain({ records }: ParsedBundle, check: Check): void {
  records.forEach(({ record }, index) => {
    const expected = records[index - 1]?.leafDigest ?? null;
    if (record.prev !== expected) {
      check.fail('chain_broken', { pointer: `/records/${index}/prev`, record: index, expected, found: record.prev });
    }
  });
}

function checkInclusion({ proofs, records, checkpoint }: ParsedBundle, check: Check): void {
  const { size, root } = checkpoint;
  let previous = -1;
  records.forEach(({ leafHash }, record) => {
    const pointer = `/log/proofs/${record}`;
    const proof = proofs[record];
    if (proof === undefined) return;
    // A log appends a stream in its order, and no two records share a place.
    if (proof.index <= previous) {
      check.fail('proof_order', { pointer: `${pointer}/index`, record, expected: `> ${previous}`, found: proof.index });
    }
    previous = proof.index;
    const verdict = verifyInclusion({ ...proof, size, leafHash, root });
    if (verdict.outcome === 'invalid') check.fail('inclusion_failed', { pointer, record, found: verdict.reason });
  });
}

function checkPolicies({ bundle }: ParsedBundle, check: Check): void {
  for (const [expected, policySet] of Object.entries(bundle.policies)) {
    const found = digestValue(POLICY_SET_DIGEST_DOMAIN, policySet);
    if (found !== expected)
      check.fail('policy_digest_mismatch', { pointer: joinPointer('/policies', expected), expected, found });
  }
}

function checkArtifacts({ bundle, statement }: ParsedBundle, check: Check): void {
  const expected = statement.predicate.governance_evidence_digest;
  if (bundle.artifacts === undefined) {
    if (expected !== null) check.fail('artifacts_missing', { pointer: '/artifacts', expected });
    return;
  }
  const found = digestValue(ARTIFACTS_DIGEST_DOMAIN, bundle.artifacts);
  if (found !== expected) check.fail('artifacts_digest_mismatch', { pointer: '/artifacts', expected, found });
}
