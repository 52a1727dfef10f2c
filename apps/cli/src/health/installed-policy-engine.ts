import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { digestValue } from '@exoarmur/canonical';
import { INTENT_DIGEST_DOMAIN } from '@exoarmur/contracts';
import { CEDAR_ENGINE, createCedarEvaluator, digestPolicySet } from '@exoarmur/policy';
import { DEMO_POLICY_SET } from '../demo/policy.ts';
import { createDemoFacts, createDemoIntent } from '../demo/scenario.ts';
import type { PolicyEngine } from './evidence-probes.ts';

/** The engine that the policy plane of this installation loads. */
export const installedPolicyEngine: PolicyEngine = {
  pinnedDigest: CEDAR_ENGINE.digest,
  readCode: async () => {
    // The engine is a dependency of the policy plane, so it is looked for from there.
    const require = createRequire(import.meta.resolve('@exoarmur/policy'));
    const folder = dirname(require.resolve('@cedar-policy/cedar-wasm/nodejs'));
    return await readFile(join(folder, 'cedar_wasm_bg.wasm'));
  },
  decide: async () => ({ permitted: await decideDemo(true), denied: await decideDemo(false) }),
};

async function decideDemo(isAllowed: boolean): Promise<string> {
  const intent = createDemoIntent(isAllowed);
  const decision = await createCedarEvaluator().evaluate({
    intent,
    intentDigest: digestValue(INTENT_DIGEST_DOMAIN, intent),
    facts: createDemoFacts(),
    policySet: DEMO_POLICY_SET,
    policyDigest: digestPolicySet(DEMO_POLICY_SET),
  });
  return decision.verdict;
}
