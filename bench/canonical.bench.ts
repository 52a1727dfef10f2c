import { createPrivateKey, createPublicKey, hash, sign, verify } from 'node:crypto';
import {
  canonicalize,
  createKeyPair,
  digestValue,
  encodeUtf8,
  parseCanonicalJson,
  parseJson,
  signEd25519,
  verifyEd25519,
} from '@exoarmur/canonical';
import peerCanonicalize from 'canonicalize';
import { configure } from 'safe-stable-stringify';
import { EVENT } from './event.ts';
import type { Group } from './main.ts';

const DOMAIN = 'exoarmur.bench/1';
const stableStringify = configure({ strict: true, deterministic: true });
const sha256Hex = (text: string) => hash('sha256', `${DOMAIN}\0${text}`, 'hex');

const eventBytes = encodeUtf8(canonicalize(EVENT));
const seed = new Uint8Array(32).fill(9);
const { publicKey } = createKeyPair(seed);
const signature = signEd25519(seed, eventBytes);
const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]);
const privateKeyObject = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
const publicKeyObject = createPublicKey(privateKeyObject);

/** What is measured about the canonical package, each group against its own baseline in the same run. */
export const groups: readonly Group[] = [
  {
    name: `canonical text of a ${eventBytes.length}-byte event`,
    baseline: 'JSON.stringify',
    tasks: {
      'JSON.stringify': () => JSON.stringify(EVENT),
      exoarmur: () => canonicalize(EVENT),
      canonicalize: () => peerCanonicalize(EVENT),
      'safe-stable-stringify': () => stableStringify(EVENT),
    },
  },
  {
    name: `digest of a ${eventBytes.length}-byte event`,
    baseline: 'JSON.stringify + sha256',
    tasks: {
      'JSON.stringify + sha256': () => sha256Hex(JSON.stringify(EVENT)),
      'exoarmur digestValue': () => digestValue(DOMAIN, EVENT),
      'canonicalize + sha256': () => sha256Hex(peerCanonicalize(EVENT) ?? ''),
      'safe-stable-stringify + sha256': () => sha256Hex(stableStringify(EVENT) ?? ''),
    },
  },
  {
    name: `reading a ${eventBytes.length}-byte event`,
    baseline: 'JSON.parse',
    tasks: {
      'JSON.parse': () => JSON.parse(new TextDecoder().decode(eventBytes)),
      'exoarmur parseJson': () => parseJson(eventBytes),
      'exoarmur parseCanonicalJson': () => parseCanonicalJson(eventBytes),
    },
  },
  {
    name: `Ed25519 over ${eventBytes.length} bytes`,
    baseline: 'node:crypto verify, cached key',
    tasks: {
      'node:crypto verify, cached key': () => verify(null, eventBytes, publicKeyObject, signature),
      'exoarmur verifyEd25519': () => verifyEd25519(publicKey, eventBytes, signature),
      'node:crypto sign, cached key': () => sign(null, eventBytes, privateKeyObject),
      'exoarmur signEd25519, key from seed': () => signEd25519(seed, eventBytes),
    },
  },
];
