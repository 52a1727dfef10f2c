import { expect, test } from 'vitest';
import { formatJson, formatJsonLine } from './json-output.ts';

test('JSON is the same value, and no text in it acts on a terminal', () => {
  const value = { a: 'x\u009b31m\u202e\u007f\u2028\n', 'b\u202e': ['\u{e0001}', 'ünicode 😀'] };
  for (const text of [formatJson(value), formatJsonLine(value)]) {
    expect(JSON.parse(text)).toEqual(value);
    expect(text).not.toMatch(/[^\P{C}\n]|[\p{Zl}\p{Zp}]/u);
    expect(text).toContain('ünicode 😀');
  }
  expect(formatJsonLine(value).match(/\n/g)).toHaveLength(1);
});
