// Runs inside of a confined process, which has no network: the host opens its connections.
import { createReachingExecutor } from '../http/http-executor.ts';
import type { HttpRule } from '../http/rule.ts';
import { reachByChannels } from './channel.ts';

/** Configuration of the hosted executor; the values of secret headers are not in it. */
export interface HostedHttpConfig {
  readonly rules: readonly (Omit<HttpRule, 'secretHeaders'> & { readonly secretHeaders: readonly string[] })[];
  readonly connections: number;
  readonly maxResponseBytes?: number;
  readonly timeoutMs?: number;
  readonly ca?: string;
}

/** Values of the secret headers of each rule; handed over when a request is sent, and at no other time. */
export type HostedHttpSecrets = readonly Readonly<Record<string, string>>[];

/** Stands for a value while nothing is sent. */
const UNTOLD = 'not told here';

/** Makes the executor from its configuration, as the sandboxed host asks for it. */
export default function createHosted(
  { rules, connections, ...more }: HostedHttpConfig,
  secrets?: { readonly headers: HostedHttpSecrets },
) {
  const whole = rules.map((rule, index) => ({
    ...rule,
    secretHeaders: Object.fromEntries(
      rule.secretHeaders.map((name) => [name, secrets?.headers[index]?.[name] ?? UNTOLD]),
    ),
  }));
  return createReachingExecutor({ ...more, rules: whole }, reachByChannels(connections));
}
