import { describe, expect, test } from 'vitest';
import { createTerminal, printable } from './terminal.ts';

function openFake(isTTY: boolean, env: { NO_COLOR?: string; TERM?: string }) {
  const written: string[] = [];
  const stream = { write: (text: string) => written.push(text), isTTY, columns: 120 };
  return { written, terminal: createTerminal(stream, { ...stream, isTTY: false }, env) };
}

describe('createTerminal', () => {
  test('paints on a terminal', () => {
    expect(openFake(true, {}).terminal.paint('red', 'no')).toBe('\u001b[31mno\u001b[39m');
  });

  test.each([
    ['a pipe', false, {}],
    ['NO_COLOR', true, { NO_COLOR: '1' }],
    ['a dumb terminal', true, { TERM: 'dumb' }],
  ])('paints nothing for %s', (_why, isTTY, env) => {
    expect(openFake(isTTY, env).terminal.paint('red', 'no')).toBe('no');
  });

  test('takes an empty NO_COLOR for none', () => {
    expect(openFake(true, { NO_COLOR: '' }).terminal.paint('bold', 'x')).toBe('\u001b[1mx\u001b[22m');
  });

  test('decides for each stream on its own', () => {
    expect(openFake(true, {}).terminal.paintError('red', 'no')).toBe('no');
  });

  test('writes text as it is, and knows its width', () => {
    const { terminal, written } = openFake(true, {});
    terminal.out('a\n');
    terminal.err('b\n');
    expect(written).toEqual(['a\n', 'b\n']);
    expect(terminal.width).toBe(120);
    expect(openFake(false, {}).terminal.width).toBe(80);
  });
});

describe('printable', () => {
  test('keeps letters, signs and line feeds', () => {
    expect(printable('Größe: 1 €\n😀\n')).toBe('Größe: 1 €\n😀\n');
  });

  test.each(['\u001b[2J', '\r', '\t', '\u0007', '\u009b', '\u202e', '\u200b', '\ud800'])(
    'shows nothing of %j that acts on a terminal',
    (text) => {
      expect(printable(text)).toBe(`?${text.slice(1)}`);
    },
  );
});
