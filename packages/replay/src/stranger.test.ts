import { createPublicKey } from 'node:crypto';
import { parseJson } from '@exoarmur/canonical';
import { bundleFromJSON } from '@sigstore/bundle';
import { type TrustMaterial, toSignedEntity, Verifier } from '@sigstore/verify';
import { describe, expect, it } from 'vitest';
import { signerOf } from '../test/bundle-fixture.ts';
import { runRealAction } from '../test/real-bundle.ts';
import type { Loose } from '../test/tampering.ts';
import { verifyBundle } from './index.ts';

const SPKI_ED25519 = Buffer.from('302a300506032b6570032100', 'hex');

/** What somebody has who knows nothing of this project: the published library, and the public key of the boundary. */
function verifyAsStranger(envelope: Loose, publicKey: Uint8Array): void {
  const key = createPublicKey({ key: Buffer.concat([SPKI_ED25519, publicKey]), format: 'der', type: 'spki' });
  const bundle = bundleFromJSON({
    mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
    verificationMaterial: { publicKey: { hint: envelope.signatures[0].keyid }, tlogEntries: [] },
    dsseEnvelope: envelope,
  });
  const none = { certificateAuthorities: [], timestampAuthorities: [], tlogs: [], ctlogs: [] };
  const trust: TrustMaterial = { ...none, publicKey: () => ({ publicKey: key, validFor: () => true }) };
  new Verifier(trust, { tlogThreshold: 0, ctlogThreshold: 0, timestampThreshold: 0 }).verify(toSignedEntity(bundle));
}

describe('the statement of a bundle, to a stranger with a published DSSE library', () => {
  it.each(['denied', 'allowed', 'approved', 'resolved'] as const)('verifies: %s', async (kind) => {
    const { statement } = parseJson(await runRealAction(kind)) as Loose;
    verifyAsStranger(statement, signerOf(1).publicKey);
    const told = JSON.parse(Buffer.from(statement.payload, 'base64').toString());
    expect(told).toMatchObject({
      _type: 'https://in-toto.io/Statement/v1',
      subject: [{ digest: { sha256: expect.stringMatching(/^[0-9a-f]{64}$/) } }],
      predicate: { final_verdict: kind === 'denied' ? 'deny' : 'allow' },
    });
  });

  it('does not verify with another key, another payload or another type', async () => {
    const { statement } = parseJson(await runRealAction('denied')) as Loose;
    const { publicKey } = signerOf(1);
    const other = parseJson(await runRealAction('allowed')) as Loose;
    expect(() => verifyAsStranger(statement, signerOf(2).publicKey)).toThrow(/signature verification failed/);
    for (const change of [{ payload: other.statement.payload }, { payloadType: 'application/json' }]) {
      expect(() => verifyAsStranger({ ...statement, ...change }, publicKey)).toThrow(/signature verification failed/);
    }
  });
});

describe('a file that only states a hash of its own', () => {
  it.each(['{"replay_hash":"x"}', '{"replay_hash":"x"}\n', `{"replay_hash":"${'0'.repeat(64)}","success":true}\n`])(
    'is no proof: %j',
    async (text) => {
      const report = await verifyBundle(new TextEncoder().encode(text));
      expect(report).toMatchObject({ verify_verdict: 'FAIL', assurance: 'none' });
    },
  );
});
