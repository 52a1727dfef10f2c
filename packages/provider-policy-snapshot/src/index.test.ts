import type { ProviderContext } from '@exoarmur/governance-provider-kit';
import { describe, expect, it } from 'vitest';
import provider from './index.ts';

// Tools that agree to everything, so that nothing but the shape is left to refuse.
const DIGEST = `sha256:${'0'.repeat(64)}`;
const context = {
  schemaVersion: 'policy_snapshot.v1',
  subject: { policy_digest: DIGEST },
  configuration: {},
  tools: { digest: () => DIGEST },
} as unknown as ProviderContext;
const SOUND = { schema: 'exoarmur.policy-set/1', language: 'cedar', policies: { a: 'permit' }, cedar_schema: '' };

describe('a policy snapshot', () => {
  it('of the shape of a policy set is valid when the digests are one', () => {
    expect(provider.verifyArtifact(SOUND, context)).toEqual({ valid: true });
  });

  it('of another set, or of a bundle that names none, is not', () => {
    const other = { ...context, tools: { digest: () => `sha256:${'1'.repeat(64)}` } } as unknown as ProviderContext;
    expect(provider.verifyArtifact(SOUND, other)).toEqual({ valid: false, reason: 'policy_digest_differs' });
    const ancestor = { ...context, subject: null };
    expect(provider.verifyArtifact(SOUND, ancestor)).toEqual({ valid: false, reason: 'subject_missing' });
  });

  it.each<[string, object]>([
    ['a member too many', { ...SOUND, more: 1 }],
    ['another schema', { ...SOUND, schema: 'exoarmur.policy-set/2' }],
    ['another language', { ...SOUND, language: 'rego' }],
    ['no text of the schema', { ...SOUND, cedar_schema: null }],
    ['a list of policies', { ...SOUND, policies: ['permit'] }],
    ['no policies', { ...SOUND, policies: null }],
    ['a policy that is no text', { ...SOUND, policies: { a: 1 } }],
    ['no member', {}],
  ])('with %s is none', (_what, artifact) => {
    expect(provider.verifyArtifact(artifact as never, context)).toEqual({ valid: false, reason: 'shape_invalid' });
  });
});
