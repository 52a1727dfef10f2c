import {
  encodeHex,
  equalBytes,
  type NoteSignature,
  type VerifierKey,
  verifyCheckpoint,
  verifyEnvelope,
} from '@exoarmur/canonical';
import type { Check } from './check.ts';
import { isSigningKey, type ParsedBundle } from './parsed-bundle.ts';

/**
 * Do the signatures of the statement and the checkpoint hold under the keys that the bundle itself names. Anybody can make
 * such a key, so this is part of integrity and no answer to who signed. Every signature in the file has to be one of
 * them and has to verify: what nobody can check could be changed unseen.
 */
export function checkSignatures(parsed: ParsedBundle, check: Check): void {
  checkCheckpointSignatures(parsed, check);
  checkStatementSignatures(parsed, check);
}

function checkCheckpointSignatures({ bundle, note, checkpoint, vkeys }: ParsedBundle, check: Check): void {
  const pointer = '/log/checkpoint';
  note.signatures.forEach((line, index) => {
    if (!vkeys.some((key) => isSignedBy(line, key)))
      check.fail('checkpoint_signature_unknown', { pointer, found: line.name });
    const isRepeated = note.signatures.some(
      (other, at) => at < index && other.name === line.name && equalBytes(other.keyId, line.keyId),
    );
    if (isRepeated) check.fail('checkpoint_signature_duplicate', { pointer, found: line.name });
  });
  const verdict = verifyCheckpoint(bundle.log.checkpoint, vkeys);
  if (verdict.outcome === 'invalid') {
    const [{ reason }] = verdict.failures;
    check.fail('checkpoint_signature_invalid', { pointer, expected: checkpoint.origin, found: reason });
  }
}

function isSignedBy(line: NoteSignature, key: VerifierKey): boolean {
  return line.name === key.name && equalBytes(line.keyId, key.keyId);
}

function checkStatementSignatures({ bundle, checkpoint, vkeys }: ParsedBundle, check: Check): void {
  const keys = vkeys.filter(isSigningKey);
  const seen = new Set<string>();
  bundle.statement.signatures.forEach((signature, index) => {
    const pointer = `/statement/signatures/${index}`;
    const key = keys.find((candidate) => encodeHex(candidate.keyId) === signature.keyid);
    if (key === undefined) {
      check.fail('statement_signature_unknown', { pointer: `${pointer}/keyid`, found: signature.keyid });
      return;
    }
    if (seen.has(signature.keyid)) check.fail('statement_signature_duplicate', { pointer, found: signature.keyid });
    seen.add(signature.keyid);
    const envelope = { ...bundle.statement, signatures: [signature] };
    if (verifyEnvelope(envelope, { keys: [key], threshold: 1 }).outcome === 'invalid') {
      check.fail('statement_signature_invalid', { pointer: `${pointer}/sig`, found: signature.keyid });
    }
  });
  // One key speaks for the boundary and for its log, under the name of the log.
  const boundary = keys[0];
  if (boundary !== undefined && boundary.name !== checkpoint.origin) {
    const [expected, found] = [checkpoint.origin, boundary.name];
    check.fail('origin_mismatch', { pointer: '/log/vkeys', expected, found });
  }
}
