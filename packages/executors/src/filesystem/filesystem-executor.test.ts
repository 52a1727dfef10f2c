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
import { createFilesystemExecutor } from './filesystem-executor.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'exoarmur-fs-'));
  mkdirSync(join(home, 'open/sub'), { recursive: true });
  mkdirSync(join(home, 'outside'));
  writeFileSync(join(home, 'open/a.txt'), 'hello');
  writeFileSync(join(home, 'outside/secret.txt'), 'secret');
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

function executor() {
  return createFilesystemExecutor({
    roots: [
      { logical: '/data', real: join(home, 'open'), operations: ['read', 'write', 'delete'] },
      { logical: '/data/sub', real: join(home, 'open/sub'), operations: ['read'] },
    ],
  });
}

/** The code of the refusal, the same from the validation and from the act, with nothing changed on the disk. */
async function refusal(request: ActionIntent): Promise<string> {
  const subject = executor();
  const check = await subject.validateTarget(request);
  expect(check.result).not.toBe('valid');
  const report = await subject.execute(request, { signal: new AbortController().signal });
  expect(report.success).toBe(false);
  expect(report.error_code).toBe(check.evidence.code);
  expect(readFileSync(join(home, 'outside/secret.txt'), 'utf8')).toBe('secret');
  return String(report.error_code);
}

const run = (request: ActionIntent, signal = new AbortController().signal) => executor().execute(request, { signal });

describe('what is allowed', () => {
  it('deletes a file and observes that it is gone', async () => {
    const report = await run(intentOf('delete', '/data/a.txt', { operation: 'delete' }));
    expect(report).toEqual({
      success: true,
      error_code: null,
      claimed: { operation: 'delete', path: '/data/a.txt', deleted: true },
      observed: { exists: false },
    });
    expect(readdirSync(join(home, 'open'))).toEqual(['sub']);
  });

  it('reads text as text and other bytes as base64', async () => {
    const text = await run(intentOf('file.read', '/data/a.txt'));
    expect(text.claimed).toEqual({ operation: 'read', path: '/data/a.txt', bytes: 5, content: 'hello' });
    expect(text.observed.sha256).toBe('2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824');
    writeFileSync(join(home, 'open/b'), Uint8Array.of(0xff));
    expect((await run(intentOf('read', '/data/b'))).claimed.content_base64).toBe('/w==');
  });

  it('writes a new file and replaces one only when told to', async () => {
    const target = '/data/new.txt';
    expect((await run(intentOf('write', target, { content: 'one' }))).success).toBe(true);
    expect(await refusal(intentOf('write', target, { content: 'two' }))).toBe('EXECUTOR_TARGET_EXISTS');
    const report = await run(intentOf('write', target, { content_base64: 'dHdv', replace: true }));
    expect(report.observed.sha256).toBe(report.claimed.sha256);
    expect(readFileSync(join(home, 'open/new.txt'), 'utf8')).toBe('two');
    expect(readdirSync(join(home, 'open')).sort()).toEqual(['a.txt', 'new.txt', 'sub']);
  });

  it('validates without touching the file', async () => {
    const check = await executor().validateTarget(intentOf('delete', '/data/a.txt'));
    expect(check.result).toBe('valid');
    expect(check.evidence).toEqual({ operation: 'delete', path: '/data/a.txt', exists: true, bytes: 5 });
    expect(readFileSync(join(home, 'open/a.txt'), 'utf8')).toBe('hello');
  });

  it('names no real directory in any answer', async () => {
    const subject = executor();
    const answers = [
      subject.manifest,
      await subject.validateTarget(intentOf('delete', '/data/none')),
      await subject.validateTarget(intentOf('read', '/data/gone/none')),
      await run(intentOf('read', '/data/a.txt')),
    ];
    expect(JSON.stringify(answers)).not.toContain(home);
  });
});

describe('what is refused', () => {
  const spellings = [
    'a.txt',
    '/data/../outside/secret.txt',
    '/data/./a.txt',
    '/data//a.txt',
    '/data/a.txt/',
    '/data/a.txt\0.csv',
    '/data/a.txt ',
    '/data/a.txt.',
    '/data/a.txt::$DATA',
    '/data\\a.txt',
    '/data/e\u0301.txt',
    '/data/\u202etxt.a',
    `/data/${'x'.repeat(256)}`,
    `/data/${'é'.repeat(128)}`,
    `/data${'/x'.repeat(64)}`,
    `/data/${'x/'.repeat(2100)}y`,
  ];
  it.each(spellings)('refuses the spelling %j', async (target) => {
    expect(await refusal(intentOf('delete', target))).toBe('EXECUTOR_TARGET_MALFORMED');
  });

  it.each(['/etc/passwd', '/data', '/database/a.txt', '/proc/self/environ', '/dat/a.txt'])(
    'refuses %s, which is below no root',
    async (target) => {
      expect(await refusal(intentOf('delete', target))).toBe('EXECUTOR_TARGET_OUTSIDE_ROOTS');
    },
  );

  it('lets the deepest root decide which operations are allowed', async () => {
    writeFileSync(join(home, 'open/sub/x'), '1');
    expect(await refusal(intentOf('delete', '/data/sub/x'))).toBe('EXECUTOR_OPERATION_NOT_ALLOWED');
    expect((await run(intentOf('read', '/data/sub/x'))).success).toBe(true);
  });

  it('follows no link, neither at the end nor on the way', async () => {
    symlinkSync(join(home, 'outside/secret.txt'), join(home, 'open/link'));
    symlinkSync(join(home, 'outside'), join(home, 'open/way'));
    symlinkSync('a.txt', join(home, 'open/inner'));
    for (const action of ['read', 'delete']) {
      expect(await refusal(intentOf(action, '/data/link'))).toBe('EXECUTOR_TARGET_IS_LINK');
      expect(await refusal(intentOf(action, '/data/way/secret.txt'))).toBe('EXECUTOR_TARGET_IS_LINK');
      expect(await refusal(intentOf(action, '/data/inner'))).toBe('EXECUTOR_TARGET_IS_LINK');
    }
    expect(await refusal(intentOf('write', '/data/link', { content: 'x', replace: true }))).toBe(
      'EXECUTOR_TARGET_IS_LINK',
    );
    expect(await refusal(intentOf('write', '/data/way/new', { content: 'x' }))).toBe('EXECUTOR_TARGET_IS_LINK');
  });

  it('touches no file that has a second name', async () => {
    linkSync(join(home, 'outside/secret.txt'), join(home, 'open/hard'));
    for (const action of ['read', 'delete']) {
      expect(await refusal(intentOf(action, '/data/hard'))).toBe('EXECUTOR_TARGET_HARD_LINKED');
    }
    const write = intentOf('write', '/data/hard', { content: 'x', replace: true });
    expect(await refusal(write)).toBe('EXECUTOR_TARGET_HARD_LINKED');
  });

  it('refuses directories, missing files and missing directories', async () => {
    mkdirSync(join(home, 'open/folder'));
    expect(await refusal(intentOf('delete', '/data/folder'))).toBe('EXECUTOR_TARGET_NOT_A_FILE');
    expect(await refusal(intentOf('delete', '/data/none'))).toBe('EXECUTOR_TARGET_NOT_FOUND');
    expect(await refusal(intentOf('read', '/data/none/x'))).toBe('EXECUTOR_TARGET_NOT_FOUND');
    expect(await refusal(intentOf('write', '/data/none/x', { content: '' }))).toBe('EXECUTOR_TARGET_NOT_FOUND');
    expect(await refusal(intentOf('read', '/data/a.txt/x'))).toBe('EXECUTOR_TARGET_IS_LINK');
  });

  it('refuses files and contents above the limit', async () => {
    writeFileSync(join(home, 'open/big'), new Uint8Array(1_048_577));
    expect(await refusal(intentOf('read', '/data/big'))).toBe('EXECUTOR_TARGET_TOO_LARGE');
    const content = 'x'.repeat(1_048_577);
    expect(await refusal(intentOf('write', '/data/x', { content }))).toBe('EXECUTOR_TARGET_TOO_LARGE');
    const content_base64 = 'A'.repeat(12_000_000);
    expect(await refusal(intentOf('write', '/data/x', { content_base64 }))).toBe('EXECUTOR_TARGET_TOO_LARGE');
  });

  it.each<[string, JsonObject]>([
    ['delete', { operation: 'read' }],
    ['delete', { recursive: true }],
    ['read', { content: 'x' }],
    ['write', {}],
    ['write', { content: 'x', content_base64: 'eA==' }],
    ['write', { content: 7 }],
    ['write', { content_base64: 'e' }],
    ['write', { content_base64: 'e!==' }],
    ['write', { content: 'x', replace: 'yes' }],
  ])('refuses %s with parameters %j', async (action, parameters) => {
    expect(await refusal(intentOf(action, '/data/a.txt', parameters))).toBe('EXECUTOR_PARAMETERS_MALFORMED');
  });

  it('declares the least class of every action it performs', () => {
    const { action_types, action_class_floors } = executor().manifest;
    expect(Object.keys(action_class_floors ?? {}).sort()).toEqual(action_types);
    expect(action_class_floors).toMatchObject({
      ...{ 'file.read': 'A0_observe', 'file.write': 'A2_hard_containment', 'file.delete': 'A3_irreversible' },
      ...{ read: 'A0_observe', write: 'A2_hard_containment', delete: 'A3_irreversible' },
    });
  });

  it('refuses an action that is not about a file', async () => {
    const request = intentOf('http.get', '/data/a.txt');
    expect(await refusal(request)).toBe('EXECUTOR_ACTION_UNSUPPORTED');
    expect((await executor().validateTarget(request)).result).toBe('unsupported');
  });

  it('reports a root that is gone', async () => {
    rmSync(join(home, 'open'), { recursive: true });
    expect(await refusal(intentOf('delete', '/data/a.txt'))).toBe('EXECUTOR_ROOT_UNAVAILABLE');
  });

  it('does nothing once it was told to stop', async () => {
    const report = await run(intentOf('delete', '/data/a.txt'), AbortSignal.abort());
    expect(report.error_code).toBe('EXECUTOR_ABORTED');
    expect(readFileSync(join(home, 'open/a.txt'), 'utf8')).toBe('hello');
  });
});

describe('configuration', () => {
  const create = (roots: Parameters<typeof createFilesystemExecutor>[0]['roots']) => () =>
    createFilesystemExecutor({ roots });
  it('refuses no root, a relative directory, a root named twice and an unknown operation', () => {
    const root = { logical: '/data', real: '/srv/data', operations: ['read'] as const };
    for (const roots of [
      [],
      [{ ...root, real: 'srv' }],
      [root, root],
      [{ ...root, operations: ['chmod' as 'read'] }],
    ]) {
      expect(create(roots)).toThrow(expect.objectContaining({ code: 'EXECUTOR_CONFIG_INVALID' }));
    }
    expect(create([{ ...root, logical: 'data' }])).toThrow(
      expect.objectContaining({ code: 'EXECUTOR_TARGET_MALFORMED' }),
    );
  });
});
