import { quoteForMessage } from '@exoarmur/contracts/errors';
import { ExecutorError } from '../errors.ts';
import { type Network, parseNetwork } from './address.ts';

/** Methods of the HTTP executor. */
export const HTTP_METHODS = ['DELETE', 'GET', 'HEAD', 'PATCH', 'POST', 'PUT'] as const;
export type HttpMethod = (typeof HTTP_METHODS)[number];

/** What may be asked of one origin. */
export interface HttpRule {
  /** `https://api.example.com` or with a port; no path. */
  readonly origin: string;
  readonly methods: readonly HttpMethod[];
  /** Paths that may be asked for: each stands for itself and for what lies below it. `/` is everything. */
  readonly paths: readonly string[];
  /**
   * Networks in CIDR notation that the host may resolve to although they are not public. Without it only public unicast
   * addresses are connected to.
   */
  readonly networks?: readonly string[];
  /** Headers that the host of the executor adds, such as credentials. Their values appear in no record, answer or error. */
  readonly secretHeaders?: Readonly<Record<string, string>>;
  /** Redirects that are followed, GET and HEAD alone, to what this rule allows; none unless told. 5 at most. */
  readonly maxRedirects?: number;
}

/** A rule that was checked. */
export interface OpenedRule {
  readonly origin: string;
  readonly methods: ReadonlySet<HttpMethod>;
  readonly paths: readonly string[];
  readonly networks: readonly Network[];
  readonly secretHeaders: ReadonlyMap<string, string>;
  readonly maxRedirects: number;
}

const HEADER_NAME = /^[a-z0-9!#$%&'*+.^_`|~-]{1,64}$/;
const HEADER_VALUE = /^[\t\x20-\x7e]{0,4096}$/;
/** Headers that belong to the connection or say where the request goes; nobody sets them, not even the operator. */
const CONNECTION_HEADERS: ReadonlySet<string> = new Set([
  ...['connection', 'content-length', 'expect', 'host', 'keep-alive', 'te', 'trailer', 'transfer-encoding', 'upgrade'],
  ...['accept-encoding', 'proxy-authorization', 'proxy-connection', 'forwarded', 'x-forwarded-for', 'x-forwarded-host'],
]);

/** Whether a name and a value can stand in a request as they are. */
export function isHeader(name: string, value: string): boolean {
  return HEADER_NAME.test(name) && HEADER_VALUE.test(value) && !CONNECTION_HEADERS.has(name);
}

/** @throws ExecutorError EXECUTOR_CONFIG_INVALID */
export function parseRules(rules: readonly HttpRule[]): readonly OpenedRule[] {
  if (rules.length === 0) throw invalid('an http executor needs at least one rule', '/rules');
  return rules.map((rule, index) => {
    const { origin, methods, paths, networks = [], secretHeaders = {}, maxRedirects = 0 } = rule;
    const at = `/rules/${index}`;
    const isHttp = URL.canParse(origin) && /^https?:$/.test(new URL(origin).protocol);
    if (!isHttp || new URL(origin).origin !== origin) {
      throw invalid(`${quoteForMessage(origin)} is no origin of http or https`, `${at}/origin`);
    }
    if (methods.length === 0 || methods.some((method) => !HTTP_METHODS.includes(method))) {
      throw invalid('methods are not those of this executor', `${at}/methods`);
    }
    if (paths.length === 0 || paths.some((path) => !isPlainPath(path))) {
      throw invalid('paths must be plain and begin with a slash', `${at}/paths`);
    }
    if (!(Number.isSafeInteger(maxRedirects) && maxRedirects >= 0 && maxRedirects <= 5)) {
      throw invalid('redirects are limited to 5', `${at}/maxRedirects`);
    }
    const secrets = Object.entries(secretHeaders).map(([name, value]): [string, string] => [name.toLowerCase(), value]);
    // SECURITY: a header that cannot be sent must not be named together with its value.
    if (secrets.some(([name, value]) => !isHeader(name, value) || value.length < 8)) {
      throw invalid(
        'a secret header has a name that cannot be set, or a value that is no secret',
        `${at}/secretHeaders`,
      );
    }
    return {
      ...{ origin, methods: new Set(methods), paths: [...paths], maxRedirects },
      networks: networks.map((network) => parseNetwork(network, `${at}/networks`)),
      secretHeaders: new Map(secrets),
    };
  });
}

/** The rule that allows a request. @throws ExecutorError EXECUTOR_TARGET_NOT_ALLOWED */
export function findRule(rules: readonly OpenedRule[], method: HttpMethod, url: URL): OpenedRule {
  const rule = rules.find((candidate) => allows(candidate, method, url));
  if (rule !== undefined) return rule;
  throw new ExecutorError('EXECUTOR_TARGET_NOT_ALLOWED', `no rule allows ${method} to this host and path`, {
    pointer: '/target',
  });
}

/** Whether one rule allows a request. */
export function allows(rule: OpenedRule, method: HttpMethod, url: URL): boolean {
  return (
    rule.origin === url.origin && rule.methods.has(method) && rule.paths.some((path) => isBelow(url.pathname, path))
  );
}

function isBelow(path: string, prefix: string): boolean {
  return path === prefix || path.startsWith(prefix.endsWith('/') ? prefix : `${prefix}/`);
}

function isPlainPath(path: string): boolean {
  return path.startsWith('/') && new URL(path, 'https://host').pathname === path && !/[%\\]|\/\//.test(path);
}

function invalid(message: string, pointer: string): ExecutorError {
  return new ExecutorError('EXECUTOR_CONFIG_INVALID', message, { pointer });
}
