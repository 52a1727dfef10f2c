import { concatBytes } from '../bytes.ts';

const PKCS8_PREFIX = Uint8Array.of(0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20);

/** Whether the runtime has the Web Cryptography API; a page has it in secure contexts only. */
export const hasWebCrypto: boolean = globalThis.crypto?.subtle !== undefined;

/** Ed25519 of the Web Cryptography API: fast in pages, but only asynchronous. */
export const webcryptoEd25519 = {
  name: 'webcrypto',
  signer(seed: Uint8Array): (message: Uint8Array) => Promise<Uint8Array> {
    const key = crypto.subtle.importKey('pkcs8', owned(concatBytes(PKCS8_PREFIX, seed)), 'Ed25519', false, ['sign']);
    return async (message) => new Uint8Array(await crypto.subtle.sign('Ed25519', await key, owned(message)));
  },
  async verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): Promise<boolean> {
    const key = await importPublicKey(publicKey);
    return key !== undefined && crypto.subtle.verify('Ed25519', key, owned(signature), owned(message));
  },
};

async function importPublicKey(publicKey: Uint8Array) {
  try {
    return await crypto.subtle.importKey('raw', owned(publicKey), 'Ed25519', false, ['verify']);
  } catch {
    // Some runtimes refuse a point that is not on the curve already here; others only when verifying.
    return undefined;
  }
}

// WebCrypto takes no view on shared memory, and its types say so.
function owned(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}
