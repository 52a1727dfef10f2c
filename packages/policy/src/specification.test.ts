import { readFileSync } from 'node:fs';
import { createSigner, digestValue } from '@exoarmur/canonical';
import { POLICY_BUNDLE_DIGEST_DOMAIN, POLICY_BUNDLE_PAYLOAD_TYPE, type PolicySet } from '@exoarmur/contracts';
import { describe, expect, it } from 'vitest';
import { createRequest } from '../test/requests.ts';
import { formatThreatTables } from '../test/threat-tables.ts';
import { formatTruthTables } from '../test/truth-tables.ts';
import {
  CEDAR_ENGINE,
  createDecisionPoint,
  createPolicyBundle,
  DECISION_PROFILE,
  formatIntentSchema,
  MAX_POLICY_BUNDLE_BYTES,
  signPolicyBundle,
} from './index.ts';

const read = (name: string): string => readFileSync(new URL(`../../../spec/${name}`, import.meta.url), 'utf8');

const EXAMPLE: PolicySet = {
  schema: 'exoarmur.policy-set/1',
  language: 'cedar',
  cedar_schema: formatIntentSchema(['file.delete']),
  policies: {
    'delete-data': 'permit(principal, action == Action::"file.delete", resource in Directory::"/srv/data");',
  },
};

describe('the specification', () => {
  it('has the truth tables that the code gives', () => {
    expect(read('safety-gate-tables.md')).toBe(formatTruthTables());
    expect(read('threat-tables.md')).toBe(formatThreatTables());
  });

  it('states the example of policy.md as it is computed', async () => {
    const point = createDecisionPoint({ policySet: EXAMPLE });
    const ask = async (target: string) => (await point.decide(createRequest({ target }))).pdp;
    const text = read('policy.md');
    expect(text).toContain(point.policyDigest);
    expect(text).toContain(CEDAR_ENGINE.digest.slice('sha256:'.length));
    expect(text).toContain(`\`${CEDAR_ENGINE.version}\``);
    expect(text).toContain(`decision profile ${DECISION_PROFILE}`);
    expect(await ask('/srv/data/report.csv')).toMatchObject({
      verdict: 'allow',
      rationale: 'permitted by `delete-data`',
    });
    expect(await ask('/srv/database')).toMatchObject({ verdict: 'defer' });
    expect(text).toContain((await ask('/srv/data/../x')).rationale);
  });

  it('states the example of policy-bundle.md as it is computed', () => {
    const about = {
      bundle_id: 'policies-1',
      tenant_id: 'acme',
      version: 1,
      issued_at: '2024-01-01T00:00:00.000Z',
      expires_at: '2025-01-01T00:00:00.000Z',
    };
    const bundle = createPolicyBundle(about, EXAMPLE);
    const envelope = signPolicyBundle(bundle, [createSigner('policy-signer', new Uint8Array(32).fill(1))]);
    const text = read('policy-bundle.md');
    expect(text).toContain(`bundle digest \`${digestValue(POLICY_BUNDLE_DIGEST_DOMAIN, bundle)}\``);
    expect(text).toContain(`signature \`${envelope.signatures[0]?.sig}\``);
    expect(text).toContain(`at most ${MAX_POLICY_BUNDLE_BYTES} bytes`);
    expect(text).toContain(`\`${POLICY_BUNDLE_PAYLOAD_TYPE}\``);
  });
});
