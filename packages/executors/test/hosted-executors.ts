import { createSandboxedHost, digestCode } from '@exoarmur/sandbox';
import type { ProcessExecutorOptions } from '../src/index.ts';
import {
  describeHttpExecutor,
  describeProcessExecutor,
  type HostableExecutor,
  type HttpExecutorOptions,
  type HttpRule,
} from '../src/index.ts';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

/** A rule for the whole of an origin, which may be on the loopback network. */
export const ruleAt = (origin: string, change: Partial<HttpRule> = {}): HttpRule => ({
  ...{ origin, methods: METHODS, paths: ['/'], networks: ['127.0.0.0/8'] },
  ...change,
});

/** A shipped executor in its sandboxed host, with time for a machine that is busy. */
export function hostDescribed(described: HostableExecutor, limits: { readonly memoryBytes?: number } = {}) {
  return createSandboxedHost({
    ...{ ...described, code: { ...described.code, digest: digestCode(described.code) } },
    ...{ acceptsUnrestrictedNetwork: true, acceptsUnrestrictedChildren: true, targetLimits: { wallClockMs: 30_000 } },
    executionLimits: { wallClockMs: 60_000, ...described.executionLimits, ...limits },
  });
}

/** The http executor with one rule, in a process of its own; every name is this machine. */
export const openHttp = (rule: HttpRule, change: Partial<HttpExecutorOptions> = {}) =>
  hostDescribed(
    describeHttpExecutor({ rules: [rule], resolver: async () => ['127.0.0.1'], timeoutMs: 30_000, ...change }),
  );

/** The process executor in a process of its own. */
export const openProcess = (options: ProcessExecutorOptions) =>
  hostDescribed(describeProcessExecutor({ timeoutMs: 60_000, ...options }));
