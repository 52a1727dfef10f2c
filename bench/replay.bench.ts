import { digestValue, parseJson } from '@exoarmur/canonical';
import { INTENT_DIGEST_DOMAIN, MAX_BUNDLE_BYTES } from '@exoarmur/contracts';
import { createCedarEvaluator, digestPolicySet } from '@exoarmur/policy';
import { ReplayEngine, verifyBundle } from '@exoarmur/replay';
import { createEventTrail, TRAIL_ID } from './event-trail.ts';
import { proveBenchAction } from './governed-action.ts';
import type { Group } from './main.ts';
import { factsOf, intentOf, RECORDED_POLICIES } from './recorded-log.ts';

const { bundle, trust } = await proveBenchAction();
const evaluator = createCedarEvaluator();

async function expectPass(options: Parameters<typeof verifyBundle>[1]): Promise<void> {
  const report = await verifyBundle(bundle, options);
  if (report.verify_verdict !== 'PASS') throw new Error('the bundle of the measurement does not verify');
}

const policySet = Object.freeze({ ...RECORDED_POLICIES, policies: Object.freeze({ ...RECORDED_POLICIES.policies }) });
const policyDigest = digestPolicySet(policySet);
let number = 0;

/** Takes the decision about another action each time: other ids, target and time. */
async function decide(): Promise<void> {
  number += 1;
  const intent = intentOf(number);
  const intentDigest = digestValue(INTENT_DIGEST_DOMAIN, intent);
  const decision = await evaluator.evaluate({ intent, intentDigest, facts: factsOf(number), policySet, policyDigest });
  const isAllowed = decision.pdp.verdict === 'allow';
  if (isAllowed !== (intent.action_type === 'file.read' || number % 50 === 0)) throw new Error('decided another way');
}

const trailOf = (length: number): (() => void) => {
  const engine = new ReplayEngine({ auditStore: new Map([[TRAIL_ID, createEventTrail(length)]]) });
  return () => {
    if (engine.replayCorrelation(TRAIL_ID).result !== 'success') throw new Error('a sound trail failed');
  };
};

/** What is measured about replay. */
export const groups: readonly Group[] = [
  {
    name: 'verifying a bundle of an action that was carried out (six records)',
    baseline: 'JSON parsed strictly, nothing verified',
    tasks: {
      'JSON parsed strictly, nothing verified': () => parseJson(bundle, { maxBytes: MAX_BUNDLE_BYTES }),
      'verified with a trusted key': () => expectPass({ trust }),
      'verified and the decision taken again': () => expectPass({ trust, evaluator }),
    },
  },
  {
    name: 'taking a decision again under 51 policies, another action each time',
    baseline: 'decision',
    tasks: { decision: decide },
  },
  {
    name: 'replaying trails of the Python ancestor; rates are trails',
    baseline: '1,000 events',
    tasks: { '1,000 events': trailOf(1_000), '10,000 events': trailOf(10_000) },
  },
];
