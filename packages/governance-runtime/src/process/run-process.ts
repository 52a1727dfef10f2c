import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MAX_PROVIDER_RESPONSE_BYTES } from '@exoarmur/contracts';
import type { ProviderRun } from '@exoarmur/governance-artifacts';

/** Wall clock of one run, in milliseconds. */
const DEFAULT_DEADLINE_MS = 30_000;

/** Heap of the child, in MiB. */
const MAX_HEAP_MIB = 96;

/** The host as this package carries it: source in the workspace, JavaScript when installed. */
const HOST = fileURLToPath(new URL(`./host${extname(import.meta.url)}`, import.meta.url));

/**
 * Runs a provider of one ES module in a child process of its own: empty environment, a folder that holds the provider and its host
 * and is all that it may read, and Node's permission model against files, children, threads, add-ons and, from Node 25 on, the
 * network. The file that runs is made of the bytes that were hashed. Bounded by a wall clock, a heap and the size of the answer; the
 * clock is time and not fuel. Never rejects.
 */
export async function runProcessProvider(
  entry: Uint8Array,
  request: Uint8Array,
  deadlineMs = DEFAULT_DEADLINE_MS,
): Promise<ProviderRun> {
  let folder: string | undefined;
  try {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'exoarmur-provider-')));
    const host = join(folder, `host.m${extname(HOST).slice(1)}`);
    writeFileSync(host, readFileSync(HOST));
    writeFileSync(join(folder, 'provider.mjs'), entry);
    return await runChild(folder, host, request, deadlineMs);
  } catch {
    return { outcome: 'load_failed' };
  } finally {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  }
}

function runChild(folder: string, host: string, request: Uint8Array, deadlineMs: number): Promise<ProviderRun> {
  // SECURITY: node:sqlite opens files past the permission model, so it is off.
  const confined = ['--permission', '--no-experimental-sqlite', '--no-addons'];
  const options = [...confined, `--allow-fs-read=${join(folder, '*')}`, `--max-old-space-size=${MAX_HEAP_MIB}`];
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [...options, host, '--answer-with', './provider.mjs'], {
      cwd: folder,
      env: {},
      stdio: ['pipe', 'pipe', 'ignore'],
      windowsHide: true,
    });
    const chunks: Buffer[] = [];
    let length = 0;
    let ended: ProviderRun['outcome'] | undefined;
    const stop = (outcome: 'timed_out' | 'crashed'): void => {
      ended ??= outcome;
      child.kill('SIGKILL');
    };
    const timer = setTimeout(() => stop('timed_out'), deadlineMs);
    child.stdout.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length > MAX_PROVIDER_RESPONSE_BYTES) stop('crashed');
      else chunks.push(chunk);
    });
    child.stdin.on('error', () => undefined);
    child.once('error', () => stop('crashed'));
    child.once('close', (code) => {
      clearTimeout(timer);
      if (ended === 'timed_out' || ended === 'crashed') resolve({ outcome: ended });
      else if (code !== 0 || length === 0) resolve({ outcome: 'crashed' });
      else resolve({ outcome: 'answered', bytes: new Uint8Array(Buffer.concat(chunks)) });
    });
    child.stdin.end(request);
  });
}
