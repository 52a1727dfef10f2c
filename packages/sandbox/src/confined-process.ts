import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, extname, resolve } from 'node:path';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { CanonicalError, type JsonValue, parseCanonicalJson } from '@exoarmur/canonical';
import type { LimitBreach } from '@exoarmur/contracts';
import type { ConfinedLimits, ConfinedResult } from './confined-run.ts';
import { type Dial, serveChannel } from './dial.ts';
import type { ConfinedFailureCode } from './errors.ts';
import { type Mechanisms, NODE_FLAGS, wrapperOf } from './mechanisms.ts';
import { createFolder, openFolders, removeFolder } from './temporary-folder.ts';

/** How a process is started; all of it is settled before anything is known of a request. */
export interface ProcessPlan {
  readonly mode: string;
  readonly entry: string;
  /** JSON of what specifiers stand for, or nothing. */
  readonly imports: string;
  readonly read: readonly string[];
  readonly write: readonly string[];
  readonly hasScratch: boolean;
  readonly connections: number;
  readonly limits: ConfinedLimits;
  readonly mechanisms: Mechanisms;
  readonly isNetworkDenied: boolean;
  readonly mayStart: boolean;
}

/** Whether code could change anything but its own folder by what it is given; such code is loaded when it is asked, not before. */
export function mayChange({ write, isNetworkDenied, mayStart }: ProcessPlan): boolean {
  return write.length > 0 || !isNetworkDenied || mayStart;
}

/** A process that has loaded its code, or does so or will, and waits for its one request. */
export interface ConfinedProcess {
  /** Whether it can still be given the request: it has not ended and was not stopped. */
  isWaiting(): boolean;
  /** Lets this process end although the other one waits. */
  park(): void;
  /** Gives it the request; once. */
  run(request: Uint8Array, cancel: AbortSignal | undefined, dial: Dial | undefined): Promise<ConfinedResult>;
  /** Ends it, and takes its folder away. */
  end(): void;
}

/** The module that is started in every confined process. */
export const CHILD = fileURLToPath(new URL(`./confined-child${extname(import.meta.url)}`, import.meta.url));
/** How often memory is looked at, in milliseconds: while a process works, and while it waits. */
const MEMORY_POLL_MS = 10;
const WAITING_POLL_MS = 1000;
/** How long after the end of a process its pipes are read to their end, in milliseconds; a program that it left behind may hold them. */
const PIPES_MS = 1000;

/** What ends each process that has not ended yet, so that none outlives this one. */
const alive = new Set<() => void>();
let isAttended = false;

function endAllAtExit(): void {
  if (isAttended) return;
  isAttended = true;
  process.on('exit', () => {
    for (const end of alive) end();
  });
}

/** Starts a process, in a temporary folder that is gone when it is; undefined when the system does not start it. */
export function startProcess(plan: ProcessPlan): ConfinedProcess | undefined {
  let folder: string | undefined;
  try {
    folder = createFolder();
    const [program = '', ...args] = commandOf(plan, folder);
    return attend(spawnPiped(program, args, { folder, connections: plan.connections }), plan, folder);
  } catch {
    // There is no place for the folder, or the system refused the command as a whole, for one because it is too long: nothing was started.
    if (folder !== undefined) removeFolder(folder);
    return undefined;
  }
}

function attend(child: ReturnType<typeof spawnPiped>, plan: ProcessPlan, folder: string): ConfinedProcess {
  const { wallClockMs, outputBytes, answerBytes, memoryBytes } = plan.limits;
  let stopped: { readonly code: ConfinedFailureCode; readonly breach?: LimitBreach } | undefined;
  const stop = (code: ConfinedFailureCode, breach?: LimitBreach): void => {
    if (stopped !== undefined) return;
    stopped = breach === undefined ? { code } : { code, breach };
    killGroup(child);
  };
  const look = (): void => {
    const resident = readResident(child.pid);
    if (resident > memoryBytes) {
      stop('SANDBOX_MEMORY', { limit: 'memory', detail: `${resident} of ${memoryBytes} bytes` });
    }
  };
  let watch = setInterval(look, WAITING_POLL_MS).unref();

  let printed = 0;
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      printed += chunk.length;
      if (printed > outputBytes) stop('SANDBOX_OUTPUT', { limit: 'output', detail: `more than ${outputBytes} bytes` });
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
  for (const channel of channels) channel.on('error', () => channel.destroy());
  child.stdin.on('error', () => undefined);

  const closePipes = (): void => {
    for (const stream of child.stdio) stream?.destroy();
  };

  const end = (): void => {
    killGroup(child);
    removeFolder(folder);
  };
  alive.add(end);
  endAllAtExit();

  let isOver = false;
  let rest: NodeJS.Timeout | undefined;
  const ended = new Promise<ConfinedResult>((resolve) => {
    const settle = (result: ConfinedResult): void => {
      isOver = true;
      alive.delete(end);
      clearInterval(watch);
      clearTimeout(rest);
      if (!removeFolder(folder)) {
        openFolders(folder);
        removeFolder(folder);
      }
      resolve(result);
    };
    child.on('error', () => {
      // Once there is a process, nobody may say that there was none.
      if (child.pid === undefined) settle({ outcome: 'refused', code: 'SANDBOX_START_FAILED' });
    });
    child.on('exit', () => {
      isOver = true;
      // A connection does not outlive the process that it was opened for, and what it started does not either.
      for (const channel of channels) channel.destroy();
      if (plan.mayStart) killGroup(child);
      // What is in them already is read between a timer and what follows it at once, however late the timer is.
      rest = setTimeout(() => setImmediate(closePipes), PIPES_MS).unref();
    });
    child.on('close', (_, signal) => {
      if (stopped === undefined) settle(readAnswer(Buffer.concat(answer), answerBytes, signal));
      else {
        const breaches = stopped.breach === undefined ? [] : [stopped.breach];
        settle({ outcome: 'failed', code: stopped.code, breaches });
      }
    });
  });
  const handles = [child, ...(child.stdio as unknown as Handle[])];
  return {
    isWaiting: () => !isOver && stopped === undefined,
    park: () => {
      for (const handle of handles) handle.unref();
    },
    run: async (request, cancel, dial) => {
      for (const handle of handles) handle.ref();
      clearInterval(watch);
      if (!isOver) watch = setInterval(look, MEMORY_POLL_MS).unref();
      const deadline = setTimeout(
        () => stop('SANDBOX_WALL_CLOCK', { limit: 'wall_clock', detail: `more than ${wallClockMs} ms` }),
        wallClockMs,
      );
      const onCancel = (): void => stop('SANDBOX_CANCELLED');
      cancel?.addEventListener('abort', onCancel, { once: true });
      for (const channel of channels) {
        if (dial === undefined) channel.destroy();
        else serveChannel(channel, dial);
      }
      child.stdin.end(request);
      const result = await ended;
      clearTimeout(deadline);
      cancel?.removeEventListener('abort', onCancel);
      return result;
    },
    end,
  };
}

/** What keeps a process of Node from ending. */
interface Handle {
  ref(): unknown;
  unref(): unknown;
}

function commandOf(plan: ProcessPlan, folder: string): string[] {
  const { mode, entry, imports, read, write, hasScratch, limits, mechanisms, isNetworkDenied, mayStart } = plan;
  const heapMegabytes = Math.floor(limits.memoryBytes / 2 / 1_048_576);
  const flags = [...NODE_FLAGS, `--max-old-space-size=${heapMegabytes}`];
  // A Node that closes the network has a flag to open it; an older one would refuse to start with it.
  if (!isNetworkDenied && mechanisms.network === 'permission_model') flags.push('--allow-net');
  if (mayStart) flags.push('--allow-child-process');
  for (const path of reduce([...read, folder])) flags.push(`--allow-fs-read=${path}`);
  for (const path of reduce(hasScratch ? [...write, folder] : write)) flags.push(`--allow-fs-write=${path}`);
  const wrapper = wrapperOf(mechanisms, { ...limits, isNetworkDenied, mayStart });
  const told = [mode, entry, imports, mayStart ? 'starts' : '', mayChange(plan) ? 'acts' : ''];
  return [...wrapper, process.execPath, ...flags, CHILD, ...told];
}

function spawnPiped(
  program: string,
  args: readonly string[],
  { folder, connections }: { readonly folder: string; readonly connections: number },
) {
  const child = spawn(program, args, {
    cwd: folder,
    // Wrappers are found by name; the child takes this away before it loads anything.
    env: program === process.execPath ? {} : { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
    stdio: ['pipe', 'pipe', 'pipe', 'pipe', ...Array.from({ length: connections }, () => 'pipe' as const)],
    detached: process.platform !== 'win32',
  });
  // Where there are no descriptors left the child has no pipes, nobody gets to attend to it, and it says so later.
  child.on('error', () => undefined);
  return child;
}

/** Paths without those that lie in another one: the permission model forgets a folder that is named after something in it. */
export function reduce(paths: readonly string[]): readonly string[] {
  const all = new Set(paths.map((path) => resolve(path)));
  const isInside = (path: string): boolean => {
    for (let folder = dirname(path), below = path; folder !== below; below = folder, folder = dirname(folder)) {
      if (all.has(folder)) return true;
    }
    return false;
  };
  return [...all].filter((path) => !isInside(path)).sort((a, b) => (a < b ? -1 : 1));
}

/** Ends the process and its wrapper, which are a group of their own. */
function killGroup(child: ChildProcess): void {
  const { pid } = child;
  if (pid === undefined) return;
  try {
    if (process.platform === 'win32') child.kill('SIGKILL');
    else process.kill(-pid, 'SIGKILL');
  } catch (error) {
    // Nobody is left in it, or nobody who is this user's to end; it is asked where nobody could catch an error.
    if (!['ESRCH', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
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
    const children = readProc(`${process}/task/${process}/children`).split(' ').filter(Boolean);
    found.push(...children.slice(0, MAX_PROCESSES));
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
