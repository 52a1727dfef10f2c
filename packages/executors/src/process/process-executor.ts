import type {
  ActionClass,
  ActionIntent,
  EffectPreview,
  Executor,
  ExecutorReport,
  TargetCheck,
} from '@exoarmur/contracts';
import { hashBytes, showBytes } from '../content.ts';
import { ExecutorError } from '../errors.ts';
import { assertRules, type CommandRule, parseCommand } from './command.ts';
import { runCommand } from './run-command.ts';

/** What a process executor is made of. */
export interface ProcessExecutorOptions {
  readonly rules: readonly CommandRule[];
  /** Wall clock for one command; 10,000 ms unless told. */
  readonly timeoutMs?: number;
  /** Bytes of standard output and of standard error, each; 262,144 unless told, 1 MiB at most. A command that writes more is stopped. */
  readonly maxOutputBytes?: number;
  /** How far a command reaches at least; `A2_hard_containment` unless told. */
  readonly classFloor?: ActionClass;
  /** Whether commands need a network; declared as the capability `net`, and of use in a process of its own, which has none otherwise. */
  readonly usesNetwork?: boolean;
}

type Parts = Required<Omit<ProcessExecutorOptions, 'classFloor' | 'usesNetwork'>> & { readonly isConfined: boolean };

/**
 * An executor that runs the commands of its rules and no others: no shell, no search path, an empty environment, arguments that
 * fit their places. It is no sandbox: a command has the rights of this process. @throws ExecutorError EXECUTOR_CONFIG_INVALID
 */
export function createProcessExecutor(options: ProcessExecutorOptions): Executor {
  return createExecutor(options, false);
}

/**
 * The same for a confined process, from which a command gets what the confinement leaves. Hosted by `describeProcessExecutor`.
 * @throws ExecutorError EXECUTOR_CONFIG_INVALID
 */
export function createConfinedExecutor(options: ProcessExecutorOptions): Executor {
  return createExecutor(options, true);
}

function createExecutor(options: ProcessExecutorOptions, isConfined: boolean): Executor {
  const { timeoutMs = 10_000, maxOutputBytes = 262_144, classFloor = 'A2_hard_containment' } = options;
  assertRules(options.rules);
  for (const [name, value, most] of [
    ['timeoutMs', timeoutMs, 3_600_000],
    ['maxOutputBytes', maxOutputBytes, 1_048_576],
  ] as const) {
    if (!(Number.isSafeInteger(value) && value > 0 && value <= most)) {
      throw new ExecutorError('EXECUTOR_CONFIG_INVALID', `${name} is 1 to ${most}`, { pointer: `/${name}` });
    }
  }
  const parts: Parts = { rules: structuredClone([...options.rules]), timeoutMs, maxOutputBytes, isConfined };
  const network = options.usesNetwork === true ? ['net'] : [];
  return {
    manifest: {
      ...{ name: 'process', version: '0.1.0', action_types: ['process.run'], target_kinds: ['path'] },
      capabilities: [...network, ...new Set(parts.rules.map(({ binary }) => `process.run:${binary}`))].sort(),
      action_class_floors: { 'process.run': classFloor },
    },
    validateTarget: async (intent) => validateTarget(intent, parts),
    preview: async (intent) => previewOf(intent, parts),
    execute: (intent, { signal }) => execute(intent, parts, signal),
  };
}

function validateTarget(intent: ActionIntent, { rules }: Parts): TargetCheck {
  try {
    const { rule, args } = parseCommand(intent, rules);
    const evidence = { binary: rule.binary, arguments: args.length };
    return { result: 'valid', reason: 'a rule allows the command', evidence };
  } catch (error) {
    if (!(error instanceof ExecutorError)) throw error;
    return { result: verdictOf(error), reason: error.message, evidence: { code: error.code } };
  }
}

function previewOf(intent: ActionIntent, { rules }: Parts): EffectPreview {
  const { rule, args, input } = parseCommand(intent, rules);
  const lines = [rule.binary, ...args.map((text) => `  ${JSON.stringify(text)}`), `in ${rule.cwd}`];
  const body = lines.join('\n');
  const cut = [...body].slice(0, 60_000).join('');
  const summary = `runs ${rule.binary} with ${args.length} arguments and ${input.length} bytes of input`;
  return { media_type: 'text/plain', summary: summary.slice(0, 1024), body: cut, is_truncated: cut !== body };
}

async function execute(intent: ActionIntent, parts: Parts, signal: AbortSignal): Promise<ExecutorReport> {
  try {
    const command = parseCommand(intent, parts.rules);
    const { exitCode, stdout, stderr } = await runCommand(command, { ...parts, signal });
    const claimed = {
      ...{ binary: command.rule.binary, arguments: [...command.args], exit_code: exitCode },
      ...showBytes('stdout', stdout),
      ...showBytes('stderr', stderr),
    };
    const observed = { exit_code: exitCode, stdout_sha256: hashBytes(stdout), stderr_sha256: hashBytes(stderr) };
    const isDone = exitCode === 0;
    return { success: isDone, error_code: isDone ? null : 'EXECUTOR_EXIT_STATUS', claimed, observed };
  } catch (error) {
    // Anything else may have happened half way: it is thrown on, and the boundary calls the outcome ambiguous.
    if (!(error instanceof ExecutorError)) throw error;
    return { success: false, error_code: error.code, claimed: {}, observed: {} };
  }
}

function verdictOf({ code }: ExecutorError): TargetCheck['result'] {
  if (code === 'EXECUTOR_ACTION_UNSUPPORTED') return 'unsupported';
  return code === 'EXECUTOR_PARAMETERS_MALFORMED' ? 'invalid' : 'violates_constraints';
}
