import type { ActionIntent } from '@exoarmur/contracts';
import { quoteForMessage } from '@exoarmur/contracts/errors';
import { malformed, readBytes } from '../content.ts';
import { ExecutorError } from '../errors.ts';
import { findRule, type HttpMethod, isHeader, type OpenedRule } from './rule.ts';

/** Most bytes of a body that is sent. */
export const MAX_BODY_BYTES = 1_048_576;

/** One request, read from an intent. */
export interface HttpRequest {
  readonly method: HttpMethod;
  readonly url: URL;
  readonly rule: OpenedRule;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Uint8Array | null;
}

/** Action types of the HTTP executor and the method each one asks for. */
export const HTTP_ACTIONS: ReadonlyMap<string, HttpMethod> = new Map([
  ['http.delete', 'DELETE'],
  ['http.get', 'GET'],
  ['http.head', 'HEAD'],
  ['http.patch', 'PATCH'],
  ['http.post', 'POST'],
  ['http.put', 'PUT'],
]);

/** Headers that an intent may set: what is asked for and in what form. Who asks is the operator's to say. */
const OPEN_HEADERS: ReadonlySet<string> = new Set([
  ...[
    'accept',
    'accept-language',
    'content-type',
    'if-match',
    'if-modified-since',
    'if-none-match',
    'if-unmodified-since',
  ],
  ...['idempotency-key', 'prefer'],
]);
const PARAMETERS = ['headers', 'body', 'body_base64'];

/**
 * Reads the request out of an intent: `target` is the URL in the one spelling that policies see, `parameters` may hold
 * `headers`, and `body` (text) or `body_base64`. An unknown parameter is refused.
 * @throws ExecutorError EXECUTOR_ACTION_UNSUPPORTED, EXECUTOR_TARGET_MALFORMED, EXECUTOR_TARGET_NOT_ALLOWED,
 * EXECUTOR_PARAMETERS_MALFORMED, EXECUTOR_TARGET_TOO_LARGE
 */
export function parseHttpRequest(intent: ActionIntent, rules: readonly OpenedRule[]): HttpRequest {
  const method = HTTP_ACTIONS.get(intent.action_type);
  if (method === undefined) {
    const message = `action type ${quoteForMessage(intent.action_type)} is no http request`;
    throw new ExecutorError('EXECUTOR_ACTION_UNSUPPORTED', message, { pointer: '/action_type' });
  }
  const url = parseUrl(intent.target);
  const rule = findRule(rules, method, url);
  const { parameters } = intent;
  const unknown = Object.keys(parameters).find((name) => !PARAMETERS.includes(name));
  if (unknown !== undefined) throw malformed(`parameter ${quoteForMessage(unknown)} is unknown`);
  const body = readBytes(parameters, 'body', MAX_BODY_BYTES) ?? null;
  if (body !== null && (method === 'GET' || method === 'HEAD')) throw malformed(`${method} has no body`);
  return { method, url, rule, headers: readHeaders(parameters.headers, rule), body };
}

/**
 * A URL in the spelling that stays the same when it is parsed, without credentials and fragment: what a policy compared is
 * then what is asked for. @throws ExecutorError EXECUTOR_TARGET_MALFORMED
 */
export function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isPlain =
    url !== undefined &&
    (url.protocol === 'http:' || url.protocol === 'https:') &&
    (url.href === text || url.href === `${text}/`) &&
    `${url.username}${url.password}${url.hash}` === '' &&
    !text.includes('#') &&
    !/%(?:2e|2f|5c|00)|\/\//i.test(url.pathname);
  if (isPlain) return url;
  throw new ExecutorError('EXECUTOR_TARGET_MALFORMED', 'the target is no http URL in its one spelling', {
    pointer: '/target',
  });
}

function readHeaders(value: unknown, rule: OpenedRule): ReadonlyMap<string, string> {
  if (value === undefined) return new Map();
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed('headers must be an object');
  return new Map(
    Object.entries(value).map(([name, text]): [string, string] => {
      const isOpen = OPEN_HEADERS.has(name) && !rule.secretHeaders.has(name);
      if (!isOpen || typeof text !== 'string' || !isHeader(name, text)) {
        throw malformed(`header ${quoteForMessage(name)} cannot be set`);
      }
      return [name, text];
    }),
  );
}
