import { describe, expect, it } from 'vitest';
import { manifestOf } from '../test/fixtures.ts';
import { hashArtifact, hashManifest } from './artifact-hash.ts';

// Expected values from SHA-256 of Python's hashlib over the bytes that spec/governance-artifacts.md names.
const ARTIFACT = 'sha256:f7887b4d767b5e3c974b6f350bf4bced40f496640024dcdf850f3797a3bad560';
const MANIFEST = 'sha256:503b4873cfaf5ce3b02a0f4855e2b24fe25b9ba72aba5a36755ff120f9ceaca8';

describe('hashes', () => {
  it('of an artifact covers its content and the shape it claims', () => {
    const artifact = { ä: [null, true], a: 1 };
    expect(hashArtifact('policy_snapshot.v1', artifact)).toBe(ARTIFACT);
    expect(hashArtifact('policy_snapshot.v2', artifact)).not.toBe(ARTIFACT);
    expect(hashArtifact('policy_snapshot.v1', { ...artifact, a: 2 })).not.toBe(ARTIFACT);
  });

  it('of a manifest covers all of it', () => {
    const entry = {
      artifact_type: 'policy_snapshot',
      schema_version: 'policy_snapshot.v1',
      artifact_hash: ARTIFACT,
      required_for_verdict: true,
    };
    expect(hashManifest(manifestOf(entry) as never)).toBe(MANIFEST);
    expect(hashManifest(manifestOf({ ...entry, required_for_verdict: false }) as never)).not.toBe(MANIFEST);
  });
});
