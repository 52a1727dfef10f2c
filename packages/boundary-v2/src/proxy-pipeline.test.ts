import { createTestExecutor } from '@exoarmur/executors';
import { describe, expect, it } from 'vitest';
import { createIntent, createTestBoundary, kindsOf } from '../test/boundary.ts';

const EXECUTED = [
  'intent_received',
  'verdict_resolved',
  'target_validated',
  'execution_authorized',
  'execution_completed',
  'stream_closed',
];

describe('the way of an allowed action', () => {
  it('runs the executor once and records every step', async () => {
    const executor = createTestExecutor();
    const { pipeline, log } = createTestBoundary({ executor });
    const result = await pipeline.execute(createIntent());
    expect(result).toMatchObject({ status: 'completed', isClosed: true, recordCount: 6 });
    expect(executor.performed).toHaveLength(1);
    expect(await kindsOf(log)).toEqual(EXECUTED);
  });
});
