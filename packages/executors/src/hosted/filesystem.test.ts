import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { ActionIntent, JsonObject } from '@exoarmur/contracts';
import { confine, createSandboxedHost, digestCode } from '@exoarmur/sandbox';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { intentOf } from '../../test/intent.ts';
import type { FileOperation } from '../filesystem/root.ts';
import { describeFilesystemExecutor } from './describe-filesystem.ts';

const KIT = fileURLToPath(new URL('../../test/hosted-kit.mjs', import.meta.url));
const ALL: readonly FileOperation[] = ['read', 'write', 'delete', 'move'];

let home: string;
beforeEach(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), 'exoarmur-hosted-')));
  mkdirSync(join(home, 'open/way/deep'), { recursive: true });
  mkdirSync(join(home, 'outside'));
  mkdirSync(join(home, 'shown'));
  writeFileSync(join(home, 'open/a.txt'), 'hello');
  writeFileSync(join(home, 'open/way/file.txt'), 'public');
  writeFileSync(join(home, 'shown/b.txt'), 'shown');
  writeFileSync(join(home, 'outside/file.txt'), 'secret');
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const describeIt = () =>
  describeFilesystemExecutor({
    roots: [
      { logical: '/data', real: join(home, 'open'), operations: ALL, trash: 'way' },
      { logical: '/shown', real: join(home, 'shown'), operations: ['read'] },
    ],
  });

/** The code of the executor under the confinement of its host, driven from inside. */
const kit = async (request: JsonObject, write = [join(home, 'open')]) => {
  const { code, config } = describeIt();
  const whole = { ...code, entry: KIT, folders: [...code.folders, dirname(code.entry)] };
  const confined = await confine({
    ...{ code: { ...whole, digest: digestCode(whole) }, mode: 'function', network: 'denied', hasScratch: false },
    ...{ read: [join(home, 'shown'), join(home, 'open')], write, acceptsUnrestrictedNetwork: true },
    limits: { wallClockMs: 60_000 },
  });
  const result = await confined.run({ config, ...request });
  return result.outcome === 'answered' ? result.answer : result;
};

const intents = (...list: readonly [string, string, JsonObject?][]) =>
  list.map(([action, target, parameters]) => intentOf(action, target, parameters ?? {}));
const perform = async (...list: readonly [string, string, JsonObject?][]) =>
  (await kit({ deed: 'perform', intents: intents(...list) as unknown as JsonObject[] })) as unknown as readonly {
    readonly result: string;
    readonly code: string | null;
    readonly error_code: string | null;
    readonly content: string | null;
  }[];

describe('the filesystem executor in a process of its own', () => {
  const open = async () => {
    const described = describeIt();
    const code = { ...described.code, digest: digestCode(described.code) };
    return createSandboxedHost({
      ...{ ...described, code, acceptsUnrestrictedNetwork: true },
      ...{ targetLimits: { wallClockMs: 30_000 }, executionLimits: { wallClockMs: 30_000 } },
    });
  };

  it('validates, previews and performs, with its roots alone', async () => {
    const host = await open();
    expect(host).toMatchObject({ isolation: 'child_process', identity: { name: 'filesystem' } });
    expect(host.hosting).toMatchObject({ permission_model: true, observing: ['file.read', 'read'] });
    const write = intentOf('write', '/data/a.txt', { content: 'hi\n', replace: true });
    const [check, preview] = await Promise.all([host.checkTarget(write), host.preview?.(write)]);
    expect(check).toMatchObject({ result: 'valid', evidence: { exists: true, bytes: 5 } });
    expect(preview).toMatchObject({ media_type: 'text/x-diff', summary: 'replaces /data/a.txt, 5 to 3 bytes' });
    expect(readFileSync(join(home, 'open/a.txt'), 'utf8')).toBe('hello');
    expect(await host.run(intentOf('read', '/shown/b.txt'))).toMatchObject({ claimed: { content: 'shown' } });
    expect(await host.run(write)).toMatchObject({ status: 'succeeded', errorCode: null });
    expect(readFileSync(join(home, 'open/a.txt'), 'utf8')).toBe('hi\n');
    expect(JSON.stringify([check, preview, host.hosting])).not.toContain(home);
  });

  it('moves between folders, keeps what is deleted, and leaves nothing behind', async () => {
    const answers = await perform(
      ['move', '/data/a.txt', { to: '/data/way/deep/b.txt' }],
      ['move', '/data/way/file.txt', { to: '/data/c.txt' }],
      ['move', '/data/c.txt', { to: '/data/d.txt' }],
      ['move', '/data/d.txt', { to: '/data/way/deep/b.txt' }],
      ['delete', '/data/way/deep/b.txt'],
    );
    expect(answers.map(({ error_code }) => error_code)).toEqual([null, null, null, 'EXECUTOR_TARGET_EXISTS', null]);
    expect(readdirSync(join(home, 'open')).sort()).toEqual(['d.txt', 'way']);
    const [deep, kept] = readdirSync(join(home, 'open/way')).sort((a, b) => a.length - b.length);
    expect([deep, readdirSync(join(home, 'open/way/deep'))]).toEqual(['deep', []]);
    expect(kept).toMatch(/^[0-9a-f-]{36}-b\.txt$/);
    expect(readFileSync(join(home, 'open/way', kept as string), 'utf8')).toBe('hello');
  });

  it('refuses every attack on a path with the code that it has in the process of the boundary', async () => {
    symlinkSync(join(home, 'outside/file.txt'), join(home, 'open/link'));
    symlinkSync(join(home, 'outside'), join(home, 'open/gate'));
    symlinkSync('a.txt', join(home, 'open/inner'));
    linkSync(join(home, 'outside/file.txt'), join(home, 'open/hard'));
    const attacks: readonly [string, string, string, JsonObject?][] = [
      ['EXECUTOR_TARGET_MALFORMED', 'read', '/data/../outside/file.txt'],
      ['EXECUTOR_TARGET_MALFORMED', 'delete', '/data/./a.txt'],
      ['EXECUTOR_TARGET_MALFORMED', 'read', '/data/a.txt\0'],
      ['EXECUTOR_TARGET_MALFORMED', 'read', '/data/e\u0301.txt'],
      ['EXECUTOR_TARGET_OUTSIDE_ROOTS', 'read', '/proc/self/environ'],
      ['EXECUTOR_TARGET_OUTSIDE_ROOTS', 'read', '/etc/passwd'],
      ['EXECUTOR_TARGET_NOT_FOUND', 'read', '/data/A.TXT'],
      ['EXECUTOR_TARGET_IS_LINK', 'read', '/data/link'],
      ['EXECUTOR_TARGET_IS_LINK', 'delete', '/data/inner'],
      ['EXECUTOR_TARGET_IS_LINK', 'read', '/data/gate/file.txt'],
      ['EXECUTOR_TARGET_IS_LINK', 'write', '/data/gate/new', { content: 'x' }],
      ['EXECUTOR_TARGET_IS_LINK', 'write', '/data/link', { content: 'x', replace: true }],
      ['EXECUTOR_TARGET_HARD_LINKED', 'read', '/data/hard'],
      ['EXECUTOR_TARGET_HARD_LINKED', 'delete', '/data/hard'],
      ['EXECUTOR_TARGET_NOT_A_FILE', 'delete', '/data/way'],
      ['EXECUTOR_OPERATION_NOT_ALLOWED', 'write', '/shown/b.txt', { content: 'x', replace: true }],
      ['EXECUTOR_TARGET_EXISTS', 'write', '/data/a.txt', { content: 'x' }],
    ];
    const answers = await perform(...attacks.map(([, ...attack]) => attack));
    expect(answers.map(({ code, error_code }) => [code, error_code])).toEqual(attacks.map(([code]) => [code, code]));
    const through = await perform(['move', '/data/a.txt', { to: '/data/gate/a.txt' }], ['read', '/data/a.txt']);
    expect(through).toMatchObject([{ error_code: 'EXECUTOR_TARGET_IS_LINK' }, { content: 'hello' }]);
    expect(readdirSync(join(home, 'outside'))).toEqual(['file.txt']);
    expect(readFileSync(join(home, 'outside/file.txt'), 'utf8')).toBe('secret');
    expect(readdirSync(join(home, 'open')).sort()).toEqual(['a.txt', 'gate', 'hard', 'inner', 'link', 'way']);
  });

  it('says that a root is gone', async () => {
    rmSync(join(home, 'open'), { recursive: true });
    expect(await perform(['read', '/data/a.txt'])).toMatchObject([{ error_code: 'EXECUTOR_ROOT_UNAVAILABLE' }]);
  });

  it('is led nowhere by a directory that is swapped for a link while it works', async () => {
    symlinkSync(join(home, 'outside'), join(home, 'open/link'));
    const swapper = new Worker(
      `const { renameSync } = require('node:fs');
       const { parentPort, workerData: at } = require('node:worker_threads');
       parentPort.postMessage('ready');
       for (;;) {
         renameSync(at + '/way', at + '/kept'); renameSync(at + '/link', at + '/way');
         renameSync(at + '/way', at + '/link'); renameSync(at + '/kept', at + '/way');
       }`,
      { eval: true, workerData: join(home, 'open') },
    );
    await new Promise((resolve) => swapper.once('message', resolve));
    try {
      const list: ActionIntent[] = intents(
        ['read', '/data/way/file.txt'],
        ['write', '/data/way/new', { content: 'x', replace: true }],
        ['delete', '/data/way/new'],
        ['move', '/data/a.txt', { to: '/data/way/a.txt' }],
        ['move', '/data/way/a.txt', { to: '/data/a.txt' }],
      );
      // Both have to happen: it gets through, and it is refused on the way.
      const until = ['public', 'EXECUTOR_TARGET_IS_LINK'];
      const seen = await kit({ deed: 'repeat', intents: list as unknown as JsonObject[], turns: 400, until });
      expect(Object.keys(seen as object)).toEqual(expect.arrayContaining(until));
      const other = Object.keys(seen as object).filter(
        (what) => !/^(?:EXECUTOR_[A-Z_]+|public|write|delete|move|doubt|hello)$/.test(what),
      );
      expect(other).toEqual([]);
    } finally {
      await swapper.terminate();
    }
    expect(readdirSync(join(home, 'outside'))).toEqual(['file.txt']);
    expect(readFileSync(join(home, 'outside/file.txt'), 'utf8')).toBe('secret');
  });

  const first = () => intents(['read', '/data/a.txt']) as unknown as JsonObject[];

  it('is stopped by its confinement when a fault of its own would reach outside', async () => {
    const path = join(home, 'outside/file.txt');
    expect(await kit({ deed: 'fall', intents: first(), path })).toMatchObject({
      ...{ outcome: 'failed', code: 'SANDBOX_PERMISSION_DENIED', breaches: [{ detail: 'FileSystemRead' }] },
    });
    const faults: readonly [string, string, string][] = [
      ['FileSystemRead', 'read', path],
      ['FileSystemWrite', 'write', path],
      ['FileSystemRead', 'list', join(home, 'outside')],
      ['FileSystemRead', 'go', join(home, 'outside')],
      ['FileSystemRead', 'list', home],
      ['FileSystemRead', 'list', '/proc/self/fd'],
      ['FileSystemRead', 'read', `${'../'.repeat(30)}etc/passwd`],
      // A root for reading is for reading, and nobody goes there from one that can be written.
      ['FileSystemWrite', 'write', join(home, 'shown/new')],
      ['FileSystemWrite', 'go', join(home, 'shown')],
      ['FileSystemWrite', 'write', KIT],
    ];
    const ends = await kit({ deed: 'fault', intents: first(), faults: faults.map(([, ...fault]) => fault) });
    expect(ends).toEqual(faults.map(([permission]) => `ERR_ACCESS_DENIED ${permission}`));
    expect(readFileSync(path, 'utf8')).toBe('secret');
    expect(existsSync(join(home, 'shown/new'))).toBe(false);
  });

  it('can write nowhere when nothing is granted to be written', async () => {
    const faults = [join(home, 'open/new'), 'scratch'].map((path) => ['write', path]);
    const ends = await kit({ deed: 'fault', intents: first(), faults }, []);
    expect(ends).toEqual(['ERR_ACCESS_DENIED FileSystemWrite', 'ERR_ACCESS_DENIED FileSystemWrite']);
  });
});

describe('the description of a filesystem executor', () => {
  it('grants each root what its operations need', () => {
    const described = describeIt();
    expect(described).toMatchObject({ read: [join(home, 'shown')], write: [join(home, 'open')], hasScratch: false });
    expect(described.observing).toEqual(['file.read', 'read']);
  });

  it('grants the folder that a link leads to, and leaves one that is not there as it is', () => {
    symlinkSync(join(home, 'open'), join(home, 'linked'));
    const real = (path: string) =>
      describeFilesystemExecutor({ roots: [{ logical: '/x', real: path, operations: ['read'] }] });
    expect(real(join(home, 'linked')).read).toEqual([join(home, 'open')]);
    expect(real(join(home, 'none')).read).toEqual([join(home, 'none')]);
  });

  it('refuses what the executor refuses', () => {
    expect(() => describeFilesystemExecutor({ roots: [] })).toThrow(
      expect.objectContaining({ code: 'EXECUTOR_CONFIG_INVALID' }),
    );
  });
});
