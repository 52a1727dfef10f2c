import { createMemoryConductStore, createMemoryLimitStore, createReputation } from '@exoarmur/boundary-v2';
import type { ActionIntent, Budget, Digest } from '@exoarmur/contracts';
import { createRig, openMemoryLog } from './boundary-rig.ts';
import type { Group } from './main.ts';

const MS_PER_DAY = 86_400_000;
const clock = { now: () => Date.now() };
const digestOf = (n: number): Digest => `sha256:${n.toString(16).padStart(64, '0')}`;

/** An actor that has acted on each day of a year. */
const conduct = createMemoryConductStore();
const today = Math.floor(Date.now() / MS_PER_DAY);
for (let age = 0; age < 365; age += 1) {
  const about = { actor: 'agent-1', correlation: 'session-0', actionType: 'file.read', end: 'completed' } as const;
  await conduct.observe({ ...about, intentDigest: digestOf(age), day: today - age });
}
const trust = createReputation({ store: conduct, clock });
const asked = { actor_id: 'agent-1' } as ActionIntent;

const most = Number.MAX_SAFE_INTEGER;
const declared: readonly Budget[] = [
  { id: 'rate', counts: 'actions', per: ['actor'], maximum: most, window_seconds: 60 },
  { id: 'count', counts: 'actions', per: ['correlation'], maximum: most, window_seconds: null },
  { id: 'sum', counts: 'spend', per: [], amount: '/limit', maximum: most, window_seconds: 86_400 },
];
const plain = createRig({ log: openMemoryLog() });
const counted = createRig({ log: openMemoryLog(), trust, budgets: { declared, store: createMemoryLimitStore() } });

const limits = createMemoryLimitStore();
const demands = declared.map(({ id, window_seconds }) => ({
  ...{ key: id, amount: 1, maximum: most, windowMs: window_seconds === null ? null : 1000 },
}));
let taken = 0;
const take = () => limits.take({ intentDigest: digestOf(taken++), now: Date.now(), demands });

/** What trust that is earned and three budgets add to a decision, in memory. */
export const groups: readonly Group[] = [
  {
    name: 'trust and limits beside one decision',
    baseline: 'decision, trust stated, nothing counted',
    tasks: {
      'decision, trust stated, nothing counted': plain.decide,
      'decision, trust earned over a year, three budgets': counted.decide,
      'trust earned over a year, alone': () => trust(asked),
      'three budgets taken, alone': take,
    },
  },
];
