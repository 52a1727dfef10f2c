import type { JsonObject, SealedRecord } from '@exoarmur/contracts';
import { describe, expect, it } from 'vitest';
import { lawfulWalks, type Walk } from '../../test/walks.ts';
import { advanceTrail, initialTrail, isClosed, type TrailState, type TrailStep } from './index.ts';

const DIGEST = `sha256:${'0'.repeat(64)}` as const;

export const stepsOf = (walk: Walk): TrailStep[] =>
  walk.steps.map(({ kind, payload }, seq) => ({
    record: {
      schema: 'exoarmur.record/1',
      tenant: walk.intent.tenant_id,
      cell: walk.intent.cell_id,
      correlation: walk.intent.correlation_id,
      stream: walk.intent.intent_id,
      seq,
      prev: seq === 0 ? null : DIGEST,
      kind,
      time: `2024-01-01T12:00:0${seq % 10}.000Z`,
      actor:
        seq === 0 ? { type: walk.intent.actor_type, id: walk.intent.actor_id } : { type: 'boundary', id: 'cell-1' },
      trace: walk.intent.trace_id,
      payload: { digest: DIGEST, size: 2 },
    } satisfies SealedRecord,
    payload: payload as unknown as JsonObject,
  }));

const run = (steps: readonly TrailStep[]): TrailState => {
  let state = initialTrail();
  for (const step of steps) {
    const verdict = advanceTrail(state, step);
    if (verdict.outcome === 'unlawful') throw new Error(JSON.stringify(verdict.violation));
    state = verdict.state;
  }
  return state;
};

describe('advanceTrail', () => {
  it.each(Object.entries(lawfulWalks()))('accepts an action that was %s', (_, walk) => {
    const state = run(stepsOf(walk));
    expect(isClosed(state)).toBe(true);
    expect(state.unverifiable).toEqual([]);
  });
});
