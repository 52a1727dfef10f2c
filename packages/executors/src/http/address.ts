import { lookup } from 'node:dns/promises';
import { quoteForMessage } from '@exoarmur/contracts/errors';
import ipaddr from 'ipaddr.js';
import { ExecutorError } from '../errors.ts';

/** Resolves a host name to the texts of all its addresses. */
export type Resolver = (host: string) => Promise<readonly string[]>;

type Address = ReturnType<typeof ipaddr.parse>;

/** A network that an operator named. */
export type Network = ReturnType<typeof ipaddr.parseCIDR>;

/** Most addresses of one name that are looked at. */
const MAX_ADDRESSES = 64;

/** The system's resolver. */
export const systemResolver: Resolver = async (host) =>
  (await lookup(host, { all: true, verbatim: true })).map(({ address }) => address);

/** @throws ExecutorError EXECUTOR_CONFIG_INVALID */
export function parseNetwork(text: string, pointer: string): Network {
  if (ipaddr.isValidCIDR(text)) return ipaddr.parseCIDR(text);
  throw new ExecutorError('EXECUTOR_CONFIG_INVALID', `${quoteForMessage(text)} is no network in CIDR notation`, {
    pointer,
  });
}

/**
 * The one address to connect to. Every address of the name has to be allowed, so that an answer cannot hide a forbidden one
 * among others, and the connection is made to the address that was looked at, whatever the name resolves to afterwards.
 * @throws ExecutorError EXECUTOR_NAME_NOT_RESOLVED, EXECUTOR_ADDRESS_FORBIDDEN
 */
export async function chooseAddress(
  host: string,
  networks: readonly Network[],
  resolver: Resolver,
): Promise<{ readonly address: string; readonly family: 4 | 6 }> {
  const literal = host.startsWith('[') ? host.slice(1, -1) : host;
  const texts = ipaddr.isValid(literal) ? [literal] : await resolve(host, resolver);
  const addresses = texts.map((text) => {
    const address = parse(text);
    if (address === undefined || !isAllowed(address, networks)) {
      throw new ExecutorError('EXECUTOR_ADDRESS_FORBIDDEN', 'the host stands for an address that is not public', {
        pointer: '/target',
      });
    }
    return address;
  });
  const [first] = addresses as [Address, ...Address[]];
  return { address: first.toString(), family: first.kind() === 'ipv4' ? 4 : 6 };
}

async function resolve(host: string, resolver: Resolver): Promise<readonly string[]> {
  let texts: readonly string[] = [];
  try {
    texts = await resolver(host);
  } catch {
    // Whatever a resolver throws: there is no address.
  }
  if (texts.length > 0 && texts.length <= MAX_ADDRESSES) return texts;
  throw new ExecutorError('EXECUTOR_NAME_NOT_RESOLVED', 'the host has no address', { pointer: '/target' });
}

/** An address in its usual spelling; zone identifiers, octal and short forms are none. */
function parse(text: string): Address | undefined {
  if (text.includes('%')) return undefined;
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return ipaddr.IPv4.parse(text);
  return ipaddr.IPv6.isValid(text) && text.includes(':') ? ipaddr.IPv6.parse(text) : undefined;
}

/**
 * Public unicast, or of a network that the operator named. SECURITY: what embeds another address (mapped, compatible, NAT64,
 * 6to4, Teredo) is not public unicast, so it is refused whatever it embeds.
 */
function isAllowed(address: Address, networks: readonly Network[]): boolean {
  if (networks.some(([base, bits]) => base.kind() === address.kind() && address.match(base as never, bits)))
    return true;
  if (address.range() !== 'unicast') return false;
  // IPv6 has one block of public unicast, 2000::/3 (RFC 4291); IPv4-compatible addresses lie outside of it.
  return address.kind() === 'ipv4' || address.match(ipaddr.parseCIDR('2000::/3') as never);
}
