import type { Digest } from '@exoarmur/contracts';

interface Entry {
  readonly intentDigest: Digest;
  readonly at: number;
  amount: number;
}

/** How many places of the queue may be empty before it is moved together, besides as many as are taken. */
const SLACK = 1024;

/**
 * The entries of one key with their sum. They stand in a queue, oldest first, because a map that is emptied from the front
 * is walked over all that was ever in it.
 */
export class LimitWindow {
  readonly #byIntent = new Map<Digest, Entry>();
  #queue: Entry[] = [];
  #first = 0;
  #sum = 0;
  #latest: number;
  windowMs: number | null;

  constructor(now: number, windowMs: number | null) {
    this.#latest = now;
    this.windowMs = windowMs;
  }

  get isEmpty(): boolean {
    return this.#byIntent.size === 0;
  }

  /** What others hold at `now`. The time of a window is never before its latest entry. */
  readUsed(intentDigest: Digest, now: number, windowMs: number | null): number {
    let used = this.#sum - (this.#byIntent.get(intentDigest)?.amount ?? 0);
    if (windowMs === null) return used;
    const time = Math.max(this.#latest, now);
    for (let index = this.#first; index < this.#queue.length; index += 1) {
      const entry = this.#queue[index] as Entry;
      if (time - entry.at < windowMs) break;
      if (entry.intentDigest !== intentDigest) used -= entry.amount;
    }
    return used;
  }

  /** Enters an intent, or changes what it holds. Answers whether it is new. */
  enter(intentDigest: Digest, now: number, amount: number): boolean {
    const known = this.#byIntent.get(intentDigest);
    this.#sum += amount - (known?.amount ?? 0);
    if (known !== undefined) {
      known.amount = amount;
      return false;
    }
    this.#latest = Math.max(this.#latest, now);
    const entry = { intentDigest, at: this.#latest, amount };
    this.#byIntent.set(intentDigest, entry);
    this.#queue.push(entry);
    return true;
  }

  /** Takes an intent out; its place in the queue stays, and counts nothing. */
  remove(intentDigest: Digest): void {
    const entry = this.#byIntent.get(intentDigest);
    if (entry === undefined) return;
    this.#sum -= entry.amount;
    entry.amount = 0;
    this.#byIntent.delete(intentDigest);
  }

  #moveTogether(): void {
    if (this.#queue.length <= SLACK + 2 * this.#byIntent.size) return;
    this.#queue = this.#queue.filter((entry) => this.#byIntent.get(entry.intentDigest) === entry);
    this.#first = 0;
  }

  /** Forgets what has left the window, and answers whose entries these were. */
  expire(now: number): readonly Digest[] {
    this.#moveTogether();
    const { windowMs } = this;
    if (windowMs === null) return [];
    const time = Math.max(this.#latest, now);
    const gone: Digest[] = [];
    for (; this.#first < this.#queue.length; this.#first += 1) {
      const entry = this.#queue[this.#first] as Entry;
      if (time - entry.at < windowMs) break;
      if (this.#byIntent.get(entry.intentDigest) !== entry) continue;
      this.remove(entry.intentDigest);
      gone.push(entry.intentDigest);
    }
    return gone;
  }
}
