import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findDirt, listDirt } from './clean-tree.ts';
import { runCommand } from './gate.ts';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'exoarmur-tree-'));
  const identity = ['-c', 'user.name=Test', '-c', 'user.email=test@example.org'];
  writeFileSync(join(root, 'kept.txt'), 'a\n');
  runCommand('git', ['init', '-q'], { cwd: root });
  runCommand('git', ['add', '.'], { cwd: root });
  runCommand('git', [...identity, 'commit', '-qm', 'first'], { cwd: root });
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

describe('clean tree', () => {
  it('finds nothing in a fresh commit', () => expect(listDirt(root)).toEqual([]));

  it('finds a file that a gate left behind', () => {
    const before = listDirt(root);
    writeFileSync(join(root, 'left.txt'), '');
    expect(findDirt(before, listDirt(root), false)).toEqual(['?? left.txt']);
  });

  it('finds a tracked file that a generator changed', () => {
    writeFileSync(join(root, 'kept.txt'), 'b\n');
    expect(findDirt([], listDirt(root), false)).toEqual([' M kept.txt']);
  });

  it('lets work in progress be, except on a build machine', () => {
    writeFileSync(join(root, 'draft.txt'), '');
    const before = listDirt(root);
    expect(findDirt(before, listDirt(root), false)).toEqual([]);
    expect(findDirt(before, listDirt(root), true)).toEqual(['?? draft.txt']);
  });

  it('fails where git cannot answer', () => {
    rmSync(join(root, '.git'), { recursive: true });
    expect(listDirt(root).join()).toContain('git status failed');
  });
});
