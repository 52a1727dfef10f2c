import type { Digest, LimitAnswer, LimitDemand, LimitStore, LimitTaking } from '@exoarmur/contracts';

interface Entry {
  readonly at: number;
  readonly amount: number;
}

/** The entries of one key, oldest first, with their sum. */
interface Window {
  readonly entries: Map<Digest, Entry>;
  windowMs: number | null;
  sum: number;
  /** When the latest entry was made: the time of the key is never before it. */
  latest: number;
}

/** How many windows a taking looks at to forget what nobody asks for any more. */
const SWEPT_PER_TAKING = 2;

/** A store of limits in the memory of one process. Entries that no window reaches any more are forgotten by and by. */
export function createMemoryLimitStore(): LimitStore {
  const windows = new Map<string, Window>();
  const keysOf = new Map<Digest, string[]>();

  const remove = (key: string, window: Window, intentDigest: Digest): void => {
    window.sum -= window.entries.get(intentDigest)?.amount ?? 0;
    window.entries.delete(intentDigest);
    const keys = (keysOf.get(intentDigest) ?? []).filter((held) => held !== key);
    if (keys.length === 0) keysOf.delete(intentDigest);
    else keysOf.set(intentDigest, keys);
  };

  const forgetExpired = (key: string, window: Window, now: number): void => {
    const { windowMs, entries } = window;
    if (windowMs === null) return;
    const time = Math.max(window.latest, now);
    for (const [intentDigest, { at }] of entries) {
      if (time - at < windowMs) break;
      remove(key, window, intentDigest);
    }
  };

  /** What others hold of the window as it stands at `now`. */
  const readUsed = (intentDigest: Digest, now: number, { key, windowMs }: LimitDemand): number => {
    const window = windows.get(key);
    if (window === undefined) return 0;
    const { entries, latest } = window;
    let used = window.sum - (entries.get(intentDigest)?.amount ?? 0);
    if (windowMs === null) return used;
    const time = Math.max(latest, now);
    for (const [digest, { at, amount }] of entries) {
      if (time - at < windowMs) break;
      if (digest !== intentDigest) used -= amount;
    }
    return used;
  };

  const weigh = ({ intentDigest, now, demands }: LimitTaking): LimitAnswer => {
    const used = demands.map((demand) => readUsed(intentDigest, now, demand));
    const hasRoom = demands.every(({ amount, maximum }, index) => amount <= maximum - (used[index] ?? maximum));
    return { outcome: hasRoom ? 'taken' : 'exhausted', used };
  };

  const enter = (intentDigest: Digest, now: number, { key, amount, windowMs }: LimitDemand): void => {
    const window = windows.get(key) ?? { entries: new Map(), windowMs, sum: 0, latest: now };
    windows.set(key, window);
    window.windowMs = windowMs;
    forgetExpired(key, window, now);
    const known = window.entries.get(intentDigest);
    const at = known?.at ?? Math.max(window.latest, now);
    window.sum += amount - (known?.amount ?? 0);
    window.latest = Math.max(window.latest, at);
    window.entries.set(intentDigest, { at, amount });
    if (known === undefined) keysOf.set(intentDigest, [...(keysOf.get(intentDigest) ?? []), key]);
  };

  const sweep = (now: number): void => {
    for (let swept = 0; swept < SWEPT_PER_TAKING; swept += 1) {
      const [oldest] = windows;
      if (oldest === undefined) return;
      const [key, window] = oldest;
      forgetExpired(key, window, now);
      windows.delete(key);
      if (window.entries.size > 0) windows.set(key, window);
    }
  };

  return {
    isDurable: false,
    // INVARIANT: no await between weighing and entering, which is what makes it one step.
    take: async (taking) => {
      const answer = weigh(taking);
      if (answer.outcome === 'taken') {
        sweep(taking.now);
        for (const demand of taking.demands) enter(taking.intentDigest, taking.now, demand);
      }
      return answer;
    },
    read: async (taking) => weigh(taking),
    release: async (intentDigest) => {
      for (const key of keysOf.get(intentDigest) ?? []) {
        const window = windows.get(key);
        if (window === undefined) continue;
        remove(key, window, intentDigest);
        if (window.entries.size === 0) windows.delete(key);
      }
    },
  };
}
