import { MemoryHeadKeeper, MemoryLogStore } from '@exoarmur/audit/memory';
import { createAuditLog } from '@exoarmur/audit/writer';
import { activatePolicyBundle, createMemoryPolicyActivationStore, type PolicyBundles } from '@exoarmur/boundary-v2';
import { createSigner, formatTime, parseVerifierKey } from '@exoarmur/canonical';
import type { ActivationMark, PolicyActivationStore } from '@exoarmur/contracts';
import { createDecisionPoint } from '@exoarmur/policy';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { POLICY_SIGNER, signedBundle } from '../test/bundles.ts';
import { BOUNDARY_KEY, createGate, createTestClock } from '../test/configs.ts';
import { followBundles } from './followed-bundles.ts';

let clock: ReturnType<typeof createTestClock>;
beforeEach(() => {
  clock = createTestClock();
});

describe('followBundles', () => {
  /** Follows the bundles of a cell in memory, of which the first is in force, with every part in the hands of the test. */
  async function follow({ maxAgeMs = 0, ask = (mark: () => Promise<ActivationMark>) => mark(), load = () => {} } = {}) {
    const scope = { tenant: 'demo', cell: 'demo', origin: BOUNDARY_KEY.name };
    const { name, seed } = BOUNDARY_KEY;
    const sources = { clock, signer: createSigner(name, seed), random: { bytes: (n: number) => new Uint8Array(n) } };
    const stores = { store: new MemoryLogStore(), heads: new MemoryHeadKeeper() };
    const kept = createMemoryPolicyActivationStore();
    const calls = { asked: 0, opened: 0, loaded: 0 };
    const activations: PolicyActivationStore = {
      ...kept,
      list: (page) => {
        calls.opened += 1;
        return kept.list(page);
      },
      findMark: () => {
        calls.asked += 1;
        return ask(() => kept.findMark());
      },
    };
    const keys = new Map([['demo', { keys: [parseVerifierKey(POLICY_SIGNER.vkey)], threshold: 1 }]]);
    const log = createAuditLog({ ...scope, ...sources, ...stores });
    const bundles: PolicyBundles = { tenant: 'demo', cell: 'demo', log, activations, keyring: keys, clock };
    const { holder } = await activatePolicyBundle(bundles, signedBundle(1));
    const active = holder.active();
    if (active === null) throw new Error('no bundle');
    const source = followBundles({
      ...{ bundles, maxAgeMs, start: { holder, active } },
      load: ({ policySet }) => {
        calls.loaded += 1;
        load();
        return createDecisionPoint({ policySet });
      },
    });
    const standing = async () => (await source.current()).standing();
    const reset = () => Object.assign(calls, { asked: 0, opened: 0, loaded: 0 });
    reset();
    return { source, kept, calls, reset, bundles, reasonOf: async () => (await standing()).bundle?.reason };
  }

  it('asks once for all decisions that begin at the same time, and not while an answer is young', async () => {
    const { source, calls } = await follow({ maxAgeMs: 10 });
    const many = () => Promise.all(Array.from({ length: 50 }, () => source.current()));
    await many();
    expect(calls.asked).toBe(0);
    clock.nowMs += 10;
    await many();
    expect(calls.asked).toBe(1);
    clock.nowMs += 9;
    await many();
    expect(calls.asked).toBe(1);
  });

  it('answers behind a clock that fails, and asks for each decision meanwhile', async () => {
    const { source, calls } = await follow({ maxAgeMs: 60_000 });
    clock.now = () => {
      throw new TypeError('clock');
    };
    for (const asked of [1, 2]) {
      expect(await source.current()).toBe(source.latest);
      expect(calls.asked).toBe(asked);
    }
  });

  it('counts the age of an answer from the question', async () => {
    const { source, calls } = await follow({
      maxAgeMs: 10,
      ask: (mark) => {
        clock.nowMs += 6;
        return mark();
      },
    });
    clock.nowMs += 10;
    await source.current();
    clock.nowMs += 4;
    await source.current();
    expect(calls.asked).toBe(2);
  });

  it('lets no decision rest on a question that was put before it began, when none may be old', async () => {
    const gates = [createGate(), createGate()];
    let asked = 0;
    const { source } = await follow({ ask: (mark) => (gates[asked++] as (typeof gates)[0]).promise.then(mark) });
    const early = source.current();
    await vi.waitFor(() => expect(asked).toBe(1));
    const late = Promise.all([source.current(), source.current()]);
    gates[0]?.resolve();
    await early;
    await vi.waitFor(() => expect(asked).toBe(2));
    gates[1]?.resolve();
    await late;
    expect(asked).toBe(2);
  });

  it('knows what it activated itself, whatever question was under way', async () => {
    const gate = createGate();
    let asked = 0;
    const { source, kept } = await follow({
      maxAgeMs: 60_000,
      // Answers what was so when it was asked.
      ask: async (mark) => {
        asked += 1;
        const answer = await mark();
        if (asked === 2) await gate.promise;
        return answer;
      },
    });
    clock.nowMs += 60_000;
    await source.current();
    clock.nowMs += 60_000;
    const early = source.current();
    await vi.waitFor(() => expect(asked).toBe(2));
    const activated = source.activate(signedBundle(2), undefined);
    await vi.waitFor(async () => expect((await kept.findMark()).generation).toBe(2));
    await new Promise(setImmediate);
    gate.resolve();
    expect((await early).standing().bundle?.version).toBe(1);
    await activated;
    expect((await source.current()).standing().bundle?.version).toBe(2);
  });

  it('reads bundles when the mark changes, and makes policies ready when they are other ones', async () => {
    const { source, kept, calls, reset, bundles, reasonOf } = await follow();
    await source.current();
    // The first answer could be another one than the start had.
    expect(calls).toEqual({ asked: 1, opened: 1, loaded: 0 });
    await source.current();
    expect(calls).toEqual({ asked: 2, opened: 1, loaded: 0 });
    reset();
    await kept.setRefusal({ reason: 'expired', bundleDigest: null, refusedAt: formatTime(0) });
    expect(await reasonOf()).toBe('expired');
    expect(await reasonOf()).toBe('expired');
    expect(calls).toEqual({ asked: 2, opened: 1, loaded: 0 });
    await activatePolicyBundle(bundles, signedBundle(2));
    reset();
    expect(await reasonOf()).toBeNull();
    expect(calls).toEqual({ asked: 1, opened: 1, loaded: 1 });
    expect(source.latest.standing().bundle?.version).toBe(2);
  });

  it('takes an activation of another time for another one', async () => {
    let activatedAt: string | undefined;
    const { source, calls, reset } = await follow({
      ask: async (mark) => ({ ...(await mark()), ...(activatedAt === undefined ? {} : { activatedAt }) }),
    });
    await source.current();
    reset();
    activatedAt = formatTime(0);
    await source.current();
    expect(calls.opened).toBe(1);
  });

  it('tries again what failed for another reason than the policies themselves', async () => {
    let isFull = false;
    const load = () => {
      if (isFull) throw new Error('no space left on device');
    };
    const { source, bundles, reasonOf } = await follow({ load });
    isFull = true;
    await activatePolicyBundle(bundles, signedBundle(2));
    expect(await reasonOf()).toBe('unreadable');
    isFull = false;
    expect(await reasonOf()).toBeNull();
    expect(source.latest.standing().bundle?.version).toBe(2);
  });

  it('waits for no store that is silent, and hears it when it speaks again', async () => {
    let isSilent = true;
    const { reasonOf } = await follow({
      ask: (mark) => (isSilent ? new Promise<never>(() => undefined) : mark()),
    });
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const reason = reasonOf();
      await vi.advanceTimersByTimeAsync(1000);
      expect(await reason).toBe('unreadable');
    } finally {
      vi.useRealTimers();
    }
    isSilent = false;
    expect(await reasonOf()).toBeNull();
  });
});
