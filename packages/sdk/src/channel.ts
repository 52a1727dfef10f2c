/** A channel of one value at a time: whoever writes waits until it was read. */
export interface Channel<Value> {
  /** Resolves when the value was taken; rejects when the reader is gone. */
  readonly push: (value: Value) => Promise<void>;
  /** No value comes any more. */
  readonly end: () => void;
  read(): AsyncGenerator<Value, void, undefined>;
}

/** @param left aborted when nobody reads any more */
export function createChannel<Value>(left: AbortSignal): Channel<Value> {
  let waiting: { readonly value: Value; readonly taken: () => void; readonly refused: (reason: unknown) => void }[] =
    [];
  let isEnded = false;
  let wake: () => void = () => undefined;
  left.addEventListener('abort', () => {
    for (const { refused } of waiting) refused(left.reason);
    waiting = [];
    wake();
  });
  return {
    push: (value) =>
      new Promise((taken, refused) => {
        if (left.aborted) return refused(left.reason);
        waiting.push({ value, taken, refused });
        wake();
      }),
    end: () => {
      isEnded = true;
      wake();
    },
    async *read() {
      for (;;) {
        const next = waiting.shift();
        if (next !== undefined) {
          let isTaken = false;
          try {
            yield next.value;
            isTaken = true;
          } finally {
            // A reader that leaves at this value has not asked for more.
            if (isTaken) next.taken();
            else next.refused(new Error('the reader of the channel left'));
          }
        } else if (isEnded) return;
        else {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      }
    },
  };
}
