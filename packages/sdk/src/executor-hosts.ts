import { createTrustedHost } from '@exoarmur/boundary-v2';
import type { ExecutorHost } from '@exoarmur/contracts';
import { createSandboxedHost, digestCode } from '@exoarmur/sandbox';
import type { BoundaryConfig } from './config.ts';
import { SdkError } from './errors.ts';

/**
 * The hosts of the executors that a configuration names; those of confined ones are tried out.
 * @throws SdkError SDK_CONFIG_INVALID; SandboxError when a process cannot be confined as its executor needs it
 */
export function createHosts(executors: BoundaryConfig['executors'] = []): Promise<ExecutorHost[]> {
  return Promise.all(executors.map(createHost));
}

async function createHost(
  entry: NonNullable<BoundaryConfig['executors']>[number],
  index: number,
): Promise<ExecutorHost> {
  if (entry.hosting === 'sandboxed') {
    if ('host' in entry) return entry.host;
    const { hosting: _, executor, ...limits } = entry;
    // What is installed when the boundary starts is what it runs from then on, and nothing else.
    const code = { ...executor.code, digest: digestCode(executor.code) };
    return createSandboxedHost({ ...executor, ...limits, code });
  }
  const { executor, targetTimeoutMs = 5000, executionTimeoutMs = 60_000 } = entry;
  try {
    return createTrustedHost({ executor, targetTimeoutMs, executionTimeoutMs });
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw new SdkError('SDK_CONFIG_INVALID', cause.message, {
      pointer: `/executors/${index}/executor/manifest`,
      cause,
    });
  }
}
