import { mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { enterDirectory } from './entered-directory.ts';
import { parseLogicalPath } from './logical-path.ts';
import type { OpenedRoot } from './root.ts';

const before = process.cwd();
const go = process.chdir.bind(process);
const renamed = { code: 'EXECUTOR_TARGET_RENAMED' };

let home: string;
let root: OpenedRoot;
beforeEach(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), 'exoarmur-enter-')));
  for (const name of ['open/way', 'open/other', 'outside']) mkdirSync(join(home, name), { recursive: true });
  root = {
    logical: parseLogicalPath('/data'),
    real: join(home, 'open'),
    operations: new Set(['read'] as const),
    trash: null,
  };
});
afterEach(() => {
  go(before);
  rmSync(home, { recursive: true, force: true });
});

const swap = (name: string) => {
  renameSync(join(home, 'open', name), join(home, 'open/kept'));
  renameSync(join(home, 'open/other'), join(home, 'open', name));
};

describe('a directory that is held by being in it', () => {
  it('is the one that was opened, or none: another one may be there when it is entered', async () => {
    vi.spyOn(process, 'chdir').mockImplementation((path) => {
      if (path === 'way') swap('way');
      go(path);
    });
    await expect(enterDirectory(root, ['way'])).rejects.toMatchObject(renamed);
  });

  it('is not entered where the way to it is closed or gone meanwhile', async () => {
    vi.spyOn(process, 'chdir').mockImplementation((path) => {
      if (path === 'way') throw Object.assign(new Error('no'), { code: 'ERR_ACCESS_DENIED' });
      go(path);
    });
    await expect(enterDirectory(root, ['way'])).rejects.toMatchObject(renamed);
  });

  it('has exactly the name that its parent lists', async () => {
    // Some spelling that opens it and is not listed; a file system that folds names has more of them.
    await expect(enterDirectory(root, ['.'])).rejects.toMatchObject(renamed);
    await expect(enterDirectory(root, ['way', '.'])).rejects.toMatchObject(renamed);
  });

  it('is entered again only while it is where it was', async () => {
    const held = await enterDirectory(root, ['way']);
    go(join(home, 'open'));
    await held.enter();
    expect(process.cwd()).toBe(join(home, 'open/way'));
    go(join(home, 'open'));
    swap('way');
    await expect(held.enter()).rejects.toMatchObject(renamed);
    go(join(home, 'open'));
    renameSync(join(home, 'open/way'), join(home, 'open/away'));
    symlinkSync(join(home, 'outside'), join(home, 'open/way'));
    await expect(held.enter()).rejects.toMatchObject(renamed);
    await held.close();
  });

  it('reaches its root upwards', async () => {
    const held = await enterDirectory(root, ['way']);
    expect([held.entry('x'), held.rootEntry('x')]).toEqual(['./x', './../x']);
    await held.close();
    const own = await enterDirectory(root, []);
    expect(own.rootEntry('x')).toBe('./x');
    await own.close();
  });
});
