import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { encodeUtf8 } from './bytes.ts';
import { canonicalize, canonicalizeToBytes } from './canonical-json.ts';
import { signCheckpoint } from './checkpoint.ts';
import { signCosignature } from './cosignature.ts';
import { commitPayload, digestBytes, digestValue } from './digest.ts';
import { signEnvelope } from './dsse.ts';
import { encodeHex } from './hex.ts';
import { parseJson } from './json-reader.ts';
import { formatLegacyJson } from './legacy-python/dialects.ts';
import { hashLegacyJson } from './legacy-python/hash.ts';
import { parseLegacyJson } from './legacy-python/reader.ts';
import { hashLeaf } from './merkle-hash.ts';
import { createTree } from './merkle-tree.ts';
import { formatSignatureLine, parseNote } from './signed-note.ts';
import { createSigner } from './signer.ts';
import { formatTlogProof } from './tlog-proof.ts';
import { formatSigningKey, formatVerifierKey, SIGNATURE_TYPES } from './verifier-key.ts';

const spec = (name: string) => readFileSync(new URL(`../../../spec/${name}.md`, import.meta.url), 'utf8');
const seed = new Uint8Array(32).fill(1);
const log = createSigner('log.example/t1', seed);

describe('the worked examples of the specifications', () => {
  const value = parseJson(
    '{"time": "2026-01-15T12:30:45.123Z", "n": [1e1, 5e-1, 0.0000001], "\\u00e9": "\\u2028\\"", "a": {"b": null, "a": true}}',
  );

  it('of canonical JSON and digests are what the code computes', () => {
    expect(spec('canonical-json')).toContain(canonicalize(value).replace('\u2028', '\\u2028'));
    expect(spec('canonical-json')).toContain(encodeHex(canonicalizeToBytes({ é: 1 })));
    expect(spec('digests')).toContain(digestBytes('exoarmur.example/1', encodeUtf8('abc')));
    expect(spec('digests')).toContain(digestValue('exoarmur.example/1', value));
    expect(spec('digests')).toContain(commitPayload(new Uint8Array(16), { a: 1 }));
  });

  it('of keys and signatures are what the code computes', () => {
    const text = spec('keys-and-signatures');
    expect(text).toContain(encodeHex(log.publicKey));
    expect(text).toContain(log.vkey);
    expect(text).toContain(formatSigningKey({ name: log.name, seed }));
    const envelope = { payloadType: 'application/vnd.in-toto+json', payload: encodeUtf8('{}'), signers: [log] };
    expect(text).toContain(canonicalize(signEnvelope(envelope)));
  });

  it('of the Merkle log are what the code computes', () => {
    const text = spec('merkle-log');
    const tree = createTree();
    for (const entry of ['a', 'b', 'c']) tree.append(hashLeaf(encodeUtf8(entry)));
    for (const size of [1, 2, 3]) expect(text).toContain(encodeHex(tree.root(size)));
    const checkpoint = signCheckpoint({ origin: log.name, size: 3, root: tree.root() }, [log]);
    expect(text).toContain(formatTlogProof({ index: 1, path: tree.proveInclusion(1), checkpoint }));
    const witness = createSigner('w.example', new Uint8Array(32).fill(2));
    const line = signCosignature(parseNote(checkpoint).text, witness, 1_768_480_245);
    expect(text).toContain(formatSignatureLine(line));
    const { name, publicKey } = witness;
    expect(text).toContain(formatVerifierKey({ name, publicKey, type: SIGNATURE_TYPES.cosignature }));
  });

  it('of the old dialects are what the code computes', () => {
    const text = spec('legacy-python');
    const legacy = parseLegacyJson('{"b":1.0,"a":[1e-5,0.30000000000000004,1e16,NaN],"é":"\\u007f😀"}');
    for (const dialect of ['replay', 'compact-ascii', 'compact-utf8', 'spaced-ascii'] as const) {
      expect(text).toContain(`\`${formatLegacyJson(legacy, dialect).replace('\u007f', '\\u007f')}\``);
      expect(text).toContain(hashLegacyJson(legacy, dialect));
    }
  });
});
