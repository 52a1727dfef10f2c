import { readFileSync } from 'node:fs';
import type { PolicySet } from '@exoarmur/contracts';
import { describe, expect, it } from 'vitest';
import { createRequest } from '../test/requests.ts';
import { formatTruthTables } from '../test/truth-tables.ts';
import { CEDAR_ENGINE, createDecisionPoint, DECISION_PROFILE, formatIntentSchema } from './index.ts';

const read = (name: string): string => readFileSync(new URL(`../../../spec/${name}`, import.meta.url), 'utf8');

describe('the specification', () => {
  it('has the truth tables that the code gives', () => {
    expect(read('safety-gate-tables.md')).toBe(formatTruthTables());
  });

  it('states the example of policy.md as it is computed', async () => {
    const policySet: PolicySet = {
      schema: 'exoarmur.policy-set/1',
      language: 'cedar',
      cedar_schema: formatIntentSchema(['file.delete']),
      policies: {
        'delete-data': 'permit(principal, action == Action::"file.delete", resource in Directory::"/srv/data");',
      },
    };
    const point = createDecisionPoint({ policySet });
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
});
