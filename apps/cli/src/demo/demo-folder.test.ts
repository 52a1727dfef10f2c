import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DEMO_FILES, MARKER, prepareDemoFolder } from './demo-folder.ts';

let parent = '';
let folder = '';

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'exoarmur-demo-'));
  folder = join(parent, 'out');
});

afterEach(() => {
  rmSync(parent, { recursive: true, force: true });
});

const refusal = expect.objectContaining({ code: 'CLI_DEMO_FOLDER_FOREIGN' });

describe('prepareDemoFolder', () => {
  test('makes the files at stake', () => {
    prepareDemoFolder(folder);
    expect(readFileSync(join(folder, DEMO_FILES.secret), 'utf8')).toContain('customer');
    expect(existsSync(join(folder, DEMO_FILES.scratch))).toBe(true);
  });

  test('makes them anew after an earlier run and leaves what it did not make', () => {
    prepareDemoFolder(folder);
    rmSync(join(folder, DEMO_FILES.scratch));
    writeFileSync(join(folder, DEMO_FILES.secret), 'changed');
    writeFileSync(join(folder, DEMO_FILES.bundle), 'old');
    writeFileSync(join(folder, 'private', 'mine.txt'), 'mine');
    prepareDemoFolder(folder);
    expect(readFileSync(join(folder, DEMO_FILES.secret), 'utf8')).toContain('customer');
    expect(existsSync(join(folder, DEMO_FILES.scratch))).toBe(true);
    expect(existsSync(join(folder, DEMO_FILES.bundle))).toBe(false);
    expect(readFileSync(join(folder, 'private', 'mine.txt'), 'utf8')).toBe('mine');
  });

  test('takes an empty folder', () => {
    mkdirSync(folder);
    prepareDemoFolder(folder);
    expect(readdirSync(folder)).toContain(MARKER);
  });

  test('refuses a folder that it did not make, and touches nothing in it', () => {
    mkdirSync(join(folder, 'private'), { recursive: true });
    writeFileSync(join(folder, DEMO_FILES.bundle), 'mine');
    expect(() => prepareDemoFolder(folder)).toThrow(refusal);
    expect(readFileSync(join(folder, DEMO_FILES.bundle), 'utf8')).toBe('mine');
  });

  test('refuses a file in the place of the folder', () => {
    writeFileSync(folder, 'mine');
    expect(() => prepareDemoFolder(folder)).toThrow(refusal);
    expect(readFileSync(folder, 'utf8')).toBe('mine');
  });

  test('refuses a link in the place of an inner folder, and removes nothing behind it', () => {
    prepareDemoFolder(folder);
    const elsewhere = join(parent, 'elsewhere');
    mkdirSync(elsewhere);
    writeFileSync(join(elsewhere, 'customer-records.csv'), 'mine');
    rmSync(join(folder, 'private'), { recursive: true });
    mkdirSync(join(folder, 'private'));
    symlinkSync(elsewhere, join(folder, 'private', 'secret-exports'), 'junction');
    expect(() => prepareDemoFolder(folder)).toThrow(refusal);
    expect(readFileSync(join(elsewhere, 'customer-records.csv'), 'utf8')).toBe('mine');
  });
});
