import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { isShownOutput, parseBlocks, runBlocks } from './documents.ts';

const folder = mkdtempSync(join(tmpdir(), 'exoarmur-docs-test-'));
const run = (name: string): string[] =>
  runBlocks(
    parseBlocks(readFileSync(new URL(`./fixtures/documents/${name}.md`, import.meta.url), 'utf8')),
    folder,
    folder,
  );

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('documents', () => {
  it('runs the fenced blocks that are meant to be tried, and only those', () => {
    const blocks = parseBlocks(readFileSync(new URL('./fixtures/documents/lawful.md', import.meta.url), 'utf8'));
    expect(blocks.map(({ kind }) => kind)).toEqual(['console', 'ts']);
    expect(run('lawful')).toEqual([]);
  }, 30_000);

  it.each([
    ['output that differs', 'other-output', 'other output'],
    ['output that is left out without an ellipsis', 'output-left-out', 'other output'],
    ['a command that fails', 'failing-command', 'exit code 3'],
    ['a program that does not compile', 'type-error', 'does not compile'],
    ['a program that throws', 'failing-program', 'exit code 1'],
  ])(
    'refuses %s',
    (_, name, message) => {
      expect(run(name).join()).toContain(message);
    },
    30_000,
  );

  it('takes characters of the shown output literally', () => {
    expect(isShownOutput(['a.c'], 'abc')).toBe(false);
    expect(isShownOutput(['(a|b)+'], '(a|b)+\n')).toBe(true);
  });
});
