import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, realpathSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, extname, isAbsolute, join, resolve } from 'node:path';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { CanonicalError, canonicalizeToBytes, type JsonValue, parseCanonicalJson } from '@exoarmur/canonical';
import type { JsonObject, LimitBreach } from '@exoarmur/contracts';
import { type ConfinedCode, digestCode, isWithin, type PinnedCode } from './code-digest.ts';
import { type Dial, MAX_CONNECTIONS, serveChannel } from './dial.ts';
import { type ConfinedFailureCode, type ConfinedRefusalCode, SandboxError } from './errors.ts';
import { assertConfinable, type Mechanisms, NODE_FLAGS, networkOf, probeMechanisms, wrapperOf } from './mechanisms.ts';

/** Limits of one run. */
export interface ConfinedLimits {
  /** From start to answer, in milliseconds. */
  readonly wallClockMs: number;
  /** Resident memory of the process, in bytes. JavaScript's heap gets half of it. */
  readonly memoryBytes: number;
  /** What it may print on standard output and standard error together, in bytes; it is thrown away. */
  readonly outputBytes: number;
  /** Canonical bytes of its answer. */
  readonly answerBytes: number;
}

/** The limits that hold unless told otherwise. */
export const CONFINED_LIMITS: ConfinedLimits = Object.freeze({
  wallClockMs: 10_000,
  memoryBytes: 268_435_456,
  outputBytes: 1_048_576,
  answerBytes: 2_097_152,
});

/** Largest canonical request, in bytes. */
export const MAX_CONFINED_REQUEST_BYTES = 4_194_304;

/** What a confined process is given. What is not named here it does not have. */
export interface Confinement {
  readonly code: PinnedCode;
  /** `function`: the default export is called with the request. `executor`: it makes an executor, see the sandboxed host. */
  readonly mode: 'function' | 'executor';
  /** Absolute paths it may read, files or whole folders. */
  readonly read?: readonly string[];
  /** Absolute paths it may read and write, files or whole folders. Its own temporary folder is one unless told. */
  readonly write?: readonly string[];
  /** False: its temporary folder, in which it starts, cannot be written. Then without `write` nothing can. */
  readonly hasScratch?: boolean;
  readonly network: 'denied' | 'allowed';
  /**
   * Whether it may start programs. They have the rights of the user on files, whatever is granted here: Node's permission model says nothing
   * to them. What holds for them is the namespaces, the limits of the kernel, the memory watch and the end of the run.
   */
  readonly children?: 'denied' | 'allowed';
  /** Starts also where no namespace keeps such programs among themselves. The result then says `children_unrestricted`. */
  readonly acceptsUnrestrictedChildren?: boolean;
  /** Connections that the host may open for it in one run, on descriptors 4 and up; none unless told. */
  readonly connections?: number;
  /** Starts also where nothing closes the network. The result then says `networkUnrestricted`. */
  readonly acceptsUnrestrictedNetwork?: boolean;
  readonly limits?: Partial<ConfinedLimits>;
}

/** What came of a run, never an exception. */
export type ConfinedResult =
  | { readonly outcome: 'answered'; readonly answer: JsonValue }
  /** It was not started. */
  | { readonly outcome: 'refused'; readonly code: ConfinedRefusalCode }
  /** It was started, and nobody knows what it did. */
  | {
      readonly outcome: 'failed';
      readonly code: ConfinedFailureCode;
      readonly breaches: readonly LimitBreach[];
    };

/** Runs one request in one confined process. */
export interface Confined {
  /** What is enforced, as it may stand in a record. */
  readonly hosting: JsonObject;
  /** `dial` opens connections for this run; without it there are none. */
  readonly run: (request: JsonValue, cancel?: AbortSignal, dial?: Dial) => Promise<ConfinedResult>;
}

const FOLDER_PREFIX = 'exoarmur-confined-';
const MEMORY_POLL_MS = 10;
const MIN_MEMORY_BYTES = 67_108_864;
const EXTENSION = extname(fileURLToPath(import.meta.url));
const CHILD = fileURLToPath(new URL(`./confined-child${EXTENSION}`, import.meta.url));

/**
 * Prepares a confinement: checks the paths, tries out the machine, pins the code. Each run is a process of its own with an
 * empty environment and a temporary folder that is gone afterwards.
 * @throws SandboxError SANDBOX_CONFIG_INVALID with a pointer, SANDBOX_UNSUPPORTED, SANDBOX_NETWORK_UNCONFINED,
 * SANDBOX_CODE_UNREADABLE
 */
export async function confine(confinement: Confinement): Promise<Confined> {
  const { code, mode, network, read = [], write = [], hasScratch = true } = confinement;
  const { acceptsUnrestrictedNetwork = false, connections = 0 } = confinement;
  if (!(Number.isSafeInteger(connections) && connections >= 0 && connections <= MAX_CONNECTIONS)) {
    throw invalid(`there are 0 to ${MAX_CONNECTIONS} connections`, '/connections');
  }
  const limits = readLimits(confinement.limits);
  assertPath(code.entry, '/code/entry');
  for (const [name, paths] of Object.entries({ 'code/folders': code.folders ?? [], read, write })) {
    for (const [index, path] of paths.entries()) assertPath(path, `/${name}/${index}`);
  }
  const parts = [code.entry, CHILD, ...(code.folders ?? [])].map(toRealPath);
  for (const [index, path] of write.entries()) {
    // SECURITY: the digest would say nothing if the process could change the code between the check and the load, also through
    // a link.
    const real = toRealPath(path);
    const isCode = parts.some((part) => isWithin(part, real) || isWithin(real, part));
    if (isCode) throw invalid('writable paths and code must lie apart', `/write/${index}`);
  }
  const given = { read: reduce([...parts, ...read, ...write]), write: reduce(write) };
  assertApart(given, hasScratch);
  const mechanisms = await probeMechanisms();
  const isNetworkDenied = network === 'denied';
  const mayStart = confinement.children === 'allowed';
  const { acceptsUnrestrictedChildren = false } = confinement;
  assertConfinable(mechanisms, { isNetworkDenied, acceptsUnrestrictedNetwork, mayStart, acceptsUnrestrictedChildren });
  const closedBy = networkOf(mechanisms, mayStart);
  const imports = code.imports === undefined ? '' : JSON.stringify(locate(code.imports));
  const hosting: JsonObject = {
    permission_model: mechanisms.permissionModel,
    namespaces: mechanisms.namespaces,
    resource_limits: mechanisms.resourceLimits,
    memory_watch: mechanisms.memoryWatch,
    network: isNetworkDenied ? closedBy : 'allowed',
    ...(isNetworkDenied && closedBy === 'none' ? { network_unrestricted: true } : {}),
    ...(mayStart ? { children: 'allowed' } : {}),
    ...(mayStart && !mechanisms.namespaces ? { children_unrestricted: true } : {}),
    ...(connections === 0 ? {} : { connections }),
    wall_clock_ms: limits.wallClockMs,
    memory_bytes: limits.memoryBytes,
    output_bytes: limits.outputBytes,
    code_digest: code.digest,
  };
  return {
    hosting,
    run: async (request, cancel, dial) => {
      if (cancel?.aborted) return { outcome: 'refused', code: 'SANDBOX_CANCELLED' };
      const bytes = encodeRequest(request);
      if (bytes === undefined) return { outcome: 'refused', code: 'SANDBOX_REQUEST_INVALID' };
      if (!isUnaltered(code)) return { outcome: 'refused', code: 'SANDBOX_CODE_ALTERED' };
      const folder = realpathSync(mkdtempSync(join(tmpdir(), FOLDER_PREFIX)));
      try {
        const entry = realpathSync(code.entry);
        const started = {
          ...given,
          mode,
          entry,
          imports,
          limits,
          mechanisms,
          isNetworkDenied,
          mayStart,
          hasScratch,
          folder,
          connections,
          dial,
        };
        return await runOnce({ ...started, request: bytes }, cancel);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  };
}

interface Given {
  readonly mode: string;
  readonly entry: string;
  readonly imports: string;
  readonly read: readonly string[];
  readonly write: readonly string[];
  readonly hasScratch: boolean;
  readonly connections: number;
  readonly dial: Dial | undefined;
  readonly limits: ConfinedLimits;
  readonly mechanisms: Mechanisms;
  readonly isNetworkDenied: boolean;
  readonly mayStart: boolean;
  readonly folder: string;
  readonly request: Uint8Array;
}

function commandOf(given: Given): string[] {
  const { mode, entry, imports, read, write, hasScratch, limits, mechanisms, isNetworkDenied, mayStart, folder } =
    given;
  const heapMegabytes = Math.floor(limits.memoryBytes / 2 / 1_048_576);
  const flags = [...NODE_FLAGS, `--max-old-space-size=${heapMegabytes}`];
  // A Node that closes the network has a flag to open it; an older one would refuse to start with it.
  if (!isNetworkDenied && mechanisms.network === 'permission_model') flags.push('--allow-net');
  if (mayStart) flags.push('--allow-child-process');
  for (const path of reduce([...read, folder])) flags.push(`--allow-fs-read=${path}`);
  for (const path of reduce(hasScratch ? [...write, folder] : write)) flags.push(`--allow-fs-write=${path}`);
  const wrapper = wrapperOf(mechanisms, { ...limits, isNetworkDenied });
  return [...wrapper, process.execPath, ...flags, CHILD, mode, entry, imports, mayStart ? 'starts' : ''];
}

function runOnce(given: Given, cancel: AbortSignal | undefined): Promise<ConfinedResult> {
  const { limits, request } = given;
  const [program = '', ...args] = commandOf(given);
  return new Promise((resolve) => {
    let child: ReturnType<typeof spawnPiped>;
    try {
      child = spawnPiped(program, args, given);
    } catch {
      // The system refused the command as a whole, for one because it is too long: nothing was started.
      resolve({ outcome: 'refused', code: 'SANDBOX_START_FAILED' });
      return;
    }
    let stopped: { readonly code: ConfinedFailureCode; readonly breach?: LimitBreach } | undefined;
    const stop = (code: ConfinedFailureCode, breach?: LimitBreach): void => {
      if (stopped !== undefined) return;
      stopped = breach === undefined ? { code } : { code, breach };
      killGroup(child);
    };
    const { wallClockMs, outputBytes, answerBytes, memoryBytes } = limits;
    const deadline = setTimeout(
      () => stop('SANDBOX_WALL_CLOCK', { limit: 'wall_clock', detail: `more than ${wallClockMs} ms` }),
      wallClockMs,
    );
    const watch = setInterval(() => {
      const resident = readResident(child.pid);
      if (resident > memoryBytes) {
        stop('SANDBOX_MEMORY', { limit: 'memory', detail: `${resident} of ${memoryBytes} bytes` });
      }
    }, MEMORY_POLL_MS);
    const onCancel = (): void => stop('SANDBOX_CANCELLED');
    cancel?.addEventListener('abort', onCancel, { once: true });

    let printed = 0;
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        printed += chunk.length;
        if (printed > outputBytes)
          stop('SANDBOX_OUTPUT', { limit: 'output', detail: `more than ${outputBytes} bytes` });
      });
    }
    const answer: Buffer[] = [];
    let answered = 0;
    (child.stdio[3] as NodeJS.ReadableStream).on('data', (chunk: Buffer) => {
      answered += chunk.length;
      if (answered <= answerBytes) answer.push(chunk);
      else stop('SANDBOX_ANSWER_TOO_LARGE', { limit: 'answer', detail: `more than ${answerBytes} bytes` });
    });
    const channels = child.stdio.slice(4) as unknown as Duplex[];
    for (const channel of channels) {
      if (given.dial === undefined) channel.destroy();
      else serveChannel(channel, given.dial);
    }
    // A connection does not outlive the process that it was opened for.
    child.on('exit', () => {
      for (const channel of channels) channel.destroy();
    });
    child.stdin.on('error', () => undefined);
    child.stdin.end(request);

    const settle = (result: ConfinedResult): void => {
      clearTimeout(deadline);
      clearInterval(watch);
      cancel?.removeEventListener('abort', onCancel);
      resolve(result);
    };
    child.on('error', () => {
      // Once there is a process, nobody may say that there was none.
      if (child.pid === undefined) settle({ outcome: 'refused', code: 'SANDBOX_START_FAILED' });
    });
    child.on('close', (_, signal) => {
      if (stopped !== undefined) {
        settle({
          outcome: 'failed',
          code: stopped.code,
          breaches: stopped.breach === undefined ? [] : [stopped.breach],
        });
      } else {
        settle(readAnswer(Buffer.concat(answer), answerBytes, signal));
      }
    });
  });
}

function spawnPiped(program: string, args: readonly string[], { folder, connections }: Given) {
  return spawn(program, args, {
    cwd: folder,
    // Wrappers are found by name; the child takes this away before it loads anything.
    env: program === process.execPath ? {} : { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
    stdio: ['pipe', 'pipe', 'pipe', 'pipe', ...Array.from({ length: connections }, () => 'pipe' as const)],
    detached: process.platform !== 'win32',
  });
}

/** Ends the process and its wrapper, which are a group of their own. */
function killGroup(child: ChildProcess): void {
  const { pid } = child;
  if (pid === undefined) return;
  try {
    if (process.platform === 'win32') child.kill('SIGKILL');
    else process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Most processes of one run that are looked at. */
const MAX_PROCESSES = 256;

/** Resident bytes of the process and of all that it started, the wrapper's child among them; 0 where that cannot be read. */
function readResident(pid: number | undefined): number {
  const found = pid === undefined ? [] : [String(pid)];
  let pages = 0;
  for (let index = 0; index < found.length && index < MAX_PROCESSES; index++) {
    const process = found[index] as string;
    pages += Number(readProc(`${process}/statm`).split(' ')[1] ?? 0) || 0;
    found.push(...readProc(`${process}/task/${process}/children`).split(' ').filter(Boolean));
  }
  return pages * 4096;
}

function readProc(path: string): string {
  try {
    return readFileSync(`/proc/${path}`, 'utf8');
  } catch {
    // The process is gone, or there is no /proc: `memory_watch` says which.
    return '';
  }
}

function readAnswer(bytes: Uint8Array, maxBytes: number, signal: NodeJS.Signals | null): ConfinedResult {
  const failed = (code: ConfinedFailureCode, breaches: readonly LimitBreach[] = []): ConfinedResult => ({
    ...{ outcome: 'failed', code, breaches },
  });
  if (bytes.length === 0) {
    // V8 ends a process that runs out of its heap by a fatal signal; which one depends on the namespace.
    return signal === null
      ? failed('SANDBOX_ANSWER_MISSING')
      : failed('SANDBOX_CRASHED', [{ limit: 'crash', detail: signal }]);
  }
  let message: unknown;
  try {
    message = parseCanonicalJson(bytes, { maxBytes });
  } catch (error) {
    if (!(error instanceof CanonicalError)) throw error;
    return failed('SANDBOX_ANSWER_MALFORMED');
  }
  if (typeof message !== 'object' || message === null || Object.keys(message).length !== 1) {
    return failed('SANDBOX_ANSWER_MALFORMED');
  }
  if ('answer' in message) return { outcome: 'answered', answer: message.answer as JsonValue };
  if (!('thrown' in message)) return failed('SANDBOX_ANSWER_MALFORMED');
  const { code, permission } = (message.thrown ?? {}) as { code?: unknown; permission?: unknown };
  if (code !== 'ERR_ACCESS_DENIED') return failed('SANDBOX_THREW');
  const detail = typeof permission === 'string' && /^[A-Za-z]{1,32}$/.test(permission) ? permission : 'unknown';
  return failed('SANDBOX_PERMISSION_DENIED', [{ limit: 'permission', detail }]);
}

/** Where a path leads; of one that does not exist yet, where it would be. */
function toRealPath(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    const parent = dirname(path);
    return parent === path ? path : join(toRealPath(parent), basename(path));
  }
}

function encodeRequest(request: JsonValue): Uint8Array | undefined {
  try {
    return canonicalizeToBytes(request, { maxBytes: MAX_CONFINED_REQUEST_BYTES });
  } catch (error) {
    if (error instanceof CanonicalError) return undefined;
    throw error;
  }
}

function isUnaltered(code: PinnedCode): boolean {
  try {
    return digestCode(code satisfies ConfinedCode) === code.digest;
  } catch (error) {
    if (error instanceof SandboxError) return false;
    throw error;
  }
}

function readLimits(given: Partial<ConfinedLimits> | undefined): ConfinedLimits {
  const limits = { ...CONFINED_LIMITS, ...given };
  for (const [name, value] of Object.entries(limits)) {
    if (!Number.isSafeInteger(value) || value < 1)
      throw invalid('a limit must be a positive integer', `/limits/${name}`);
  }
  if (limits.memoryBytes < MIN_MEMORY_BYTES)
    throw invalid('Node does not start in less than 64 MiB', '/limits/memoryBytes');
  return limits;
}

/** The same files under their real paths, which are what the process may read. */
function locate(imports: NonNullable<ConfinedCode['imports']>): JsonObject {
  const entries = Object.entries(imports).map(([name, { path, format }]) => [name, { path: toRealPath(path), format }]);
  return Object.fromEntries(entries);
}

/** Paths without those that lie in another one: the permission model forgets a folder that is named after something in it. */
function reduce(paths: readonly string[]): readonly string[] {
  const all = new Set(paths.map((path) => resolve(path)));
  const isInside = (path: string): boolean => {
    for (let folder = dirname(path), below = path; folder !== below; below = folder, folder = dirname(folder)) {
      if (all.has(folder)) return true;
    }
    return false;
  };
  return [...all].filter((path) => !isInside(path)).sort((a, b) => (a < b ? -1 : 1));
}

/**
 * The permission model does not open a folder when another granted path begins with its whole name, as `/data` and `/data-2`
 * do; only what lies in it (seen with Node 22, 24 and 26). @throws SandboxError SANDBOX_CONFIG_INVALID
 */
function assertApart({ read, write }: Granted, hasScratch: boolean): void {
  const own = join(realpathSync(tmpdir()), FOLDER_PREFIX);
  for (const [name, paths] of [
    ['read', [...read, own]],
    ['write', hasScratch ? [...write, own] : write],
  ] as const) {
    const sorted = [...paths].sort((a, b) => (a < b ? -1 : 1));
    // Whatever begins with a path follows it.
    const closed = sorted.find((path, index) => {
      const next = sorted[index + 1];
      return next?.startsWith(path) === true && !isWithin(next, path) && isFolder(path);
    });
    if (closed !== undefined) {
      throw invalid('a folder cannot be granted beside a path that begins with its whole name', `/${name}`);
    }
  }
}

interface Granted {
  readonly read: readonly string[];
  readonly write: readonly string[];
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    // Whatever cannot be looked at is no folder that could be opened.
    return false;
  }
}

/** The permission model reads a star as a pattern, and a comma once was a separator. */
function assertPath(path: string, pointer: string): void {
  if (!isAbsolute(path) || /[*,\0]/.test(path)) throw invalid('a path must be absolute, without `*` and `,`', pointer);
}

function invalid(message: string, pointer: string): SandboxError {
  return new SandboxError('SANDBOX_CONFIG_INVALID', message, { pointer });
}
