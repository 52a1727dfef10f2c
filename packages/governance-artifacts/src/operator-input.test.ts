import { encodeUtf8 } from '@exoarmur/canonical';
import { describe, expect, it } from 'vitest';
import { buildGovernanceEvidence } from './evidence-builder.ts';
import { parseGovernancePolicy, parseProviderTrust } from './operator-files.ts';

const draft = (artifact: object, schemaVersion = 'policy_snapshot.v1') => ({
  schemaVersion,
  artifact: artifact as never,
  isRequired: true,
});
const refusal = (code: string, pointer: string) => expect.objectContaining({ code, pointer });
const text = (value: unknown) => encodeUtf8(JSON.stringify(value));

describe('a governance policy', () => {
  it('is read as it was written', () => {
    const policy = { schema: 'exoarmur.governance-policy/1', required_types: ['policy_snapshot'] } as const;
    expect(parseGovernancePolicy(text(policy))).toEqual(policy);
  });

  it.each<[string, Uint8Array, string]>([
    ['no JSON', encodeUtf8('{'), ''],
    ['a member twice', encodeUtf8('{"schema":"a","schema":"b"}'), '/schema'],
    ['more than a file may be', encodeUtf8(' '.repeat(1_048_577)), ''],
    ['another schema', text({ schema: 'exoarmur.governance-policy/2', required_types: [] }), '/schema'],
    ['no types', text({ schema: 'exoarmur.governance-policy/1' }), '/required_types'],
    [
      'a type in capitals',
      text({ schema: 'exoarmur.governance-policy/1', required_types: ['Policy'] }),
      '/required_types/0',
    ],
    ['a member too many', text({ schema: 'exoarmur.governance-policy/1', required_types: [], strict: false }), ''],
  ])('is refused for %s', (_what, bytes, pointer) => {
    expect(() => parseGovernancePolicy(bytes)).toThrow(refusal('GOVERNANCE_POLICY_MALFORMED', pointer));
  });
});

describe('a trust file', () => {
  it('has its own code', () => {
    expect(() => parseProviderTrust(text({}))).toThrow(refusal('GOVERNANCE_TRUST_MALFORMED', '/schema'));
    expect(() => parseProviderTrust(encodeUtf8('[]'))).toThrow(refusal('GOVERNANCE_TRUST_MALFORMED', ''));
  });
});

describe('evidence', () => {
  it.each<[string, Parameters<typeof buildGovernanceEvidence>[0], string, string]>([
    [
      'an artifact that is too large',
      [draft({ text: 'x'.repeat(1_048_576) })],
      'GOVERNANCE_ARTIFACT_UNWRITABLE',
      '/text',
    ],
    ['an artifact without a canonical form', [draft({ n: [Number.NaN] })], 'GOVERNANCE_ARTIFACT_UNWRITABLE', '/n/0'],
    [
      'one artifact twice',
      [draft({}), draft({})],
      'GOVERNANCE_MANIFEST_MALFORMED',
      '/governance_artifacts_manifest/artifacts/1',
    ],
    [
      'a version that is none',
      [draft({}, 'policy.one')],
      'GOVERNANCE_MANIFEST_MALFORMED',
      '/governance_artifacts_manifest/artifacts/0/schema_version',
    ],
    [
      'more artifacts than there may be',
      Array.from({ length: 65 }, (_, n) => draft({ n })),
      'GOVERNANCE_MANIFEST_MALFORMED',
      '/governance_artifacts_manifest/artifacts',
    ],
  ])('is not made of %s', (_what, drafts, code, pointer) => {
    expect(() => buildGovernanceEvidence(drafts)).toThrow(refusal(code, pointer));
  });
});
