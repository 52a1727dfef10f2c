import type { ConfinedProcess } from './confined-process.ts';

/** Most processes that one confinement may start ahead. */
export const MAX_PREPARED = 8;

/** How long a process may wait for a request, in milliseconds. */
const WAITING_MS = 60_000;

/** How long after a request the next process is started, in milliseconds: the rest of an action comes first. */
const FILL_DELAY_MS = 50;

/** Keeps processes that wait for their one request. Nothing in it keeps this process from ending. */
export class WaitingRoom {
  readonly #size: number;
  readonly #start: () => ConfinedProcess | undefined;
  readonly #waiting = new Map<ConfinedProcess, NodeJS.Timeout>();
  #isClosed = false;

  constructor(size: number, start: () => ConfinedProcess | undefined) {
    this.#size = size;
    this.#start = start;
  }

  /** One that waits; undefined when there is none. Who takes it owns it. */
  take(): ConfinedProcess | undefined {
    for (const process of this.#waiting.keys()) {
      this.#forget(process);
      if (process.isWaiting()) return process;
      process.end();
    }
    return undefined;
  }

  /** Starts what is missing. */
  fill(): void {
    while (!this.#isClosed && this.#waiting.size < this.#size) {
      const started = this.#start();
      if (started === undefined) return;
      started.park();
      const timer = setTimeout(() => {
        this.#forget(started);
        started.end();
      }, WAITING_MS);
      timer.unref();
      this.#waiting.set(started, timer);
    }
  }

  /** The same in a moment, so that what is going on does not wait for a start. */
  fillSoon(): void {
    if (this.#size > 0) setTimeout(() => this.fill(), FILL_DELAY_MS).unref();
  }

  close(): void {
    this.#isClosed = true;
    for (const process of this.#waiting.keys()) {
      this.#forget(process);
      process.end();
    }
  }

  #forget(process: ConfinedProcess): void {
    clearTimeout(this.#waiting.get(process));
    this.#waiting.delete(process);
  }
}
