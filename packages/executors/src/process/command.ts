import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import type { ActionIntent } from '@exoarmur/contracts';
import { quoteForMessage } from '@exoarmur/contracts/errors';
import { hashBytes, malformed } from '../content.ts';
import { ExecutorError } from '../errors.ts';
import { type ArgumentPattern, assertPattern, matches } from './argument.ts';

/** Most arguments of a command, and most bytes of its input. */
export const COMMAND_LIMITS = { maxArguments: 256, maxInputBytes: 1_048_576 } as const;

/** Limits that the kernel keeps (`setrlimit`); Linux with util-linux only. */
export interface KernelLimits {
  /** Processor time in seconds. */
  readonly cpuSeconds?: number;
  /** Address space in bytes. */
  readonly memoryBytes?: number;
  /** Largest file it may write, in bytes. */
  readonly fileBytes?: number;
  /** Open descriptors. */
  readonly descriptors?: number;
}

/** One command that may be run. */
export interface CommandRule {
  /** Absolute path of the binary, without a link on the way; it is the target of the intent. */
  readonly binary: string;
  /** SHA-256 of the binary in hexadecimal; another file is not run. */
  readonly sha256?: string;
  /** What stands at each place. */
  readonly arguments: readonly ArgumentPattern[];
  /** What may follow them, and how often. */
  readonly more?: { readonly pattern: ArgumentPattern; readonly max: number };
  /** Folder it runs in. */
  readonly cwd: string;
  /** All of its environment; empty unless told. */
  readonly env?: Readonly<Record<string, string>>;
  /** Whether the intent may give it standard input. */
  readonly takesInput?: boolean;
  readonly limits?: KernelLimits;
}

/** One command, read from an intent. */
export interface Command {
  readonly rule: CommandRule;
  readonly args: readonly string[];
  readonly input: Uint8Array;
}

export const PRLIMIT = '/usr/bin/prlimit';

/** Interpreters of command lines; with one of them every argument would be a program. */
const SHELLS = /(?:^|\/)(?:ba|da|z|k|c|tc|fi)?sh$|\/(?:busybox|env|xargs|sudo|su|doas|nohup|setsid)$/;

/** @throws ExecutorError EXECUTOR_CONFIG_INVALID */
export function assertRules(rules: readonly CommandRule[]): void {
  if (process.platform === 'win32') throw invalid('processes are not supported on Windows', '');
  if (rules.length === 0) throw invalid('a process executor needs at least one rule', '/rules');
  for (const [index, rule] of rules.entries()) {
    const at = `/rules/${index}`;
    const { binary, sha256, cwd, more, limits, env = {} } = rule;
    if (
      !isAbsolute(binary) ||
      !existsSync(binary) ||
      realpathSync.native(binary) !== binary ||
      !statSync(binary).isFile()
    ) {
      throw invalid(`${quoteForMessage(binary)} is no file under its real and absolute path`, `${at}/binary`);
    }
    if (SHELLS.test(binary))
      throw invalid('a shell is no command that could be limited by its arguments', `${at}/binary`);
    if (sha256 !== undefined && !/^[0-9a-f]{64}$/.test(sha256)) throw invalid('the digest is none', `${at}/sha256`);
    if (!isAbsolute(cwd) || !existsSync(cwd) || !statSync(cwd).isDirectory()) {
      throw invalid('the folder is not there', `${at}/cwd`);
    }
    for (const pattern of rule.arguments) assertPattern(pattern, `${at}/arguments`);
    if (more !== undefined) assertPattern(more.pattern, `${at}/more`);
    if (
      more !== undefined &&
      !(Number.isSafeInteger(more.max) && more.max > 0 && more.max <= COMMAND_LIMITS.maxArguments)
    ) {
      throw invalid('there are too many more arguments', `${at}/more/max`);
    }
    const injecting = Object.keys(env).find((name) =>
      /^(?:LD_|DYLD_|NODE_OPTIONS$|PYTHON|PERL5|RUBYOPT|BASH_ENV$|IFS$)/.test(name),
    );
    if (injecting !== undefined) throw invalid(`${injecting} would put other code into the process`, `${at}/env`);
    for (const value of Object.values(limits ?? {})) {
      if (!(Number.isSafeInteger(value) && value > 0)) throw invalid('a limit is a positive number', `${at}/limits`);
    }
    // SECURITY: a limit that nobody keeps is none.
    if (limits !== undefined && !existsSync(PRLIMIT))
      throw invalid('this system has no prlimit to keep limits', `${at}/limits`);
  }
}

/**
 * Reads the command out of an intent: `target` is the binary, `parameters` hold `arguments` (a list of texts) and, where the rule
 * takes it, `input` (text). @throws ExecutorError EXECUTOR_ACTION_UNSUPPORTED, EXECUTOR_TARGET_NOT_ALLOWED,
 * EXECUTOR_PARAMETERS_MALFORMED, EXECUTOR_ARGUMENTS_NOT_ALLOWED, EXECUTOR_TARGET_TOO_LARGE, EXECUTOR_BINARY_CHANGED
 */
export function parseCommand(
  { action_type, target, parameters }: ActionIntent,
  rules: readonly CommandRule[],
): Command {
  if (action_type !== 'process.run') {
    const message = `action type ${quoteForMessage(action_type)} runs no process`;
    throw new ExecutorError('EXECUTOR_ACTION_UNSUPPORTED', message, { pointer: '/action_type' });
  }
  const unknown = Object.keys(parameters).find((name) => name !== 'arguments' && name !== 'input');
  if (unknown !== undefined) throw malformed(`parameter ${quoteForMessage(unknown)} is unknown`);
  const args = parameters.arguments ?? [];
  if (!Array.isArray(args) || args.length > COMMAND_LIMITS.maxArguments || !args.every(isArgument)) {
    throw malformed('arguments must be a list of texts');
  }
  const ofBinary = rules.filter(({ binary }) => binary === target);
  if (ofBinary.length === 0) {
    throw new ExecutorError('EXECUTOR_TARGET_NOT_ALLOWED', 'no rule allows this binary', { pointer: '/target' });
  }
  const rule = ofBinary.find((candidate) => fits(candidate, args));
  if (rule === undefined) {
    const pointer = '/parameters/arguments';
    throw new ExecutorError('EXECUTOR_ARGUMENTS_NOT_ALLOWED', 'no rule allows these arguments', { pointer });
  }
  const { input } = parameters;
  if (input !== undefined && (typeof input !== 'string' || rule.takesInput !== true))
    throw malformed('input is not taken');
  const bytes = new TextEncoder().encode(input ?? '');
  if (bytes.length > COMMAND_LIMITS.maxInputBytes) {
    throw new ExecutorError('EXECUTOR_TARGET_TOO_LARGE', 'the input is too large', { pointer: '/parameters/input' });
  }
  assertBinary(rule);
  return { rule, args, input: bytes };
}

function fits({ arguments: patterns, more }: CommandRule, args: readonly string[]): boolean {
  const rest = args.slice(patterns.length);
  if (args.length < patterns.length || rest.length > (more?.max ?? 0)) return false;
  const isBegun = patterns.every((pattern, index) => matches(pattern, args[index] as string));
  return isBegun && rest.every((text) => more !== undefined && matches(more.pattern, text));
}

function isArgument(value: unknown): value is string {
  return typeof value === 'string' && value.length <= 65_536 && !value.includes('\0') && value.isWellFormed();
}

/** The file may have changed since the rule was made. */
function assertBinary({ binary, sha256 }: CommandRule): void {
  const isThere = existsSync(binary) && realpathSync.native(binary) === binary;
  const found = isThere && sha256 !== undefined ? hashBytes(readFileSync(binary)) : sha256;
  if (isThere && found === sha256) return;
  throw new ExecutorError('EXECUTOR_BINARY_CHANGED', 'the binary is not the one of the rule', { pointer: '/target' });
}

function invalid(message: string, pointer: string): ExecutorError {
  return new ExecutorError('EXECUTOR_CONFIG_INVALID', message, { pointer });
}
