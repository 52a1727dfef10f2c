import type {
  ActionClass,
  ActionIntent,
  EffectPreview,
  Executor,
  ExecutorManifest,
  ExecutorReport,
  JsonObject,
  TargetCheck,
} from '@exoarmur/contracts';
import { hashBytes, textOf } from '../content.ts';
import { ExecutorError } from '../errors.ts';
import { chooseAddress, type Resolver, systemResolver } from './address.ts';
import { ExchangeBroken, exchange, type HttpResponse } from './exchange.ts';
import { HTTP_ACTIONS, type HttpRequest, parseHttpRequest } from './http-request.ts';
import { isLiteral, type Reach, type Reached, reachBy } from './reach.ts';
import { createRedactor } from './redact.ts';
import { allows, type HttpMethod, type HttpRule, type OpenedRule, parseRules } from './rule.ts';

/** What an HTTP executor is made of. */
export interface HttpExecutorOptions {
  readonly rules: readonly HttpRule[];
  /** Resolves names; the system's resolver unless told. */
  readonly resolver?: Resolver;
  /** Bytes of a response that are read; 1 MiB unless told, which is also the most. */
  readonly maxResponseBytes?: number;
  /** Time for everything, redirects included; 10,000 ms unless told. */
  readonly timeoutMs?: number;
  /** Certificates to trust in place of the system's, in PEM. */
  readonly ca?: string;
}

const MAX_RESPONSE_BYTES = 1_048_576;

/** How far each method reaches at least. A request tells its receiver something, so none is mere observation. */
const CLASS_FLOORS: { readonly [Method in HttpMethod]: ActionClass } = {
  GET: 'A1_soft_containment',
  HEAD: 'A1_soft_containment',
  PATCH: 'A2_hard_containment',
  POST: 'A2_hard_containment',
  PUT: 'A2_hard_containment',
  DELETE: 'A3_irreversible',
};

/** Response headers that a record keeps. */
const KEPT_HEADERS = ['content-type', 'etag', 'last-modified', 'location', 'retry-after'];

interface Parts {
  readonly rules: readonly OpenedRule[];
  readonly maxResponseBytes: number;
  readonly timeoutMs: number;
  readonly ca: string | undefined;
  readonly reach: Reach;
  /** Whether a name can be asked for while nothing is sent. */
  readonly resolvesAhead: boolean;
}

/**
 * An executor that sends HTTP requests to the hosts, methods and paths of its rules and nowhere else. Names are resolved once,
 * every address is checked, and the connection goes to the address that was checked. Nothing is tried twice.
 * @throws ExecutorError EXECUTOR_CONFIG_INVALID
 */
export function createHttpExecutor({ resolver = systemResolver, ...options }: HttpExecutorOptions): Executor {
  return createExecutor(options, { reach: reachBy(resolver), resolvesAhead: true });
}

/**
 * The same for a process without a network: connections come from elsewhere, and what a name stands for is not known before. Hosted by
 * `describeHttpExecutor`. @throws ExecutorError EXECUTOR_CONFIG_INVALID
 */
export function createReachingExecutor(options: Omit<HttpExecutorOptions, 'resolver'>, reach: Reach): Executor {
  return createExecutor(options, { reach, resolvesAhead: false });
}

function createExecutor(
  options: Omit<HttpExecutorOptions, 'resolver'>,
  way: Pick<Parts, 'reach' | 'resolvesAhead'>,
): Executor {
  const { maxResponseBytes = MAX_RESPONSE_BYTES, timeoutMs = 10_000, ca } = options;
  if (!(Number.isSafeInteger(maxResponseBytes) && maxResponseBytes > 0 && maxResponseBytes <= MAX_RESPONSE_BYTES)) {
    throw new ExecutorError('EXECUTOR_CONFIG_INVALID', 'a response has 1 byte to 1 MiB', {
      pointer: '/maxResponseBytes',
    });
  }
  if (!(Number.isSafeInteger(timeoutMs) && timeoutMs > 0 && timeoutMs <= 600_000)) {
    throw new ExecutorError('EXECUTOR_CONFIG_INVALID', 'a request has 1 ms to 10 minutes', { pointer: '/timeoutMs' });
  }
  const parts: Parts = { rules: parseRules(options.rules), maxResponseBytes, timeoutMs, ca, ...way };
  return {
    manifest: createManifest(parts.rules),
    validateTarget: (intent) => validateTarget(intent, parts),
    preview: async (intent) => previewOf(intent, parts),
    execute: (intent, { signal }) => execute(intent, parts, signal),
  };
}

function createManifest(rules: readonly OpenedRule[]): ExecutorManifest {
  const capabilities = rules.flatMap(({ origin, methods, paths }) =>
    [...methods].flatMap((method) => paths.map((path) => `http.${method.toLowerCase()}:${origin}${path}`)),
  );
  return {
    name: 'http',
    version: '0.1.0',
    action_types: [...HTTP_ACTIONS.keys()],
    target_kinds: ['url'],
    capabilities: [...new Set(capabilities)].sort(),
    action_class_floors: Object.fromEntries([...HTTP_ACTIONS].map(([type, method]) => [type, CLASS_FLOORS[method]])),
  };
}

async function validateTarget(intent: ActionIntent, parts: Parts): Promise<TargetCheck> {
  try {
    const { method, url, rule } = parseHttpRequest(intent, parts.rules);
    // Without a network nothing is asked: an address in the URL itself is checked, a name when the connection is made.
    const isAhead = parts.resolvesAhead || isLiteral(url);
    const { address } = isAhead ? await locate(url, rule, parts) : { address: null };
    const evidence = { method, origin: url.origin, path: url.pathname, address };
    const reason = isAhead
      ? 'a rule allows the request, and the host has a public or named address'
      : 'a rule allows the request; the address of the host is checked when it is sent';
    return { result: 'valid', reason, evidence };
  } catch (error) {
    if (!(error instanceof ExecutorError)) throw error;
    return { result: verdictOf(error), reason: error.message, evidence: { code: error.code } };
  }
}

/** Connects nowhere. */
function locate(url: URL, rule: OpenedRule, { reach, resolvesAhead }: Parts): Promise<Reached> {
  return resolvesAhead ? reach(url, rule) : chooseAddress(url.hostname, rule.networks, async () => []);
}

function previewOf(intent: ActionIntent, { rules }: Parts): EffectPreview | null {
  const { method, url, headers, body, rule } = parseHttpRequest(intent, rules);
  const lines = [
    `${method} ${url.pathname}${url.search} HTTP/1.1`,
    `host: ${url.host}`,
    ...Array.from(headers, ([name, value]) => `${name}: ${value}`),
    ...Array.from(rule.secretHeaders.keys(), (name) => `${name}: [secret]`),
  ];
  const text = body === null ? '' : `\n\n${textOf(body) ?? `[${body.length} bytes]`}`;
  const whole = `${lines.join('\n')}${text}`;
  const cut = [...whole].slice(0, 60_000).join('');
  const summary = `${method} to ${url.host}, ${body?.length ?? 0} bytes of body`;
  return { media_type: 'text/plain', summary: summary.slice(0, 1024), body: cut, is_truncated: cut !== whole };
}

async function execute(intent: ActionIntent, parts: Parts, cancel: AbortSignal): Promise<ExecutorReport> {
  try {
    const request = parseHttpRequest(intent, parts.rules);
    const signal = AbortSignal.any([cancel, AbortSignal.timeout(parts.timeoutMs)]);
    const { response, address, url } = await send(request, parts, signal);
    return reportOf(request, response, { address, url });
  } catch (error) {
    // Anything else may have happened half way: it is thrown on, and the boundary calls the outcome ambiguous.
    if (!(error instanceof ExecutorError)) throw error;
    return { success: false, error_code: error.code, claimed: {}, observed: {} };
  }
}

async function send(request: HttpRequest, parts: Parts, signal: AbortSignal) {
  const { method, rule, headers, body } = request;
  const isSafe = method === 'GET' || method === 'HEAD';
  let { url } = request;
  for (let followed = 0; ; followed++) {
    if (signal.aborted) throw new ExecutorError('EXECUTOR_ABORTED', 'stopped before anything was sent');
    const { address, family, connection } = await parts.reach(url, rule);
    const all = new Map([...headers, ...rule.secretHeaders]);
    const response = await exchange({
      ...{ method, url, headers: all, body, address, family, connection, signal, ca: parts.ca },
      maxResponseBytes: parts.maxResponseBytes,
    }).catch((error) => {
      // Nothing was to be changed, so nothing is in doubt.
      if (error instanceof ExchangeBroken && isSafe) {
        throw new ExecutorError('EXECUTOR_RESPONSE_FAILED', 'the response broke off');
      }
      throw error;
    });
    const isRedirect = [301, 302, 303, 307, 308].includes(response.status);
    if (!isRedirect || !isSafe || rule.maxRedirects === 0) return { response, address, url };
    if (followed >= rule.maxRedirects) throw redirectRefused('there are more redirects than allowed');
    url = nextUrl(url, response, method, rule);
  }
}

/** SECURITY: policies saw the first URL, so a redirect leads only to where the same rule would have let the intent go. */
function nextUrl(from: URL, { headers }: HttpResponse, method: HttpMethod, rule: OpenedRule): URL {
  const { location } = headers;
  if (typeof location !== 'string' || !URL.canParse(location, from.href))
    throw redirectRefused('redirect leads nowhere');
  const url = new URL(location, from);
  if (
    `${url.username}${url.password}` !== '' ||
    /%(?:2e|2f|5c|00)|\/\//i.test(url.pathname) ||
    !allows(rule, method, url)
  ) {
    throw redirectRefused('the rule of the request does not allow where the redirect leads');
  }
  url.hash = '';
  return url;
}

function reportOf(
  { method, rule }: HttpRequest,
  response: HttpResponse,
  { address, url }: { readonly address: string; readonly url: URL },
): ExecutorReport {
  const { status, body, isCut } = response;
  const isSafe = method === 'GET' || method === 'HEAD';
  // A server that failed while it changed something has told nothing.
  if (status >= 500 && !isSafe) throw new ExchangeBroken('the server failed');
  const redact = createRedactor(rule.secretHeaders.values());
  const shown = showBody(body, redact);
  const kept = KEPT_HEADERS.flatMap((name): [string, string][] => {
    const value = response.headers[name];
    return typeof value === 'string' ? [[name, redact(value).slice(0, 1024)]] : [];
  });
  const claimed = { method, url: redact(url.href), status, headers: Object.fromEntries(kept), ...shown.claimed };
  const observed = { address, status, bytes: body.length, is_cut: isCut, sha256: shown.sha256 };
  const isDone = status >= 200 && status < 300;
  const error_code = !isDone ? 'EXECUTOR_HTTP_STATUS' : isCut && isSafe ? 'EXECUTOR_RESPONSE_TOO_LARGE' : null;
  return { success: error_code === null, error_code, claimed, observed };
}

/** What a record may show of a body, and the digest of exactly that: the digest of a secret would let it be guessed. */
function showBody(body: Uint8Array, redact: (text: string) => string): { claimed: JsonObject; sha256: string } {
  const text = textOf(body);
  const shown = text === undefined ? redact(Buffer.from(body).toString('latin1')) : redact(text);
  const isRedacted = shown !== (text ?? Buffer.from(body).toString('latin1'));
  const bytes = Buffer.from(shown, text === undefined ? 'latin1' : 'utf8');
  const content = text === undefined ? { content_base64: bytes.toString('base64') } : { content: shown };
  return { claimed: { ...content, is_redacted: isRedacted }, sha256: hashBytes(bytes) };
}

function redirectRefused(message: string): ExecutorError {
  return new ExecutorError('EXECUTOR_REDIRECT_REFUSED', message);
}

function verdictOf({ code }: ExecutorError): TargetCheck['result'] {
  if (code === 'EXECUTOR_ACTION_UNSUPPORTED') return 'unsupported';
  const isRefused = ['EXECUTOR_TARGET_NOT_ALLOWED', 'EXECUTOR_ADDRESS_FORBIDDEN', 'EXECUTOR_TARGET_TOO_LARGE'].includes(
    code,
  );
  return isRefused ? 'violates_constraints' : 'invalid';
}
