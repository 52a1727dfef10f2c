import type { JsonMap, Provider } from '@exoarmur/governance-provider-kit';

/** Domain of a policy digest (spec/policy.md). */
const POLICY_SET_DOMAIN = 'exoarmur.policy-set/1';

const MEMBERS = ['cedar_schema', 'language', 'policies', 'schema'];

function isPolicySet({ schema, language, policies, cedar_schema, ...others }: JsonMap): boolean {
  return (
    Object.keys(others).length === 0 &&
    schema === POLICY_SET_DOMAIN &&
    language === 'cedar' &&
    typeof cedar_schema === 'string' &&
    typeof policies === 'object' &&
    policies !== null &&
    !Array.isArray(policies) &&
    Object.values(policies).every((text) => typeof text === 'string')
  );
}

/**
 * Verifies `policy_snapshot.v1`: the artifact is a policy set, and its digest is the one that the decision of the bundle names.
 * Reasons: `shape_invalid`, `subject_missing`, `policy_digest_differs`.
 */
const provider: Provider = {
  canonicalHash: (artifact, { schemaVersion, tools }) => tools.hashArtifact(schemaVersion, artifact),

  verifyArtifact(artifact, { subject, tools }) {
    if (!MEMBERS.every((member) => Object.hasOwn(artifact, member)) || !isPolicySet(artifact)) {
      return { valid: false, reason: 'shape_invalid' };
    }
    if (subject === null) return { valid: false, reason: 'subject_missing' };
    const isInForce = tools.digest(POLICY_SET_DOMAIN, artifact) === subject.policy_digest;
    return isInForce ? { valid: true } : { valid: false, reason: 'policy_digest_differs' };
  },
};

export default provider;
