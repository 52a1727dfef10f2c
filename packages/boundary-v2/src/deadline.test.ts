import { describe, expect, it } from 'vitest';
import { settleWithin } from './deadline.ts';

const never = () => new Promise(() => undefined);

describe('settleWithin', () => {
  it('gives the value or the fault, also one thrown at once', async () => {
    expect(await settleWithin(1000, () => 7)).toEqual({ outcome: 'returned', value: 7 });
    const error = new Error('x');
    expect(await settleWithin(1000, () => Promise.reject(error))).toEqual({ outcome: 'threw', error });
    const thrower = () => {
      throw error;
    };
    expect(await settleWithin(1000, thrower)).toEqual({ outcome: 'threw', error });
  });

  it.each(['then', 'constructor'])('lets no promise reach it through a %s of its own', async (member) => {
    const trap = () => {
      throw new TypeError('trap');
    };
    const promise = Object.defineProperty(Promise.resolve(7), member, { get: trap });
    const settled = await settleWithin(1000, () => promise);
    if (member === 'then') expect(settled).toEqual({ outcome: 'returned', value: 7 });
    else expect(settled).toMatchObject({ outcome: 'threw', error: { message: 'trap' } });
  });

  it('tells the work when its time is up', async () => {
    let told: AbortSignal | undefined;
    const settled = await settleWithin(5, (signal) => {
      told = signal();
      return never();
    });
    expect(settled).toEqual({ outcome: 'timed_out' });
    expect(told?.aborted).toBe(true);
  });

  it('tells the work when the caller gives up, and does not begin it for one who has', async () => {
    const controller = new AbortController();
    let told: AbortSignal | undefined;
    const settling = settleWithin(
      1000,
      (signal) => {
        told = signal();
        controller.abort();
        return never();
      },
      controller.signal,
    );
    expect(await settling).toEqual({ outcome: 'aborted' });
    expect(told?.aborted).toBe(true);
    let begun = false;
    const work = () => {
      begun = true;
    };
    expect(await settleWithin(1000, work, AbortSignal.abort())).toEqual({ outcome: 'aborted' });
    expect(begun).toBe(false);
  });

  it('tells also the work that asks when it is too late, and goes on telling it after it has answered', async () => {
    let ask: (() => AbortSignal) | undefined;
    let answer: () => void = () => undefined;
    const settled = await settleWithin(5, (signal) => {
      ask = signal;
      return new Promise<void>((resolve) => {
        answer = resolve;
      });
    });
    expect(settled).toEqual({ outcome: 'timed_out' });
    answer();
    await new Promise(setImmediate);
    expect(ask?.().aborted).toBe(true);
  });

  it('does not tell work that is done', async () => {
    let told: AbortSignal | undefined;
    await settleWithin(1000, (signal) => {
      told = signal();
    });
    expect(told?.aborted).toBe(false);
  });
});
