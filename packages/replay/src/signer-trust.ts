import { isQuorumMet, type TrustPolicy, type VerifierKey, verifyCheckpoint, verifyEnvelope } from '@exoarmur/canonical';
import type { Check } from './check.ts';
import type { ParsedBundle } from './parsed-bundle.ts';

/**
 * Who vouches for it: a key that the verifier brought, named like the log, signed both the checkpoint and the statement.
 * The keys inside the bundle play no part.
 */
export function checkSigner(parsed: ParsedBundle, policy: TrustPolicy | undefined, check: Check): void {
  if (policy === undefined) {
    check.gap('no_trusted_key');
    return;
  }
  const { bundle, checkpoint, vkeys } = parsed;
  const trusted = policy.logs.map((log) => log.key).filter((key) => key.name === checkpoint.origin);
  const signer = trusted.find((key) => isSignedBy(parsed, key));
  if (signer !== undefined) return;
  const expected = policy.logs.map((log) => log.key.name).join(' ');
  const found = vkeys.map((_, index) => bundle.log.vkeys[index]).join(' ');
  check.fail('signer_untrusted', { pointer: '/log/vkeys', expected, found });
}

function isSignedBy({ bundle }: ParsedBundle, key: VerifierKey): boolean {
  if (verifyCheckpoint(bundle.log.checkpoint, [key]).outcome === 'invalid') return false;
  return verifyEnvelope(bundle.statement, { keys: [key], threshold: 1 }).outcome === 'valid';
}

/** Did enough witnesses of the verifier's own choice see this checkpoint. */
export function checkWitnesses(parsed: ParsedBundle, policy: TrustPolicy | undefined, check: Check): void {
  if (policy === undefined || policy.quorum === 'none') {
    check.gap('no_witness_quorum');
    return;
  }
  const { bundle, checkpoint } = parsed;
  const logKeys = policy.logs.map((log) => log.key).filter((key) => key.name === checkpoint.origin);
  const witnesses = policy.witnesses.map((witness) => witness.key);
  const verdict = verifyCheckpoint(bundle.log.checkpoint, [...logKeys, ...witnesses]);
  // SECURITY: only a cosignature speaks for a witness; the log's own signature never counts, whatever keys the policy names.
  const signatures = verdict.outcome === 'valid' ? verdict.signatures : [];
  const cosigners = signatures.filter(({ timestamp }) => timestamp !== undefined).map(({ key }) => key);
  if (isQuorumMet(policy, cosigners)) return;
  const [expected, found] = [policy.quorum, `${cosigners.length} of ${witnesses.length} witnesses`];
  check.fail('quorum_not_met', { pointer: '/log/checkpoint', expected, found });
}
