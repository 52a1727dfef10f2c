import { describe, expect, test } from 'vitest';
import { matchesOutput, parseScript } from './script.ts';

describe('parseScript', () => {
  test('reads commands, expectations and files', () => {
    const script = parseScript(
      "# x\n$ A=1 run 'a b' c > out\n\n$ two\none line\n! bad\n\\! good\n? 2\n\n-- f/g.txt --\nhi\n-- h --\n",
    );
    expect(script.steps).toEqual([
      { line: 2, words: ['run', 'a b', 'c'], env: { A: '1' }, redirect: 'out', stdout: [], stderr: [], exitCode: 0 },
      {
        line: 4,
        words: ['two'],
        env: {},
        redirect: null,
        stdout: ['one line', '! good'],
        stderr: ['bad'],
        exitCode: 2,
      },
    ]);
    expect([...script.files]).toEqual([
      ['f/g.txt', 'hi\n'],
      ['h', ''],
    ]);
  });

  test('refuses an output that belongs to no command', () => {
    expect(() => parseScript('stray\n$ run\n')).toThrow('output before the first command');
  });
});

describe('matchesOutput', () => {
  test.each([
    [['a'], 'a\n', true],
    [['a'], 'a\nb\n', false],
    [['a', 'b'], 'a\n', false],
    [['a.c'], 'abc\n', false],
    [['a [..] c'], 'a long b c\n', true],
    [['a[..]'], 'a\nb\n', false],
    [['...'], '', true],
    [['a', '...', 'z'], 'a\nb\nc\nz\n', true],
    [['a', '...', 'z'], 'a\nb\n', false],
    [[], '', true],
    [[], 'a\n', false],
    [['a', 'b'], 'a\n\n\nb\n', true],
  ])('compares %j with %j: %s', (expected, found, isMatch) => {
    expect(matchesOutput(expected, found)).toBe(isMatch);
  });
});
