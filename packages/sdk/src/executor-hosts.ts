import { createTrustedHost } from '@exoarmur/boundary-v2';
import type { ExecutorHost } from '@exoarmur/contracts';
import { createSandboxedHost, digestCode, type SandboxedHost } from '@exoarmur/sandbox';
import type { BoundaryConfig } from './config.ts';
import { SdkError } from './errors.ts';

/** Hosts, and an end to what those of them keep waiting that were made here. */
export interface Hosts {
  readonly hosts: readonly ExecutorHost[];
  closeHosts(): void;
}

/**
 * The hosts of the executors that a configuration names; those of confined ones are tried out.
 * @throws SdkError SDK_CONFIG_INVALID; SandboxError when a process cannot be confined as its executor needs it
 */
export async function createHosts(executors: BoundaryConfig['executors'] = []): Promise<Hosts> {
  const made: SandboxedHost[] = [];
  const closeHosts = (): void => {
    for (const host of made) host.close();
  };
  const settled = await Promise.allSettled(executors.map((entry, index) => createHost(entry, index, made)));
  const failed = settled.find((one) => one.status === 'rejected');
  if (failed !== undefined) {
    closeHosts();
    throw failed.reason;
  }
  return { hosts: settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : [])), closeHosts };
}

async function createHost(
  entry: NonNullable<BoundaryConfig['executors']>[number],
  index: number,
  made: SandboxedHost[],
): Promise<ExecutorHost> {
  if (entry.hosting === 'sandboxed') {
    if ('host' in entry) return entry.host;
    const { hosting: _, executor, ...limits } = entry;
    // What is installed when the boundary starts is what it runs from then on, and nothing else.
    const code = { ...executor.code, digest: digestCode(executor.code) };
    const host = await createSandboxedHost({ ...executor, ...limits, code });
    made.push(host);
    return host;
  }
  const { executor, targetTimeoutMs = 5000, executionTimeoutMs = 60_000 } = entry;
  try {
    return createTrustedHost({ executor, targetTimeoutMs, executionTimeoutMs });
  } catch (cause) {
    // The executor is the application's, and looking at it may throw anything.
    throw new SdkError('SDK_CONFIG_INVALID', 'the executor cannot be hosted', {
      pointer: `/executors/${index}/executor/manifest`,
      cause,
    });
  }
}
