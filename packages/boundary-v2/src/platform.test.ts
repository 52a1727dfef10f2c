import { createTestExecutor } from '@exoarmur/executors';
import { describe, expect, it } from 'vitest';
import { createIntent, createTestBoundary, OPERATORS, REFUSED, START_MS } from '../test/boundary.ts';
import { ProxyPipeline, signApproval } from './index.ts';

const ASKED = createIntent({ target: '/data/ask/x' });
const fails = () => {
  throw new RangeError('babble');
};
const TIMES: readonly (readonly [string, () => unknown])[] = [
  ['is no number', () => Number.NaN],
  ['has a fraction', () => START_MS + 0.5],
  ['is beyond whole numbers', () => 2 ** 53],
  ['leaves nothing after it', () => Date.UTC(9999, 11, 31)],
  ['is missing', () => undefined],
  ['is text', () => '0'],
  ['throws', fails],
];
const BYTES: readonly (readonly [string, () => unknown])[] = [
  ['are missing', () => undefined],
  ['are too few', () => new Uint8Array(15)],
  ['are too many', () => new Uint8Array(17)],
  ['are a list', () => Array(16).fill(1)],
  ['come later', async () => new Uint8Array(16)],
  ['throw', fails],
];

/** Waits for people, is approved, and goes on where one part has been put in the place of another one. */
async function approve(change: (options: ReturnType<typeof createTestBoundary>['options']) => object) {
  const executor = createTestExecutor();
  const { pipeline, options, log, clock, random } = createTestBoundary({ executor });
  const pending = await pipeline.execute(ASKED);
  if (pending.status !== 'pending_approval') throw new Error(pending.status);
  const [{ operatorId: approverId, signer }] = OPERATORS as [(typeof OPERATORS)[0]];
  const { request } = pending;
  const said = { verdict: 'approve', reason: '', ttlSeconds: 600 } as const;
  const answer = signApproval({ ...said, request, approverId, signer, clock, random });
  const later = new ProxyPipeline({ ...options, ...change(options) });
  return { ended: later.submitApproval(pending.stream, answer), executor, log };
}

describe('a clock', () => {
  it.each(TIMES)('whose time %s lets nothing begin, and nothing is recorded', async (_, now) => {
    const executor = createTestExecutor();
    const { pipeline, log } = createTestBoundary({ executor, clock: { now: now as () => number } });
    const unavailable = { code: 'BOUNDARY_CLOCK_UNAVAILABLE' };
    await expect(pipeline.execute(createIntent())).rejects.toMatchObject(unavailable);
    await expect(pipeline.decide(createIntent())).rejects.toMatchObject(unavailable);
    expect([log.appended, log.facts, executor.performed]).toEqual([[], [], []]);
  });

  it.each(TIMES)('whose time %s once, at any reading, makes nobody lose sight of an action', async (_, babble) => {
    for (let bad = 0; bad < 40; bad += 1) {
      const executor = createTestExecutor();
      let readings = 0;
      const now = () => (readings++ === bad ? babble() : START_MS) as number;
      const { pipeline, log } = createTestBoundary({ executor, clock: { now } });
      const ended = await pipeline.execute(createIntent()).catch((error: unknown) => error);
      if (readings <= bad) return expect(bad).toBeGreaterThan(8);
      const ran = executor.performed.length;
      const lawful =
        ran === 1
          ? [{ status: 'completed' }, { status: 'ambiguous', code: 'BOUNDARY_OUTCOME_UNRECORDED' }]
          : [
              { status: 'denied', code: 'BOUNDARY_CLOCK_UNAVAILABLE', isClosed: true },
              { status: 'failed', code: 'BOUNDARY_CLOCK_UNAVAILABLE', isClosed: true },
              { code: 'BOUNDARY_CLOCK_UNAVAILABLE', name: 'BoundaryError' },
            ];
      expect(lawful.map((one) => expect.objectContaining(one))).toContainEqual(ended);
      if (ended instanceof Error) expect(log.appended).toEqual([]);
    }
    throw new Error('the clock was read more often than anybody looked');
  });

  it('that gives no time makes no answer vanish', async () => {
    for (let bad = 0; bad < 40; bad += 1) {
      let readings = 0;
      const now = () => (readings++ === bad ? Number.NaN : START_MS);
      const { ended, executor } = await approve(() => ({ clock: { now } }));
      const end = await ended.catch((error: unknown) => error);
      if (readings <= bad) return expect(bad).toBeGreaterThan(12);
      if (executor.performed.length === 0) expect(end).toMatchObject({ code: 'BOUNDARY_CLOCK_UNAVAILABLE' });
    }
    throw new Error('the clock was read more often than anybody looked');
  });
});

describe('randomness', () => {
  it.each(BYTES)('whose bytes %s authorises nothing, and the end is on record', async (_, bytes) => {
    const executor = createTestExecutor();
    const random = { bytes: bytes as () => Uint8Array };
    const { pipeline, log } = createTestBoundary({ executor, random });
    const denied = { status: 'denied', code: 'BOUNDARY_RANDOM_UNAVAILABLE', isClosed: true };
    expect(await pipeline.execute(createIntent())).toMatchObject(denied);
    expect(log.appended.map(({ kind }) => kind)).toEqual(REFUSED);
    expect(await pipeline.execute(createIntent())).toMatchObject(denied);
    const approved = await approve(() => ({ random }));
    expect(await approved.ended).toMatchObject(denied);
    expect([executor, approved.executor].flatMap(({ performed }) => performed)).toEqual([]);
  });

  it('that fails beside a log that does is told as what it is', async () => {
    const { pipeline, log } = createTestBoundary({ random: { bytes: fails } });
    log.before = fails;
    await expect(pipeline.execute(createIntent())).rejects.toMatchObject({ code: 'BOUNDARY_RANDOM_UNAVAILABLE' });
  });
});
