import {
  CanonicalError,
  type Checkpoint,
  canonicalizeToBytes,
  decodeBase64,
  equalBytes,
  formatDigest,
  hashLeaf,
  type JsonObject,
  joinPointer,
  type Note,
  parseCanonicalJson,
  parseCheckpoint,
  parseNote,
  parseVerifierKey,
  type VerifierKey,
} from '@exoarmur/canonical';
import {
  MAX_BUNDLE_BYTES,
  type ProofBundle,
  proofBundleSchema,
  STATEMENT_PAYLOAD_TYPE,
  type Statement,
  statementSchema,
} from '@exoarmur/contracts';
import type { Check } from './check.ts';
import type { VerificationCode } from './codes.ts';
import { type BundleRecord, isSigningKey, type ParsedBundle, textMember } from './parsed-bundle.ts';
import { firstIssue } from './shape-issue.ts';

const NEWLINE = 0x0a;

/** Reads the file as the canonical bytes of one JSON object and a final newline; tells the check why it is neither. */
export function readBundleFile(bytes: Uint8Array, check: Check): JsonObject | undefined {
  if (bytes.length > MAX_BUNDLE_BYTES) {
    check.fail('bundle_too_large', { expected: MAX_BUNDLE_BYTES, found: bytes.length });
    return undefined;
  }
  if (bytes.at(-1) !== NEWLINE) {
    check.fail('final_newline_missing');
    return undefined;
  }
  const value = attempt(() => parseCanonicalJson(bytes.subarray(0, -1), { maxBytes: MAX_BUNDLE_BYTES }));
  if (value instanceof CanonicalError) {
    check.fail('not_canonical', { pointer: value.pointer ?? '', found: value.code });
    return undefined;
  }
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? (value as JsonObject) : undefined;
}

/**
 * Parses a bundle file that names the media type of bundle 3: strict shape, limits, nothing the records and the
 * statement do not refer to. Undefined when the check failed.
 */
export function parseBundle(file: JsonObject, check: Check): ParsedBundle | undefined {
  const shape = proofBundleSchema.safeParse(file);
  if (!shape.success) {
    check.fail('shape_invalid', firstIssue(shape.error.issues));
    return undefined;
  }
  // The original travels on, not what the schema made of it: that could have lost a member named `__proto__`.
  const bundle = file as unknown as ProofBundle;
  if (bundle.log.proofs.length !== bundle.records.length) {
    const [expected, found] = [bundle.records.length, bundle.log.proofs.length];
    check.fail('proof_count_mismatch', { pointer: '/log/proofs', expected, found });
  }
  const records = bundle.records.map((record) => readRecord(bundle, record, check));
  const proofs = bundle.log.proofs.map(({ index, path }, record) => ({
    index,
    path: path.map((hash, step) => readBase64(hash, `/log/proofs/${record}/path/${step}`, check)),
  }));
  const statement = readStatement(bundle, check);
  const note = attempt(() => parseNote(bundle.log.checkpoint));
  const checkpoint = note instanceof CanonicalError ? note : attempt(() => parseCheckpoint(note.text));
  if (checkpoint instanceof CanonicalError) {
    check.fail('checkpoint_malformed', { pointer: '/log/checkpoint', found: checkpoint.code });
  }
  const vkeys = readKeys(bundle.log.vkeys, check);
  if (check.hasFailed || statement === undefined || vkeys === undefined) return undefined;
  const parsed: ParsedBundle = {
    bundle,
    records,
    proofs,
    statement,
    note: note as Note,
    checkpoint: checkpoint as Checkpoint,
    vkeys,
  };
  refuseUnreferenced(parsed, check);
  return check.hasFailed ? undefined : parsed;
}

// The schema bounds every member of a record, and a payload's size is bounded in its record: both stay within the limits.
function readRecord(bundle: ProofBundle, record: ProofBundle['records'][number], check: Check): BundleRecord {
  const bytes = canonicalizeToBytes(record);
  const { digest } = record.payload;
  const disclosed = Object.hasOwn(bundle.payloads, digest) ? bundle.payloads[digest] : undefined;
  const payload = disclosed && {
    salt: readSalt(disclosed.salt, `/payloads/${digest}/salt`, check),
    value: disclosed.value,
    size: canonicalizeToBytes(disclosed.value).length,
  };
  const leafHash = hashLeaf(bytes);
  return { record, leafHash, leafDigest: formatDigest(leafHash), payload };
}

function readStatement(bundle: ProofBundle, check: Check): Statement | undefined {
  const { payload, payloadType, signatures } = bundle.statement;
  if (payloadType !== STATEMENT_PAYLOAD_TYPE) {
    const [expected, found] = [STATEMENT_PAYLOAD_TYPE, payloadType];
    check.fail('statement_malformed', { pointer: '/statement/payloadType', expected, found });
  }
  signatures.forEach(({ sig }, index) => {
    readBase64(sig, `/statement/signatures/${index}/sig`, check);
  });
  const value = attempt(() => parseCanonicalJson(decodeBase64(payload)));
  if (value instanceof CanonicalError) {
    check.fail('statement_malformed', { pointer: '/statement/payload', found: value.code });
    return undefined;
  }
  const shape = statementSchema.safeParse(value);
  if (!shape.success) {
    const { pointer, ...issue } = firstIssue(shape.error.issues);
    check.fail('statement_malformed', { ...issue, pointer: `/statement/payload${pointer}` });
    return undefined;
  }
  return value as unknown as Statement;
}

/** The schema bounds the text only: 24 characters can stand for 17 or 18 bytes. */
function readSalt(text: string, pointer: string, check: Check): Uint8Array {
  const salt = readBase64(text, pointer, check);
  if (salt.length !== 16) check.fail('salt_malformed', { pointer, expected: 16, found: salt.length });
  return salt;
}

/** SECURITY: the schema lets stray bits under the padding through, and then one value would have several spellings. */
function readBase64(text: string, pointer: string, check: Check): Uint8Array {
  const bytes = attempt(() => decodeBase64(text));
  if (!(bytes instanceof CanonicalError)) return bytes;
  check.fail('base64_malformed', { pointer, found: bytes.code });
  return new Uint8Array();
}

function readKeys(vkeys: readonly string[], check: Check): VerifierKey[] | undefined {
  const keys: VerifierKey[] = [];
  vkeys.forEach((text, index) => {
    const pointer = `/log/vkeys/${index}`;
    const key = attempt(() => parseVerifierKey(text));
    if (key instanceof CanonicalError) check.fail('vkey_malformed', { pointer, found: key.code });
    else if (keys.some((other) => equalBytes(other.publicKey, key.publicKey)))
      check.fail('vkey_duplicate', { pointer });
    else keys.push(key);
  });
  return keys.length === vkeys.length ? keys : undefined;
}

/** SECURITY: what nothing refers to, nothing binds; it could be changed at will inside a file that verifies. */
function refuseUnreferenced(parsed: ParsedBundle, check: Check): void {
  const { bundle, records, statement, note, vkeys } = parsed;
  const payloads = new Set<string>(records.map((entry) => entry.record.payload.digest));
  refuseOthers('payload_unreferenced', '/payloads', Object.keys(bundle.payloads), payloads, check);
  const policies = new Set<string>([statement.predicate.policy_digest]);
  for (const { record, payload } of records) {
    if (record.kind !== 'verdict_resolved') continue;
    const digest = textMember(payload?.value, 'policy_digest');
    if (digest !== undefined) policies.add(digest);
  }
  refuseOthers('policy_unreferenced', '/policies', Object.keys(bundle.policies), policies, check);
  vkeys.forEach((key, index) => {
    const named = note.signatures.some((line) => line.name === key.name && equalBytes(line.keyId, key.keyId));
    // One signing key speaks for the boundary and its log; any other key can only be that of a witness.
    const isExtra = isSigningKey(key) && vkeys.findIndex(isSigningKey) !== index;
    if (!named || isExtra) check.fail('vkey_unreferenced', { pointer: `/log/vkeys/${index}`, found: key.name });
  });
}

function refuseOthers(
  code: VerificationCode,
  pointer: string,
  keys: readonly string[],
  known: ReadonlySet<string>,
  check: Check,
): void {
  for (const key of keys) if (!known.has(key)) check.fail(code, { pointer: joinPointer(pointer, key) });
}

function attempt<T>(parse: () => T): T | CanonicalError {
  try {
    return parse();
  } catch (error) {
    if (error instanceof CanonicalError) return error;
    throw error;
  }
}
