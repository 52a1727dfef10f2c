/** Where time comes from. */
export interface Clock {
  /** Milliseconds since 1970-01-01T00:00:00Z, whole. */
  now(): number;
}

/** Where randomness comes from. */
export interface RandomSource {
  /** `length` fresh bytes. */
  bytes(length: number): Uint8Array;
}

/** An Ed25519 key that signs, wherever the private half is kept. */
export interface Signer {
  /** Key name as in a C2SP verifier key. */
  readonly name: string;
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** 64-byte RFC 8032 signature of `message`. */
  sign(message: Uint8Array): Uint8Array | Promise<Uint8Array>;
}
