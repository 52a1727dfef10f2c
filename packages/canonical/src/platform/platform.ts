/** Signs with one private key; the bytes are those of RFC 8032, so every backend gives the same signature. */
export type SignFunction = (message: Uint8Array) => Uint8Array;

/**
 * One implementation of Ed25519. `verify` may accept more than the profile: callers check the encodings first
 * (`hasProfileEncoding`), and a backend only has to decide the cofactorless equation.
 */
export interface Ed25519Primitive {
  readonly name: string;
  publicKey(seed: Uint8Array): Uint8Array;
  signer(seed: Uint8Array): SignFunction;
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
}

/** What `#platform` provides: the fast synchronous primitives of the runtime. */
export interface Platform {
  readonly name: 'node' | 'browser';
  sha256(bytes: Uint8Array): Uint8Array;
  /** Lower-case hex SHA-256. */
  sha256Hex(bytes: Uint8Array): string;
  /** Lower-case hex SHA-256 of the UTF-8 bytes of a well-formed text. */
  sha256HexOfText(text: string): string;
  /** UTF-8 bytes of a well-formed text. They may be a view of memory that other bytes lie in too. */
  encodeText(text: string): Uint8Array;
  readonly ed25519: Ed25519Primitive;
  /** The runtime's own Ed25519 when it is not the portable one; compared with the others by the conformance run. */
  readonly nativeEd25519: Ed25519Primitive | undefined;
}
