import type { ActionClass } from '../intent.ts';

/** A key of a person who may answer requests for approval. One person may have several. */
export interface Operator {
  readonly operatorId: string;
  /** C2SP verifier key text of the operator's own key. */
  readonly vkey: string;
  readonly roles: readonly string[];
  /** Greatest class of action this person may agree to; absent: every class. */
  readonly clearance?: ActionClass;
  /** Actors this person acts as or answers for, besides their own id: their requests need somebody else's approval. */
  readonly actorIds?: readonly string[];
  readonly isRevoked: boolean;
}

/** Who may approve. Held by the operator of the cell, out of reach of whoever sends intents. */
export interface OperatorRegistry {
  /** Every operator, revoked ones too, whose key has this id; ids are short, so there may be several. */
  findByKeyId(keyId: string): Promise<readonly Operator[]>;
}

/** What became of adding an operator's key. */
export type AddOperatorResult =
  | 'added'
  /** The key is registered, for whomever: a key belongs to one person for ever, or one could be counted twice. */
  | 'key_taken';

/** A registry that is kept. Nothing is ever removed: a revoked key stays known as revoked. */
export interface OperatorStore extends OperatorRegistry {
  /** Rejects a key that cannot be read. */
  add(operator: Operator): Promise<AddOperatorResult>;
  /** In order of operator id, then key. */
  list(): Promise<readonly Operator[]>;
  /** Every key of the operator, or the one named, for good. Answers how many keys that was news for. */
  revoke(operatorId: string, vkey?: string): Promise<number>;
}
