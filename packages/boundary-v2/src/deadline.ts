/** What came of waiting: the value, the fault, or nothing in time. */
export type Settled<Value> =
  | { readonly outcome: 'returned'; readonly value: Value }
  | { readonly outcome: 'threw'; readonly error: unknown }
  | { readonly outcome: 'timed_out' }
  | { readonly outcome: 'aborted' };

/**
 * Runs `work` for at most `timeoutMs` and never throws. The work is told through its signal, if it asks for one, when its
 * time is up or the caller gave up; whatever it answers after that is dropped.
 */
export function settleWithin<Value>(
  timeoutMs: number,
  work: (signal: () => AbortSignal) => Promise<Value> | Value,
  cancel?: AbortSignal,
): Promise<Settled<Value>> {
  return new Promise((resolve) => {
    // Made when asked for: most work has no use for it.
    let controller: AbortController | undefined;
    let isOver = false;
    const signal = (): AbortSignal => {
      controller ??= new AbortController();
      if (isOver) controller.abort();
      return controller.signal;
    };
    const settle = (settled: Settled<Value>) => {
      clearTimeout(timer);
      cancel?.removeEventListener('abort', giveUp);
      resolve(settled);
      isOver ||= settled.outcome === 'timed_out' || settled.outcome === 'aborted';
      if (isOver) controller?.abort();
    };
    const giveUp = () => settle({ outcome: 'aborted' });
    const timer = setTimeout(() => settle({ outcome: 'timed_out' }), timeoutMs);
    if (cancel?.aborted) return giveUp();
    cancel?.addEventListener('abort', giveUp, { once: true });
    // SECURITY: `await` reads no `then` of a promise, and what it does read may throw in here; a promise of somebody else's
    // may have members of its own.
    const settling = async () => await work(signal);
    settling().then(
      (value) => settle({ outcome: 'returned', value }),
      (error: unknown) => settle({ outcome: 'threw', error }),
    );
  });
}
