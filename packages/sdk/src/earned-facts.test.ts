import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Budget } from '@exoarmur/contracts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CLEAR_FACTS, createConfig, createIntent } from '../test/configs.ts';
import { createBoundary, replayGovernedExecution } from './index.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'exoarmur-sdk-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const BUDGETS: readonly Budget[] = [
  { id: 'calls', counts: 'actions', per: ['actor'], maximum: 2, window_seconds: 3600 },
];
const intent = (n: number) => createIntent({ intent_id: `intent-${n}` });

describe('what a boundary counts', () => {
  it.each(['memory', 'file'])('limits actions, earns trust and remembers ends: %s', async (where) => {
    const store = where === 'memory' ? 'memory' : { path: join(home, 'a.db') };
    const config = createConfig({ store, budgets: BUDGETS, facts: { ...CLEAR_FACTS, trust: 'earned', history: true } });
    let boundary = await createBoundary(config);
    for (const [n, trust_milli] of [250, 400].entries()) {
      const end = await boundary.execute(intent(n));
      expect(end).toMatchObject({ status: 'completed', decision: { facts: { trust_milli } } });
    }
    if (where === 'file') {
      await boundary.close();
      boundary = await createBoundary(config);
    }
    const over = await boundary.execute(intent(2));
    expect(over).toMatchObject({
      status: 'denied',
      decision: {
        safety: { rule_ids: ['SG-121'] },
        facts: {
          trust_milli: 500,
          budgets: { exhausted: ['calls'] },
          history: { actor: { completed: 2 }, completed_types: ['test.act'] },
        },
      },
    });
    expect(await replayGovernedExecution(await over.bundle())).toMatchObject({ verify_verdict: 'PASS' });
    await boundary.close();
  });

  it('counts nothing unless told, and refuses a budget that is none', async () => {
    const boundary = await createBoundary(createConfig());
    const { decision } = await boundary.execute(intent(1));
    expect(decision?.facts).not.toHaveProperty('budgets');
    expect(decision?.facts).not.toHaveProperty('history');
    await boundary.close();
    const budgets = [{ ...BUDGETS[0], maximum: -1 }] as Budget[];
    await expect(createBoundary(createConfig({ budgets }))).rejects.toMatchObject({
      ...{ code: 'SDK_CONFIG_INVALID', pointer: '/budgets/0/maximum' },
    });
  });
});
