import { parseJson, parseVerifierKey, type VerifierKey, verifyEnvelope } from '@exoarmur/canonical';
import {
  type Digest,
  dsseEnvelopeSchema,
  isExoArmurError,
  type OperatorRegistry,
  STANDING_GRANT_PAYLOAD_TYPE,
  type StandingGrant,
  type StandingGrantStore,
  standingGrantSchema,
} from '@exoarmur/contracts';

const MAX_GRANT_BYTES = 1_048_576;

/** A standing grant as it lies in the store, and whether anything stands behind it. */
export interface ListedStandingGrant {
  readonly digest: Digest;
  /** Undefined when nobody who is registered, and not revoked, has signed it in their own name: then it is never used. */
  readonly grant: StandingGrant | undefined;
  readonly uses: number;
  readonly isRevoked: boolean;
}

/** Every standing grant that is kept, revoked and used up ones too, each verified again. Rejects as store and registry do. */
export async function listKeptGrants(
  store: StandingGrantStore,
  operators: OperatorRegistry,
): Promise<readonly ListedStandingGrant[]> {
  const listed: ListedStandingGrant[] = [];
  for (const { standingGrantDigest: digest, envelope, uses, isRevoked } of await store.list()) {
    listed.push({ digest, grant: await verifyKept(envelope, operators), uses, isRevoked });
  }
  return listed;
}

async function verifyKept(input: unknown, operators: OperatorRegistry): Promise<StandingGrant | undefined> {
  const envelope = dsseEnvelopeSchema.safeParse(input);
  const [signature, ...others] = envelope.data?.signatures ?? [];
  if (envelope.data === undefined || signature === undefined || others.length > 0) return undefined;
  if (envelope.data.payloadType !== STANDING_GRANT_PAYLOAD_TYPE) return undefined;
  for (const { vkey, operatorId, isRevoked } of await operators.findByKeyId(signature.keyid)) {
    const key = readKey(vkey);
    // One key that cannot be read must not hide what others stand behind.
    if (key === undefined || isRevoked) continue;
    const verified = verifyEnvelope(envelope.data, { keys: [key], threshold: 1 });
    if (verified.outcome === 'invalid') continue;
    const grant = parseGrant(verified.payload);
    if (grant?.granted_by === operatorId) return grant;
  }
  return undefined;
}

function readKey(vkey: string): VerifierKey | undefined {
  try {
    return parseVerifierKey(vkey);
  } catch (error) {
    if (!isExoArmurError(error)) throw error;
    return undefined;
  }
}

function parseGrant(payload: Uint8Array): StandingGrant | undefined {
  try {
    return standingGrantSchema.safeParse(parseJson(payload, { maxBytes: MAX_GRANT_BYTES })).data;
  } catch (error) {
    if (!isExoArmurError(error)) throw error;
    return undefined;
  }
}
