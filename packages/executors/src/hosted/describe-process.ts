import { existsSync } from 'node:fs';
import type { JsonObject } from '@exoarmur/contracts';
import { ExecutorError } from '../errors.ts';
import { PRLIMIT } from '../process/command.ts';
import { createProcessExecutor, type ProcessExecutorOptions } from '../process/process-executor.ts';
import { ENV } from '../process/run-command.ts';
import { listHostableCode } from './code.ts';
import type { HostableExecutor } from './hostable-executor.ts';

/**
 * The process executor for a process of its own, which may start programs, and has a network only when the options say that commands
 * use one. A command is not under Node's permission model: on files it has the rights of the user. Namespaces and limits hold for it.
 * @throws ExecutorError as `createProcessExecutor`, and EXECUTOR_CONFIG_INVALID for a binary whose path holds `=`
 */
export function describeProcessExecutor(options: ProcessExecutorOptions): HostableExecutor {
  const { manifest } = createProcessExecutor(options);
  const odd = options.rules.findIndex(({ binary }) => binary.includes('='));
  if (odd >= 0 || !existsSync(ENV)) {
    const message =
      odd >= 0 ? 'a path with `=` cannot be started from a process of its own' : `this system has no ${ENV}`;
    throw new ExecutorError('EXECUTOR_CONFIG_INVALID', message, { pointer: odd >= 0 ? `/rules/${odd}/binary` : '' });
  }
  const limiters = options.rules.some(({ limits }) => limits !== undefined) ? [PRLIMIT] : [];
  return {
    manifest,
    code: listHostableCode('process', ['@exoarmur/contracts/errors']),
    config: structuredClone(options) as unknown as JsonObject,
    // To look at, as the rules are checked again inside; what a command reads is not up to Node.
    read: [...new Set([...options.rules.flatMap(({ binary, cwd }) => [binary, cwd]), ...limiters])],
    ...{ write: [], observing: [], hasScratch: false, children: 'allowed' },
    ...(options.usesNetwork === true ? { network: 'allowed' } : {}),
    // The executor is to end first, because it knows how the command ended.
    executionLimits: { wallClockMs: (options.timeoutMs ?? 10_000) + 10_000 },
  };
}
