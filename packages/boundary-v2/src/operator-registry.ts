import { encodeHex, parseVerifierKey, type VerifierKey } from '@exoarmur/canonical';

/** A person who may answer requests for approval. */
export interface Operator {
  readonly operatorId: string;
  /** C2SP verifier key text of the operator's own key. */
  readonly vkey: string;
  readonly roles: readonly string[];
  readonly isRevoked: boolean;
}

/** An operator with its key read. */
export interface KnownOperator extends Operator {
  readonly key: VerifierKey;
}

/** Who may approve. Held by the operator of the cell, out of reach of whoever sends intents. */
export interface OperatorRegistry {
  /** Every operator, revoked ones too, whose key has this id; ids are short, so there may be several. */
  findByKeyId(keyId: string): Promise<readonly KnownOperator[]>;
}

/**
 * A registry of a fixed list. One operator may have several keys, but a key belongs to one operator, or one person could
 * be counted twice. @throws CanonicalError CANONICAL_KEY_MALFORMED, TypeError for a key named twice
 */
export function createOperatorRegistry(operators: readonly Operator[]): OperatorRegistry {
  const byKeyId = new Map<string, KnownOperator[]>();
  const keys = new Set<string>();
  for (const operator of operators) {
    const key = parseVerifierKey(operator.vkey);
    const publicKey = encodeHex(key.publicKey);
    if (keys.has(publicKey)) throw new TypeError('a key can belong to one operator only');
    keys.add(publicKey);
    const keyId = encodeHex(key.keyId);
    const known = { ...operator, roles: [...operator.roles], key };
    byKeyId.set(keyId, [...(byKeyId.get(keyId) ?? []), known]);
  }
  return { findByKeyId: async (keyId) => byKeyId.get(keyId) ?? [] };
}
