import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ConfinedProcess } from './confined-process.ts';
import { WaitingRoom } from './waiting-room.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A process that does what it is told to. */
function create() {
  const state = { waits: true, ended: 0, parked: 0 };
  const process: ConfinedProcess = {
    isWaiting: () => state.waits,
    park: () => {
      state.parked += 1;
    },
    run: () => Promise.reject(new Error('not asked here')),
    end: () => {
      state.ended += 1;
    },
  };
  return { process, state };
}

function open(size: number) {
  const made: ReturnType<typeof create>[] = [];
  const room = new WaitingRoom(size, () => {
    const one = create();
    made.push(one);
    return one.process;
  });
  return { room, made };
}

describe('a waiting room', () => {
  it('gives each process away once, the first one first, and is filled anew', () => {
    const { room, made } = open(2);
    room.fill();
    expect(made.map(({ state }) => state.parked)).toEqual([1, 1]);
    expect([room.take(), room.take(), room.take()]).toEqual([made[0]?.process, made[1]?.process, undefined]);
    room.fill();
    room.fill();
    expect(made).toHaveLength(4);
    expect(made.every(({ state }) => state.ended === 0)).toBe(true);
    room.close();
  });

  it('gives none away that has ended', () => {
    const { room, made } = open(2);
    room.fill();
    if (made[0] !== undefined) made[0].state.waits = false;
    expect(room.take()).toBe(made[1]?.process);
    expect(made.map(({ state }) => state.ended)).toEqual([1, 0]);
  });

  it('ends who waited for a minute, and starts nobody for that', () => {
    const { room, made } = open(1);
    room.fill();
    vi.advanceTimersByTime(59_000);
    expect(made[0]?.state.ended).toBe(0);
    vi.advanceTimersByTime(2000);
    expect([made.length, made[0]?.state.ended, room.take()]).toEqual([1, 1, undefined]);
  });

  it('ends nobody who was taken, whenever', () => {
    const { room, made } = open(1);
    room.fill();
    room.take();
    vi.advanceTimersByTime(120_000);
    room.close();
    expect(made[0]?.state.ended).toBe(0);
  });

  it('that is closed has nobody any more', () => {
    const { room, made } = open(1);
    room.fill();
    room.close();
    room.fill();
    expect([made.length, made[0]?.state.ended, room.take()]).toEqual([1, 1, undefined]);
  });

  it('is filled in a moment when it is told so, if anybody is to wait in it and it is open', () => {
    const { room, made } = open(1);
    room.fillSoon();
    expect(made).toHaveLength(0);
    vi.advanceTimersByTime(50);
    expect(made).toHaveLength(1);
    room.take();
    room.fillSoon();
    room.close();
    vi.advanceTimersByTime(50);
    const none = open(0);
    none.room.fillSoon();
    expect([made.length, vi.getTimerCount()]).toEqual([1, 0]);
  });

  it('stays empty where nothing can be started', () => {
    const room = new WaitingRoom(1, () => undefined);
    room.fill();
    expect(room.take()).toBeUndefined();
  });
});
