import { encodeUtf8 } from '../bytes.ts';

const DOMAIN = /^[!-~]{1,128}$/;

/** Callers have few domains and use each many times over, so those found good are not tested again. */
const known = new Map<string, Uint8Array>();
// INVARIANT: at most MAX_DOMAINS are kept; when there are more it starts again.
export const MAX_DOMAINS = 64;

/** How many domains are kept now. */
export function countDomains(): number {
  return known.size;
}

/** The bytes of a domain and the 0x00 after it. @throws TypeError */
export function encodeDomain(domain: string): Uint8Array {
  const found = known.get(domain);
  if (found !== undefined) return found;
  if (!DOMAIN.test(domain)) throw new TypeError('digest domain must be 1 to 128 printable ASCII characters');
  const prefix = encodeUtf8(`${domain}\0`);
  if (known.size >= MAX_DOMAINS) known.clear();
  known.set(domain, prefix);
  return prefix;
}
