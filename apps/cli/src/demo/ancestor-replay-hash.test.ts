import { describe, expect, test } from 'vitest';
import { computeAncestorReplayHash, type DemonstratedAction } from './ancestor-replay-hash.ts';

// The summary in the ancestor's committed canonical proof bundle; the hash is the one that it prints.
const denied: DemonstratedAction = {
  intent: {
    intent_id: 'canonical-truth-reconstruction-demo',
    action_type: 'delete',
    target: '/tmp/exoarmur-demo-private/secret-exports/customer-records.csv',
  },
  kinds: ['intent_received', 'verdict_resolved', 'stream_closed'],
  finalVerdict: 'deny',
};
const ANCESTOR_HASH = '7eb0f264dd6d6e67925ece66ec2218ac73716ae6bc8a770ef84a8defd28bf47b';

describe('computeAncestorReplayHash', () => {
  test('gives the hash that the Python ancestor prints', () => {
    expect(computeAncestorReplayHash(denied)).toBe(ANCESTOR_HASH);
  });

  test.each<[string, DemonstratedAction]>([
    ['intent', { ...denied, intent: { ...denied.intent, intent_id: 'other' } }],
    ['action type', { ...denied, intent: { ...denied.intent, action_type: 'read' } }],
    ['target', { ...denied, intent: { ...denied.intent, target: '/tmp' } }],
    ['verdict', { ...denied, finalVerdict: 'allow' }],
    ['number of steps', { ...denied, kinds: [...denied.kinds, 'target_validated'] }],
    ['number of effects', { ...denied, kinds: [...denied.kinds, 'execution_completed'] }],
  ])('gives another hash for another %s', (_what, action) => {
    expect(computeAncestorReplayHash(action)).not.toBe(ANCESTOR_HASH);
  });
});
