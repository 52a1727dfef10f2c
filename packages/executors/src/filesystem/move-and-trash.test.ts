import {
  linkSync,
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
import type { ActionIntent, JsonObject } from '@exoarmur/contracts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { intentOf } from '../../test/intent.ts';
import { createExecutor, createFilesystemExecutor } from './filesystem-executor.ts';
import { pinDirectory } from './pinned-directory.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'exoarmur-files-'));
  for (const name of ['data', 'data/sub', 'data/bin', 'other']) mkdirSync(join(folder, name));
  writeFileSync(join(folder, 'data/a.txt'), 'one\ntwo\n');
});
afterEach(() => rmSync(folder, { recursive: true }));

const executorOf = (trash?: string) =>
  createFilesystemExecutor({
    roots: [
      {
        ...{ logical: '/data', real: join(folder, 'data'), operations: ['read', 'write', 'delete', 'move'] },
        ...(trash === undefined ? {} : { trash }),
      },
      { logical: '/other', real: join(folder, 'other'), operations: ['read', 'move'] },
    ],
  });

const perform = (intent: ActionIntent, trash?: string) =>
  executorOf(trash).execute(intent, { signal: new AbortController().signal });
const read = (name: string) => readFileSync(join(folder, name), 'utf8');

describe('a move', () => {
  it('takes a file to a free name below its root, and looks at both places', async () => {
    const report = await perform(intentOf('file.move', '/data/a.txt', { to: '/data/sub/b.txt' }));
    expect(report).toEqual({
      success: true,
      error_code: null,
      claimed: { operation: 'move', path: '/data/a.txt', to: '/data/sub/b.txt' },
      observed: { exists: false, arrived: true, bytes: 8 },
    });
    expect([readdirSync(join(folder, 'data')).sort(), read('data/sub/b.txt')]).toEqual([['bin', 'sub'], 'one\ntwo\n']);
  });

  it.each<[string, JsonObject, string]>([
    ['onto something', { to: '/data/sub' }, 'EXECUTOR_TARGET_EXISTS'],
    ['onto itself', { to: '/data/a.txt' }, 'EXECUTOR_TARGET_EXISTS'],
    ['to another root', { to: '/other/a.txt' }, 'EXECUTOR_OPERATION_NOT_ALLOWED'],
    ['out of the roots', { to: '/etc/a.txt' }, 'EXECUTOR_TARGET_OUTSIDE_ROOTS'],
    ['by climbing', { to: '/data/../other/a.txt' }, 'EXECUTOR_TARGET_MALFORMED'],
    ['through a link', { to: '/data/link/a.txt' }, 'EXECUTOR_TARGET_IS_LINK'],
    ['into a folder that is not there', { to: '/data/none/a.txt' }, 'EXECUTOR_TARGET_NOT_FOUND'],
    ['to nowhere', {}, 'EXECUTOR_PARAMETERS_MALFORMED'],
  ])('does not lead %s', async (_, parameters, code) => {
    symlinkSync(join(folder, 'other'), join(folder, 'data/link'));
    const report = await perform(intentOf('move', '/data/a.txt', parameters));
    expect(report).toMatchObject({ success: false, error_code: code });
    expect([read('data/a.txt'), readdirSync(join(folder, 'other'))]).toEqual(['one\ntwo\n', []]);
  });

  it('takes no link and no file with a second name', async () => {
    symlinkSync(join(folder, 'data/a.txt'), join(folder, 'data/link'));
    const link = await perform(intentOf('move', '/data/link', { to: '/data/b' }));
    expect(link).toMatchObject({ success: false, error_code: 'EXECUTOR_TARGET_IS_LINK' });
    linkSync(join(folder, 'data/a.txt'), join(folder, 'other/second'));
    const linked = await perform(intentOf('move', '/data/a.txt', { to: '/data/b' }));
    expect(linked).toMatchObject({ success: false, error_code: 'EXECUTOR_TARGET_HARD_LINKED' });
  });
});

describe('a trash', () => {
  it('keeps what is deleted, and a move takes it back', async () => {
    const deleted = await perform(intentOf('delete', '/data/a.txt'), 'bin');
    expect(deleted).toMatchObject({
      success: true,
      claimed: { deleted: true },
      observed: { exists: false, arrived: true },
    });
    const kept = deleted.claimed.trashed_as as string;
    expect(kept).toMatch(/^\/data\/bin\/[0-9a-f-]{36}-a\.txt$/);
    expect(read(kept.slice(1))).toBe('one\ntwo\n');
    await perform(intentOf('move', kept, { to: '/data/a.txt' }), 'bin');
    expect(read('data/a.txt')).toBe('one\ntwo\n');
  });

  it('that is not there leaves the file where it is', async () => {
    const report = await perform(intentOf('delete', '/data/a.txt'), 'gone');
    expect(report).toMatchObject({ success: false, error_code: 'EXECUTOR_TARGET_NOT_FOUND' });
    expect(read('data/a.txt')).toBe('one\ntwo\n');
  });

  it.each(['..', 'a/b', ''])('is one name: %j', (trash) => {
    expect(() => executorOf(trash)).toThrow(expect.objectContaining({ code: expect.stringMatching(/^EXECUTOR_/) }));
  });
});

describe('a preview', () => {
  const preview = (intent: ActionIntent, trash?: string) => executorOf(trash).preview?.(intent);

  it('shows what a write would change, and changes nothing', async () => {
    const shown = await preview(intentOf('write', '/data/a.txt', { content: 'one\nthree\n', replace: true }));
    expect(shown).toMatchObject({ media_type: 'text/x-diff', summary: 'replaces /data/a.txt, 8 to 10 bytes' });
    expect(shown?.body).toContain('-two\n+three\n');
    expect(read('data/a.txt')).toBe('one\ntwo\n');
    const created = await preview(intentOf('write', '/data/new.txt', { content: 'x\n' }));
    expect(created).toMatchObject({ summary: 'creates /data/new.txt, 0 to 2 bytes', is_truncated: false });
    expect(created?.body).toContain('+x\n');
  });

  it('shows what a delete takes away, and whether it can be taken back', async () => {
    const shown = await preview(intentOf('delete', '/data/a.txt'));
    expect(shown?.summary).toBe('deletes /data/a.txt, 8 bytes, for good');
    expect(shown?.body).toContain('-one\n-two\n');
    const kept = await preview(intentOf('delete', '/data/a.txt'), 'bin');
    expect(kept?.summary).toContain('into bin, from where it can be moved back');
  });

  it('says sizes where there is no text, and bounds what it shows', async () => {
    for (const bytes of [Uint8Array.of(255, 254), Uint8Array.of(0x61, 0, 0x62)]) {
      writeFileSync(join(folder, 'data/a.txt'), bytes);
      const binary = await preview(intentOf('delete', '/data/a.txt'));
      expect(binary).toMatchObject({ media_type: 'text/plain', body: '' });
    }
    writeFileSync(join(folder, 'data/a.txt'), `${'x'.repeat(99)}\n`.repeat(5000));
    const long = await preview(intentOf('delete', '/data/a.txt'));
    expect([long?.is_truncated, long?.body.length]).toEqual([true, 60_000]);
    writeFileSync(join(folder, 'data/a.txt'), '\n'.repeat(30_000));
    expect(await preview(intentOf('delete', '/data/a.txt'))).toMatchObject({ media_type: 'text/plain' });
    const moved = await preview(intentOf('move', '/data/a.txt', { to: '/data/b.txt' }));
    expect(moved?.summary).toBe('moves /data/a.txt to /data/b.txt, 30000 bytes');
  });
});

describe('an effect that nobody could look at afterwards', () => {
  it.each<[string, JsonObject, string]>([
    ['write', { content: 'x', replace: true }, 'a.txt'],
    ['delete', {}, 'a.txt'],
    ['move', { to: '/data/b.txt' }, 'b.txt'],
  ])('is in doubt, not refused: %s', async (action, parameters, name) => {
    const executor = createExecutor(
      { roots: [{ logical: '/data', real: join(folder, 'data'), operations: ['write', 'delete', 'move'] }] },
      async (root, names) => {
        const directory = await pinDirectory(root, names);
        const sync = async () => {
          await directory.sync();
          rmSync(join(folder, 'data', name), { force: true });
          symlinkSync('elsewhere', join(folder, 'data', name));
        };
        return { ...directory, sync };
      },
    );
    const intent = intentOf(action, '/data/a.txt', parameters);
    await expect(executor.execute(intent, { signal: new AbortController().signal })).rejects.toThrow(
      'after the effect',
    );
  });
});
