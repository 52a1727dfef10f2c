import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { ActionIntent, JsonObject } from '@exoarmur/contracts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { inspectFile } from './file.ts';
import { createFilesystemExecutor } from './filesystem-executor.ts';
import { parseLogicalPath } from './logical-path.ts';
import { assertListed, type PinnedDirectory, pinDirectory } from './pinned-directory.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'exoarmur-pin-'));
  mkdirSync(join(home, 'open/way'), { recursive: true });
  mkdirSync(join(home, 'outside'));
  writeFileSync(join(home, 'open/way/file.txt'), 'public');
  writeFileSync(join(home, 'outside/file.txt'), 'secret');
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

describe('a file system that folds names', () => {
  it('gives no file under another spelling than the listed one', async () => {
    const folding: PinnedDirectory = {
      enter: async () => undefined,
      rootEntry: () => null,
      entry: (name) => join(home, 'open/way', name.toLowerCase()),
      sync: async () => undefined,
      close: async () => undefined,
    };
    expect(await inspectFile(folding, 'file.txt')).toEqual({ bytes: 6 });
    await expect(inspectFile(folding, 'FILE.TXT')).rejects.toMatchObject({ code: 'EXECUTOR_TARGET_RENAMED' });
  });

  it('reports an entry that cannot be looked at, instead of taking it for absent', async () => {
    const broken: PinnedDirectory = {
      enter: async () => undefined,
      rootEntry: () => null,
      entry: (name) => join(home, 'open/way/file.txt', name),
      sync: async () => undefined,
      close: async () => undefined,
    };
    await expect(inspectFile(broken, 'x')).rejects.toMatchObject({ code: 'EXECUTOR_IO_FAILED' });
  });

  it('gives no directory under another spelling than the listed one', async () => {
    await expect(assertListed(join(home, 'open'), 'way')).resolves.toBeUndefined();
    await expect(assertListed(join(home, 'open'), 'WAY')).rejects.toMatchObject({ code: 'EXECUTOR_TARGET_RENAMED' });
  });
});

describe('a directory that is swapped for a link between check and use', () => {
  it('never leads a read, a write or a delete outside, where the system has paths to descriptors', async () => {
    if (process.platform !== 'linux') {
      // The documented limit: entries go by the checked path there.
      const way = parseLogicalPath('/data');
      const root = { logical: way, real: home, operations: new Set(['read'] as const), trash: null };
      const pinned = await pinDirectory(root, ['open']);
      expect(pinned.entry('x').startsWith('/proc/')).toBe(false);
      return pinned.close();
    }
    symlinkSync(join(home, 'outside'), join(home, 'open/link'));
    const swapper = new Worker(
      `const { renameSync } = require('node:fs');
       const { workerData: at } = require('node:worker_threads');
       require('node:worker_threads').parentPort.postMessage('ready');
       for (;;) {
         renameSync(at + '/way', at + '/kept'); renameSync(at + '/link', at + '/way');
         renameSync(at + '/way', at + '/link'); renameSync(at + '/kept', at + '/way');
       }`,
      { eval: true, workerData: join(home, 'open') },
    );
    await new Promise((resolve) => swapper.once('message', resolve));
    const executor = createFilesystemExecutor({
      roots: [{ logical: '/data', real: join(home, 'open'), operations: ['read', 'write', 'delete'] }],
    });
    const run = (action: string, name: string, parameters: JsonObject = {}) =>
      executor.execute(intent(action, `/data/way/${name}`, parameters), { signal: new AbortController().signal });
    const seen = new Set<string>();
    try {
      for (let turn = 0; turn < 300; turn++) {
        const read = await run('read', 'file.txt').catch(() => undefined);
        if (read?.success) expect(read.claimed.content).toBe('public');
        seen.add(String(read?.error_code));
        await run('write', 'file.txt', { content: 'public', replace: true }).catch(() => undefined);
        await run('write', `new-${turn}`, { content: 'x' }).catch(() => undefined);
        await run('delete', `new-${turn}`).catch(() => undefined);
      }
    } finally {
      await swapper.terminate();
    }
    expect(readdirSync(join(home, 'outside'))).toEqual(['file.txt']);
    expect(readFileSync(join(home, 'outside/file.txt'), 'utf8')).toBe('secret');
    expect(seen.size).toBeGreaterThan(1);
  });
});

function intent(actionType: string, target: string, parameters: JsonObject): ActionIntent {
  return {
    schema: 'exoarmur.intent/1',
    intent_id: 'intent-1',
    correlation_id: 'correlation-1',
    trace_id: null,
    tenant_id: 'demo',
    cell_id: 'demo',
    actor_id: 'agent-1',
    actor_type: 'agent',
    action_type: actionType,
    action_class: 'A3_irreversible',
    target,
    parameters,
    safety_context: {},
    reason: 'test',
    idempotency_key: null,
    timestamp: '2024-01-01T12:00:00.000Z',
  };
}
