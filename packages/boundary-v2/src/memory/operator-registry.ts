import { encodeHex, parseVerifierKey } from '@exoarmur/canonical';
import type { Operator, OperatorRegistry, OperatorStore } from '@exoarmur/contracts';

/**
 * A registry of a fixed list. One operator may have several keys, but a key belongs to one operator, or one person could
 * be counted twice. @throws CanonicalError CANONICAL_KEY_MALFORMED, TypeError for a key named twice
 */
export function createOperatorRegistry(operators: readonly Operator[]): OperatorRegistry {
  const registry = new OperatorList();
  for (const operator of operators) {
    if (registry.add(operator) === 'key_taken') throw new TypeError('a key can belong to one operator only');
  }
  return { findByKeyId: async (keyId) => registry.findByKeyId(keyId) };
}

/** A registry that grows, in the memory of one process. */
export function createMemoryOperatorStore(): OperatorStore {
  const registry = new OperatorList();
  return {
    findByKeyId: async (keyId) => registry.findByKeyId(keyId),
    add: async (operator) => registry.add(operator),
    list: async () => registry.list(),
    revoke: async (operatorId, vkey) => registry.revoke(operatorId, vkey),
  };
}

class OperatorList {
  /** By public key in hexadecimal. */
  readonly #byKey = new Map<string, { readonly keyId: string; operator: Operator }>();

  add(operator: Operator): 'added' | 'key_taken' {
    const key = parseVerifierKey(operator.vkey);
    const publicKey = encodeHex(key.publicKey);
    if (this.#byKey.has(publicKey)) return 'key_taken';
    this.#byKey.set(publicKey, { keyId: encodeHex(key.keyId), operator: structuredClone(operator) });
    return 'added';
  }

  findByKeyId(keyId: string): readonly Operator[] {
    const found = [...this.#byKey.values()].filter((entry) => entry.keyId === keyId);
    return found.map(({ operator }) => structuredClone(operator));
  }

  list(): readonly Operator[] {
    const order = ({ operatorId, vkey }: Operator) => `${operatorId}\n${vkey}`;
    return [...this.#byKey.values()]
      .map(({ operator }) => structuredClone(operator))
      .sort((a, b) => (order(a) < order(b) ? -1 : 1));
  }

  revoke(operatorId: string, vkey: string | undefined): number {
    let revoked = 0;
    for (const entry of this.#byKey.values()) {
      const { operator } = entry;
      if (operator.operatorId !== operatorId || operator.isRevoked) continue;
      if (vkey !== undefined && operator.vkey !== vkey) continue;
      entry.operator = { ...operator, isRevoked: true };
      revoked += 1;
    }
    return revoked;
  }
}
