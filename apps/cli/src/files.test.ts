import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createPrivateFile, readInputFile, replaceFile } from './files.ts';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'exoarmur-files-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const withCode = (code: string) => expect.objectContaining({ code });

describe('readInputFile', () => {
  test('reads a file up to the limit and not one byte more', () => {
    writeFileSync(join(folder, 'a'), 'four');
    expect(Buffer.from(readInputFile(join(folder, 'a'), 4).bytes).toString()).toBe('four');
    expect(() => readInputFile(join(folder, 'a'), 3)).toThrow(withCode('CLI_INPUT_TOO_LARGE'));
  });

  test('reads an empty file', () => {
    writeFileSync(join(folder, 'a'), '');
    expect(readInputFile(join(folder, 'a'), 4).bytes).toHaveLength(0);
  });

  test('refuses what is not there and what is no file', () => {
    expect(() => readInputFile(join(folder, 'b'), 4)).toThrow(withCode('CLI_INPUT_UNREADABLE'));
    expect(() => readInputFile(folder, 4)).toThrow(withCode('CLI_INPUT_UNREADABLE'));
  });
});

describe('createPrivateFile', () => {
  test('leaves an existing file alone', () => {
    writeFileSync(join(folder, 'a'), 'mine');
    expect(() => createPrivateFile(join(folder, 'a'), Buffer.from('new'))).toThrow(withCode('CLI_OUTPUT_EXISTS'));
    expect(readFileSync(join(folder, 'a'), 'utf8')).toBe('mine');
  });

  test('says so when the folder is not there', () => {
    const path = join(folder, 'none', 'a');
    expect(() => createPrivateFile(path, Buffer.from('new'))).toThrow(withCode('CLI_OUTPUT_UNWRITABLE'));
  });
});

describe('replaceFile', () => {
  test('puts the new bytes in place of the old and leaves nothing beside them', () => {
    replaceFile(join(folder, 'a'), Buffer.from('old, longer'));
    replaceFile(join(folder, 'a'), Buffer.from('new'));
    expect(readFileSync(join(folder, 'a'), 'utf8')).toBe('new');
    expect(readdirSync(folder)).toEqual(['a']);
  });

  test('leaves what stands there when it cannot replace it', () => {
    const path = join(folder, 'none', 'a');
    expect(() => replaceFile(path, Buffer.from('new'))).toThrow(withCode('CLI_OUTPUT_UNWRITABLE'));
    expect(statSync(folder).isDirectory()).toBe(true);
    expect(readdirSync(folder)).toEqual([]);
  });
});
