import { describe, expect, it } from 'vitest';
import {
  approvalInboxConformance,
  conductStoreConformance,
  grantStoreConformance,
  limitStoreConformance,
  operatorStoreConformance,
  policyActivationStoreConformance,
  standingGrantStoreConformance,
  switchCommandStoreConformance,
} from '../testing/index.ts';
import { createMemoryApprovalInbox } from './approval-inbox.ts';
import { createMemoryConductStore } from './conduct-store.ts';
import { createMemoryGrantStore } from './grant-store.ts';
import { createMemoryLimitStore } from './limit-store.ts';
import { createMemoryOperatorStore, createOperatorRegistry } from './operator-registry.ts';
import { createMemoryPolicyActivationStore } from './policy-activation-store.ts';
import { createMemoryStandingGrantStore } from './standing-grant-store.ts';
import { createMemorySwitchCommandStore } from './switch-command-store.ts';

describe('stores in memory', () => {
  it.each(grantStoreConformance)('grants: $rule', ({ run }) => run(async () => createMemoryGrantStore()));
  it.each(standingGrantStoreConformance)('standing grants: $rule', ({ run }) =>
    run(async () => createMemoryStandingGrantStore()),
  );
  it.each(limitStoreConformance)('limits: $rule', ({ run }) => run(async () => createMemoryLimitStore()));
  it.each(conductStoreConformance)('conduct: $rule', ({ run }) => run(async () => createMemoryConductStore()));
  it.each(operatorStoreConformance)('operators: $rule', ({ run }) => run(async () => createMemoryOperatorStore()));
  it.each(approvalInboxConformance)('inbox: $rule', ({ run }) => run(async () => createMemoryApprovalInbox()));
  it.each(policyActivationStoreConformance)('policy activations: $rule', ({ run }) =>
    run(async () => createMemoryPolicyActivationStore()),
  );
  it.each(switchCommandStoreConformance)('switch commands: $rule', ({ run }) =>
    run(async () => createMemorySwitchCommandStore()),
  );

  it('count limits rightly over more entries than are kept apart', async () => {
    const limits = createMemoryLimitStore();
    const demands = [
      { key: 'window', amount: 1, maximum: 5000, windowMs: 100 },
      { key: 'all', amount: 1, maximum: 5000, windowMs: null },
    ];
    const digestOf = (n: number) => `sha256:${String(n).padStart(64, '0')}` as const;
    for (let now = 0; now < 5000; now += 1) {
      const { outcome, used } = await limits.take({ intentDigest: digestOf(now), now, demands });
      const given = Math.ceil(now / 2);
      expect([outcome, ...used]).toEqual([
        'taken',
        Math.floor(now / 2) - Math.floor(Math.max(0, now - 99) / 2),
        now - given,
      ]);
      if (now % 2 === 0) await limits.release(digestOf(now));
    }
  });

  it('hand out copies, so that nobody changes what is kept', async () => {
    const inbox = createMemoryApprovalInbox();
    const request = { expires_at: 'now' } as never;
    await inbox.put({ stream: 'a', correlation: 'c', requestedAt: '', request });
    Object.assign((await inbox.find('a'))?.request ?? {}, { expires_at: 'never' });
    expect((await inbox.find('a'))?.request.expires_at).toBe('now');
    expect(await createOperatorRegistry([]).findByKeyId('00000000')).toEqual([]);
  });
});
