import type { Digest, LimitAnswer, LimitDemand, LimitStore, LimitTaking } from '@exoarmur/contracts';
import { LimitWindow } from './limit-window.ts';

/** How many windows a taking looks at to forget what nobody asks for any more. */
const SWEPT_PER_TAKING = 2;

/** A store of limits in the memory of one process. Entries that no window reaches any more are forgotten by and by. */
export function createMemoryLimitStore(): LimitStore {
  const windows = new Map<string, LimitWindow>();
  const keysOf = new Map<Digest, string[]>();
  /** Every key of `windows`, in no order, and where the sweep has come to. */
  const swept: string[] = [];
  let next = 0;

  const weigh = ({ intentDigest, now, demands }: LimitTaking): LimitAnswer => {
    const used = demands.map(({ key, windowMs }) => windows.get(key)?.readUsed(intentDigest, now, windowMs) ?? 0);
    const hasRoom = demands.every(({ amount, maximum }, index) => amount <= maximum - (used[index] ?? maximum));
    return { outcome: hasRoom ? 'taken' : 'exhausted', used };
  };

  const expire = (key: string, window: LimitWindow, now: number): void => {
    for (const intentDigest of window.expire(now)) {
      const keys = (keysOf.get(intentDigest) ?? []).filter((held) => held !== key);
      if (keys.length === 0) keysOf.delete(intentDigest);
      else keysOf.set(intentDigest, keys);
    }
  };

  const enter = (intentDigest: Digest, now: number, { key, amount, windowMs }: LimitDemand): void => {
    let window = windows.get(key);
    if (window === undefined) {
      window = new LimitWindow(now, windowMs);
      windows.set(key, window);
      swept.push(key);
    }
    if (window.windowMs !== windowMs) {
      window.windowMs = windowMs;
      expire(key, window, now);
    }
    if (window.enter(intentDigest, now, amount)) keysOf.set(intentDigest, [...(keysOf.get(intentDigest) ?? []), key]);
  };

  const sweep = (now: number): void => {
    for (let count = 0; count < SWEPT_PER_TAKING && swept.length > 0; count += 1) {
      next = (next + 1) % swept.length;
      const key = swept[next] as string;
      const window = windows.get(key);
      if (window !== undefined) expire(key, window, now);
      if (window !== undefined && !window.isEmpty) continue;
      windows.delete(key);
      const last = swept.pop() as string;
      if (last !== key) swept[next] = last;
    }
  };

  return {
    isDurable: false,
    // INVARIANT: no await between weighing and entering, which is what makes it one step.
    take: async (taking) => {
      for (const { key } of taking.demands) {
        const window = windows.get(key);
        if (window !== undefined) expire(key, window, taking.now);
      }
      const answer = weigh(taking);
      if (answer.outcome === 'taken') {
        sweep(taking.now);
        for (const demand of taking.demands) enter(taking.intentDigest, taking.now, demand);
      }
      return answer;
    },
    read: async (taking) => weigh(taking),
    release: async (intentDigest) => {
      for (const key of keysOf.get(intentDigest) ?? []) windows.get(key)?.remove(intentDigest);
      keysOf.delete(intentDigest);
    },
  };
}
