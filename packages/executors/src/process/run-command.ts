import { spawn } from 'node:child_process';
import { ExecutorError } from '../errors.ts';
import { type Command, type KernelLimits, PRLIMIT } from './command.ts';

/** How a command is run. */
export interface RunOptions {
  readonly timeoutMs: number;
  readonly maxOutputBytes: number;
  readonly signal: AbortSignal;
  /** Whether this process is confined: then Node puts variables of its own into the environment of what it starts. */
  readonly isConfined: boolean;
}

/** Gives a command the environment of its rule and nothing else. */
export const ENV = '/usr/bin/env';

/** How a process ended by itself. */
export interface CommandEnd {
  readonly exitCode: number;
  readonly stdout: Uint8Array;
  readonly stderr: Uint8Array;
}

/** The process was stopped, or stopped by a signal: what it did until then is not known. */
export class CommandStopped extends Error {}

/**
 * Runs a command without a shell, in a process group of its own, and stops all of the group when time or output run over.
 * @throws ExecutorError EXECUTOR_ABORTED, EXECUTOR_NOT_STARTED while nothing ran; {@link CommandStopped} afterwards
 */
export function runCommand({ rule, args, input }: Command, options: RunOptions): Promise<CommandEnd> {
  const { timeoutMs, maxOutputBytes, signal, isConfined } = options;
  if (signal.aborted) throw new ExecutorError('EXECUTOR_ABORTED', 'stopped before anything was started');
  const [program, given] = isConfined ? bare(rule, args) : [rule.binary, args];
  const [file, all] = limited(program, given, rule.limits);
  return new Promise((resolve, reject) => {
    const child = spawn(file, all, {
      ...{ cwd: rule.cwd, env: { ...rule.env }, shell: false, detached: true, windowsHide: true },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let isStopped = false;
    const stop = () => {
      isStopped = true;
      killGroup(child.pid);
    };
    const timer = setTimeout(stop, timeoutMs);
    signal.addEventListener('abort', stop, { once: true });
    const collect = (stream: NodeJS.ReadableStream) => {
      const chunks: Buffer[] = [];
      let length = 0;
      stream.on('data', (chunk: Buffer) => {
        length += chunk.length;
        if (length > maxOutputBytes) stop();
        else chunks.push(chunk);
      });
      return () => new Uint8Array(Buffer.concat(chunks));
    };
    const stdout = collect(child.stdout);
    const stderr = collect(child.stderr);
    // A program need not read its input.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    const finish = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
      // What it left running in its group ends with it.
      killGroup(child.pid);
    };
    child.on('error', () => {
      finish();
      reject(new ExecutorError('EXECUTOR_NOT_STARTED', 'the system did not start the binary', { pointer: '/target' }));
    });
    child.on('exit', finish);
    child.on('close', (exitCode) => {
      if (isStopped || exitCode === null) reject(new CommandStopped('the process was stopped'));
      else resolve({ exitCode, stdout: stdout(), stderr: stderr() });
    });
  });
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Gone already.
  }
}

/** The command by way of a program that sets its environment anew. */
function bare({ binary, env = {} }: Command['rule'], args: readonly string[]): [string, string[]] {
  return [ENV, ['-i', ...Object.entries(env).map(([name, value]) => `${name}=${value}`), binary, ...args]];
}

/** The command under `prlimit`, which sets the limits on itself and becomes the command. */
function limited(binary: string, args: readonly string[], limits: KernelLimits | undefined): [string, string[]] {
  if (limits === undefined) return [binary, [...args]];
  const options = [
    ['cpu', limits.cpuSeconds],
    ['as', limits.memoryBytes],
    ['fsize', limits.fileBytes],
    ['nofile', limits.descriptors],
  ].flatMap(([name, value]) => (value === undefined ? [] : [`--${name}=${value}`]));
  return [PRLIMIT, [...options, '--core=0', '--', binary, ...args]];
}
