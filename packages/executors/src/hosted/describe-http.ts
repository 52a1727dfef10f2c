import type { ActionIntent, JsonObject } from '@exoarmur/contracts';
import { systemResolver } from '../http/address.ts';
import { createHttpExecutor, type HttpExecutorOptions } from '../http/http-executor.ts';
import { dialOrigin } from '../http/reach.ts';
import { createRedactor } from '../http/redact.ts';
import { parseRules } from '../http/rule.ts';
import { listHostableCode } from './code.ts';
import type { HostableExecutor } from './hostable-executor.ts';
import type { HostedHttpConfig, HostedHttpSecrets } from './http.ts';

/**
 * The HTTP executor for a process of its own, which is granted no file and no network. The host opens its connections, to the origin
 * of the intent, when a rule allows it and the address may be; TLS is spoken inside. The values of secret headers are handed over when
 * a request is sent, and taken out of whatever comes back by the host too. @throws ExecutorError as `createHttpExecutor`
 */
export function describeHttpExecutor(options: HttpExecutorOptions): HostableExecutor {
  const { resolver = systemResolver, ...told } = options;
  const { manifest } = createHttpExecutor(options);
  const rules = parseRules(options.rules);
  const connections = 1 + Math.max(...rules.map(({ maxRedirects }) => maxRedirects));
  const config: HostedHttpConfig = {
    ...told,
    rules: options.rules.map((rule) => ({ ...rule, secretHeaders: Object.keys(rule.secretHeaders ?? {}) })),
    connections,
  };
  const headers = options.rules.map(({ secretHeaders = {} }) => ({ ...secretHeaders }));
  /** Those of the origin that the intent is about. */
  const secretsOf = (target: string): HostedHttpSecrets => {
    const origin = URL.canParse(target) ? new URL(target).origin : null;
    return rules.map((rule, index) => (rule.origin === origin ? (headers[index] ?? {}) : {}));
  };
  return {
    manifest,
    code: listHostableCode('http', ['@exoarmur/contracts/errors', 'ipaddr.js'], ['hosted/channel']),
    config: structuredClone(config) as unknown as JsonObject,
    ...{ read: [], write: [], observing: [], hasScratch: false, connections },
    dial: (request: unknown, { target }: ActionIntent) => dialOrigin(request, target, { rules, resolver }),
    secrets: ({ target }: ActionIntent) => ({ headers: secretsOf(target) }) as unknown as JsonObject,
    redact: createRedactor(rules.flatMap(({ secretHeaders }) => [...secretHeaders.values()])),
    // The executor is to end first, because it knows whether anything was sent.
    executionLimits: { wallClockMs: (options.timeoutMs ?? 10_000) + 10_000 },
  };
}
