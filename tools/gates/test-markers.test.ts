import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { findMarkers } from './test-markers.ts';

const lines = readFileSync(new URL('./fixtures/test-markers/marked.txt', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line !== '');

describe('test markers', () => {
  it('has one example per way to keep a test from running', () => expect(lines.length).toBeGreaterThanOrEqual(15));

  it.each(lines)('refuses %s', (line) => {
    expect(findMarkers(line).length).toBeGreaterThan(0);
  });

  it.each([
    "it('skip is a word', () => { expect(reader.skip(2)).toBe(2); });",
    "it.each([1])('runs %s', () => {});",
    "const options = { only: ['a'] };",
    "it('x', ({ task }) => { task.meta.golden = {}; });",
  ])('accepts %s', (line) => {
    expect(findMarkers(line)).toEqual([]);
  });
});
