import { describe, expect, it } from 'vitest';
import { SliceShelf } from './slice-shelf.ts';

const POLICIES = Array.from({ length: 6 }, (_, n) => ({ id: `p${n}`, text: 'permit(principal, action, resource);' }));

describe('SliceShelf', () => {
  it('keeps a slice under one name for as long as there is room', () => {
    const shelf = new SliceShelf(POLICIES, 'test/keep');
    const first = shelf.fetch([0, 1]);
    expect(shelf.fetch([2])).not.toBe(first);
    expect(shelf.fetch([0, 1])).toBe(first);
  });

  it('lets the least recently used slice make room, and uses its name again', () => {
    const shelf = new SliceShelf(POLICIES, 'test/evict', 6);
    const [a, b] = [shelf.fetch([0, 1]), shelf.fetch([2, 3])];
    expect(shelf.fetch([0, 1])).toBe(a);
    expect(shelf.fetch([4])).toBe(b);
    expect(shelf.fetch([0, 1])).toBe(a);
  });

  it('keeps a slice that is larger than the whole budget', () => {
    const shelf = new SliceShelf(POLICIES, 'test/large', 2);
    const name = shelf.fetch([0, 1, 2, 3, 4, 5]);
    expect(shelf.fetch([0, 1, 2, 3, 4, 5])).toBe(name);
  });

  it('gives no name to a slice that the engine cannot read', () => {
    const shelf = new SliceShelf([{ id: 'bad', text: 'permit(' }], 'test/bad');
    expect(shelf.fetch([0])).toBeUndefined();
    expect(shelf.fetch([])).toBe('test/bad/0');
  });
});
