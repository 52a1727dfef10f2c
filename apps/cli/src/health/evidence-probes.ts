import { type Digest, decodeHex, formatDigest, sha256 } from '@exoarmur/canonical';
import type { Probe } from './probe.ts';

/** RFC 8032 section 7.1, test 2. */
const ED25519_VECTOR = Object.freeze({
  publicKey: '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
  message: '72',
  signature:
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da' +
    '085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
});

/** RFC 8785 section 3.2.3: members in an order that only a sort by UTF-16 units gives, with their canonical text. */
const CANONICAL_VECTOR = Object.freeze({
  value: {
    '\u20ac': 'Euro Sign',
    '\r': 'Carriage Return',
    '\ufb33': 'Hebrew Letter Dalet With Dagesh',
    '1': 'One',
    '\ud83d\ude00': 'Emoji: Grinning Face',
    '\u0080': 'Control',
    '\u00f6': 'Latin Small Letter O With Diaeresis',
  },
  text:
    '{"\\r":"Carriage Return","1":"One","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis",' +
    '"\u20ac":"Euro Sign","\ud83d\ude00":"Emoji: Grinning Face","\ufb33":"Hebrew Letter Dalet With Dagesh"}',
});

/** One implementation of Ed25519 verification. */
export interface SignatureBackend {
  readonly name: string;
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean | Promise<boolean>;
}

/** Whether every backend accepts a published signature and refuses it over another message. */
export function createEd25519Probe(backends: readonly SignatureBackend[]): Probe {
  return {
    name: 'ed25519',
    run: async () => {
      const publicKey = decodeHex(ED25519_VECTOR.publicKey);
      const signature = decodeHex(ED25519_VECTOR.signature);
      const message = decodeHex(ED25519_VECTOR.message);
      const wrong: string[] = [];
      for (const backend of backends) {
        const accepts = await backend.verify(publicKey, message, signature);
        const refuses = !(await backend.verify(publicKey, Uint8Array.of(0x73), signature));
        if (!accepts || !refuses) wrong.push(backend.name);
      }
      const names = backends.map((backend) => backend.name).join(', ');
      const isPassed = backends.length > 0 && wrong.length === 0;
      return { isPassed, detail: wrong.length === 0 ? `agree: ${names}` : `wrong answer: ${wrong.join(', ')}` };
    },
  };
}

/** Whether a value gets the canonical bytes that RFC 8785 prints. */
export function createCanonicalProbe(canonicalize: (value: unknown) => string): Probe {
  return {
    name: 'canonical_json',
    run: async () => {
      const isPassed = canonicalize(CANONICAL_VECTOR.value) === CANONICAL_VECTOR.text;
      return { isPassed, detail: `example of RFC 8785 ${isPassed ? 'reproduced' : 'differs'}` };
    },
  };
}

/** The policy engine as the probe sees it. */
export interface PolicyEngine {
  /** Digest that every decision names. */
  readonly pinnedDigest: Digest;
  /** Code of the engine, as installed. */
  readCode(): Promise<Uint8Array>;
  /** Decides a request that a policy permits and one that it does not. */
  decide(): Promise<{ readonly permitted: string; readonly denied: string }>;
}

/** Whether the installed engine is the pinned one, byte for byte, and decides. */
export function createPolicyEngineProbe(engine: PolicyEngine): Probe {
  return {
    name: 'policy_engine',
    run: async () => {
      const found = formatDigest(sha256(await engine.readCode()));
      if (found !== engine.pinnedDigest) return { isPassed: false, detail: `${found}, pinned ${engine.pinnedDigest}` };
      const { permitted, denied } = await engine.decide();
      const isPassed = permitted === 'allow' && denied === 'deny';
      return { isPassed, detail: isPassed ? found : `answers ${permitted} and ${denied}` };
    },
  };
}
