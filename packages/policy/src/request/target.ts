/** Limits of a target; what goes over them is refused, not cut. */
export const TARGET_LIMITS = { maxSegments: 64, maxHostBytes: 253 } as const;

/** Why a target cannot be put before a policy. */
export type TargetRefusal =
  | 'backslash'
  | 'dot_segment'
  | 'empty_segment'
  | 'encoded_separator'
  | 'fragment'
  | 'host_malformed'
  | 'not_normalised'
  | 'tool_malformed'
  | 'too_many_segments'
  | 'trailing_slash'
  | 'userinfo';

/** A target in the one spelling a policy may compare: everything ambiguous was refused before. */
export type Target =
  | {
      readonly kind: 'Path';
      readonly id: string;
      readonly path: string;
      readonly name: string;
      /** Every directory above it, from `/` down. */
      readonly directories: readonly string[];
    }
  | {
      readonly kind: 'Url';
      readonly id: string;
      readonly scheme: string;
      readonly host: string;
      readonly port: number | undefined;
      readonly path: string;
      readonly query: string | undefined;
      readonly ip: string | undefined;
      /** The host and every domain above it. */
      readonly domains: readonly string[];
    }
  | { readonly kind: 'Tool'; readonly id: string; readonly server: string; readonly name: string }
  | { readonly kind: 'Name'; readonly id: string; readonly name: string };

/** The answer of {@link parseTarget}: a refusal is a fact about the input that denies, not an error. */
export type TargetAnswer =
  | { readonly outcome: 'valid'; readonly target: Target }
  | { readonly outcome: 'refused'; readonly reason: TargetRefusal };

const DEFAULT_PORTS: ReadonlyMap<string, number> = new Map([
  ['http', 80],
  ['https', 443],
  ['ws', 80],
  ['wss', 443],
  ['ftp', 21],
]);
const URL_SHAPE = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)([^?#]*)(?:\?([^#]*))?(#.*)?$/s;
const HOST_LABEL = /^[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?$/;
const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.|$)){4}$/;
const TOOL_PART = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/**
 * Reads the target of an intent (attacker-controlled text of at most 4096 characters) as a path, a URL, an MCP tool or a
 * plain name. Refuses what could be read in two ways: dot segments (also percent-encoded), backslashes, empty segments,
 * credentials in a URL, spellings that a URL parser would rewrite.
 */
export function parseTarget(text: string): TargetAnswer {
  if (text.includes('\\')) return refuse('backslash');
  if (text.startsWith('/')) return parsePath(text);
  const url = URL_SHAPE.exec(text);
  if (url !== null) return parseUrl(text, url);
  const parts = text.split('/');
  if (parts.includes('.') || parts.includes('..')) return refuse('dot_segment');
  if (parts.includes('')) return refuse('empty_segment');
  return { outcome: 'valid', target: { kind: 'Name', id: text, name: text } };
}

function refuse(reason: TargetRefusal): TargetAnswer {
  return { outcome: 'refused', reason };
}

function parsePath(text: string): TargetAnswer {
  if (text === '/')
    return { outcome: 'valid', target: { kind: 'Path', id: '/', path: '/', name: '/', directories: [] } };
  const segments = text.slice(1).split('/');
  if (segments.at(-1) === '') return refuse('trailing_slash');
  const problem = checkSegments(segments);
  if (problem !== undefined) return refuse(problem);
  const directories = ['/'];
  for (let end = 1; end < segments.length; end += 1) directories.push(`/${segments.slice(0, end).join('/')}`);
  const target: Target = { kind: 'Path', id: text, path: text, name: segments.at(-1) ?? '/', directories };
  return { outcome: 'valid', target };
}

function checkSegments(segments: readonly string[]): TargetRefusal | undefined {
  if (segments.length > TARGET_LIMITS.maxSegments) return 'too_many_segments';
  if (segments.includes('')) return 'empty_segment';
  if (segments.includes('.') || segments.includes('..')) return 'dot_segment';
  return undefined;
}

function parseUrl(text: string, match: RegExpExecArray): TargetAnswer {
  const [, scheme = '', authority = '', path = '', query, fragment] = match;
  if (fragment !== undefined) return refuse('fragment');
  if (authority.includes('@')) return refuse('userinfo');
  if (/%(?:2e|2f|5c|00)/i.test(path)) return refuse('encoded_separator');
  const segments = path === '' || path === '/' ? [] : path.slice(1).replace(/\/$/, '').split('/');
  const problem = checkSegments(segments);
  if (problem !== undefined) return refuse(problem);
  if (scheme === 'mcp') return parseTool(authority, segments, path, query);
  const colon = authority.startsWith('[') ? authority.indexOf(']:') + 1 || authority.length : authority.indexOf(':');
  const host = colon < 0 ? authority : authority.slice(0, colon);
  const portText = colon < 0 || colon >= authority.length ? undefined : authority.slice(colon + 1);
  const ip = readIp(host);
  if (ip === undefined && !isDomain(host)) return refuse('host_malformed');
  if (portText !== undefined && !/^[1-9]\d{0,4}$/.test(portText)) return refuse('host_malformed');
  // SECURITY: whoever performs the effect parses the URL again; only a spelling that survives that unchanged is accepted.
  if (!isFixedPoint(text)) return refuse('not_normalised');
  const port = portText === undefined ? DEFAULT_PORTS.get(scheme) : Number(portText);
  const labels = host.split('.');
  const domains = ip === undefined ? labels.map((_, start) => labels.slice(start).join('.')) : [host];
  return {
    outcome: 'valid',
    target: { kind: 'Url', id: text, scheme, host, port, path, query, ip, domains },
  };
}

function parseTool(server: string, segments: readonly string[], path: string, query: string | undefined): TargetAnswer {
  const [name = '', ...rest] = segments;
  const isTool = TOOL_PART.test(server) && TOOL_PART.test(name) && rest.length === 0 && path === `/${name}`;
  if (!isTool || query !== undefined) return refuse('tool_malformed');
  return { outcome: 'valid', target: { kind: 'Tool', id: `${server}/${name}`, server, name } };
}

function isDomain(host: string): boolean {
  const labels = host.split('.');
  if (host.length > TARGET_LIMITS.maxHostBytes || !labels.every((label) => HOST_LABEL.test(label))) return false;
  // A last label that looks like a number is read as an IPv4 address by URL parsers: `0x7f.1` is 127.0.0.1.
  return !/^(?:\d+|0x[0-9a-f]*)$/.test(labels.at(-1) ?? '');
}

/**
 * IPv6 texts whose address stands for an IPv4 one or for this host under another name: everything below `::`/32 but `::1`
 * (IPv4-mapped, IPv4-compatible, unspecified), NAT64 (RFC 6052, RFC 8215), Teredo (RFC 4380) and 6to4 (RFC 3056). The
 * spelling is the normalised one by then, so a prefix of the text is a prefix of the address.
 */
const EMBEDDING_IPV6 = /^(?:::(?!1$)|64:ff9b:|2001:(?:0:|:)|2002:)/;

/** The address of a host text. SECURITY: one address has one text, or a rule about the other text would not see it. */
function readIp(host: string): string | undefined {
  // 0.0.0.0/8 is "this host" (RFC 6890), which systems connect to the loopback interface.
  if (IPV4.test(host)) return host.startsWith('0.') ? undefined : host;
  const address = /^\[([0-9a-f:]{2,39})\]$/.exec(host)?.[1];
  return address === undefined || EMBEDDING_IPV6.test(address) ? undefined : address;
}

function isFixedPoint(text: string): boolean {
  try {
    const { href } = new URL(text);
    return href === text || href === `${text}/`;
  } catch {
    return false;
  }
}
