import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Root folder of the repository, with a trailing separator. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** What a gate saw. A gate that examined nothing has not passed: silence and success look alike. */
export interface GateResult {
  /** Number of things looked at; 0 fails the gate. */
  readonly examined: number;
  /** What was counted, as a plural noun. */
  readonly unit: string;
  /** One line per violation; empty means passed. */
  readonly findings: readonly string[];
}

/** One check of the repository. */
export interface Gate {
  readonly name: string;
  /** What the gate guards, in a few words. */
  readonly guards: string;
  run(): Promise<GateResult> | GateResult;
}

/** True when the gate saw something and found nothing wrong with it. */
export function isPassed(result: GateResult): boolean {
  return result.examined > 0 && result.findings.length === 0;
}

/** Outcome of a child process; `status` is -1 when it could not start or was killed. */
export interface CommandOutcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Options of {@link runCommand}. */
export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** Runs a program without a shell and with stdin closed; never throws because of its exit code. */
export function runCommand(command: string, args: readonly string[], options: CommandOptions = {}): CommandOutcome {
  const result = spawnSync(command, args, {
    cwd: options.cwd ?? ROOT,
    env: options.env ?? process.env,
    encoding: 'utf8',
    maxBuffer: 256 * 1024 * 1024,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const stderr = result.error === undefined ? result.stderr : `${result.stderr ?? ''}${result.error.message}`;
  return { status: result.status ?? -1, stdout: result.stdout ?? '', stderr: stderr ?? '' };
}

/** Runs a script of node_modules with the Node that runs this process, so that no PATH decides what is executed. */
export function runScript(script: string, args: readonly string[], options: CommandOptions = {}): CommandOutcome {
  return runCommand(process.execPath, [`${ROOT}node_modules/${script}`, ...args], options);
}

/** Turns the output of a failed tool into findings: its non-empty lines, at most `limit` of them. */
export function toFindings(outcome: CommandOutcome, limit = 40): string[] {
  if (outcome.status === 0) return [];
  const lines = `${outcome.stdout}\n${outcome.stderr}`.split('\n').filter((line) => line.trim() !== '');
  return lines.length === 0 ? [`exit code ${outcome.status} without a message`] : lines.slice(0, limit);
}
