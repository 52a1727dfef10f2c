import { connect, isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { ExecutorError } from '../errors.ts';
import { chooseAddress, type Network, type Resolver } from './address.ts';
import type { OpenedRule } from './rule.ts';

/** Where a request goes: an address that was checked, and the connection to it where there is one already. */
export interface Reached {
  readonly address: string;
  readonly family: 4 | 6;
  readonly connection?: Duplex;
}

/** Finds the one address that a request of a rule goes to. @throws ExecutorError */
export type Reach = (url: URL, rule: OpenedRule) => Promise<Reached>;

/** Resolves the name and checks all of its addresses; the connection is made by whoever asks. */
export const reachBy =
  (resolver: Resolver): Reach =>
  (url, rule) =>
    chooseAddress(url.hostname, rule.networks, resolver);

/** Time for a name and a connection, in milliseconds. */
const DIAL_TIMEOUT_MS = 10_000;

/** What a hosted executor may ask for: a connection to an origin. */
export interface DialRequest {
  readonly origin: string;
}

/**
 * Opens the connection that a hosted executor asks for, on this side of the sandbox: to the origin of the intent and no other, of a
 * rule, at an address that is public or of a network that a rule of that origin names. The executor checks the address once more
 * under the one rule that it acts by. @throws ExecutorError EXECUTOR_TARGET_NOT_ALLOWED, EXECUTOR_NAME_NOT_RESOLVED,
 * EXECUTOR_ADDRESS_FORBIDDEN, EXECUTOR_CONNECT_FAILED
 */
export async function dialOrigin(
  asked: unknown,
  target: string,
  { rules, resolver }: { readonly rules: readonly OpenedRule[]; readonly resolver: Resolver },
) {
  const { origin } = (asked ?? {}) as Partial<DialRequest>;
  const url = URL.canParse(target) ? new URL(target) : undefined;
  const ofOrigin = rules.filter((rule) => rule.origin === origin);
  if (url === undefined || url.origin !== origin || ofOrigin.length === 0) {
    throw new ExecutorError(
      'EXECUTOR_TARGET_NOT_ALLOWED',
      'no rule allows this origin, or the intent is about another',
      {
        pointer: '/target',
      },
    );
  }
  const networks: readonly Network[] = ofOrigin.flatMap((rule) => rule.networks);
  const { address, family } = await chooseAddress(url.hostname, networks, resolver);
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
  const connection = connect({ host: address, port, family });
  const timer = setTimeout(() => connection.destroy(), DIAL_TIMEOUT_MS);
  await new Promise<void>((resolve, reject) => {
    const fail = () =>
      reject(new ExecutorError('EXECUTOR_CONNECT_FAILED', 'no connection to the host', { pointer: '/target' }));
    connection.once('connect', resolve);
    connection.once('error', fail);
    connection.once('close', fail);
  }).finally(() => clearTimeout(timer));
  return { connection, answer: { address, family } };
}

/** Whether the host of a URL is an address, so that nothing has to be asked to know where it leads. */
export function isLiteral({ hostname }: URL): boolean {
  return isIP(hostname.replace(/^\[|\]$/g, '')) !== 0;
}
