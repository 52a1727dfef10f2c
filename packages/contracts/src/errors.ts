/** The brand by which an ExoArmur error is recognised across two copies of a package. */
const BRAND = Symbol.for('exoarmur.error');

/** What an error may carry besides its code and its text. */
export interface ErrorDetails {
  /** JSON pointer (RFC 6901) to the place in the input that is wrong; `''` is the whole input. */
  readonly pointer?: string;
  readonly cause?: unknown;
}

/**
 * The base of every plane's error: a stable `code` to switch on, a one-line `message` for people, and a `pointer` to the
 * place in the input where there is one. Never carries keys, tokens or payload values.
 */
export class ExoArmurError<Code extends string = string> extends Error {
  readonly code: Code;
  readonly pointer?: string;

  constructor(code: Code, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = new.target.name;
    this.code = code;
    if (details.pointer !== undefined) this.pointer = details.pointer;
    Object.defineProperty(this, BRAND, { value: true });
  }
}

/** Whether `value` is an error of ExoArmur, also when it was made by another copy of the package. */
export function isExoArmurError(value: unknown): value is ExoArmurError {
  return value instanceof Error && (value as Error & { [BRAND]?: unknown })[BRAND] === true;
}

/** A problem that a schema found, as zod tells it. */
interface SchemaProblem {
  readonly path: readonly PropertyKey[];
  /** Names of members that are not known. */
  readonly keys?: readonly string[];
}

/** The JSON pointer (RFC 6901) to where a path leads; `''` is the whole value. */
export function formatPointer(path: readonly PropertyKey[]): string {
  return path.map((token) => `/${String(token).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/** {@link formatPointer} of the first problem that a schema found. */
export function pointToProblem(error: { readonly issues: readonly SchemaProblem[] }): string {
  return formatPointer(error.issues[0]?.path ?? []);
}

/** {@link pointToProblem} that goes on to the member itself where one is not known: for files and options a person wrote. */
export function pointToMember(error: { readonly issues: readonly SchemaProblem[] }): string {
  const { path = [], keys = [] } = error.issues[0] ?? {};
  return formatPointer([...path, ...keys.slice(0, 1)]);
}

/** A rule of our own code was broken. Nothing catches it except a process edge, and that edge denies. */
export class InvariantError extends Error {
  override readonly name = 'InvariantError';
}

/** User text as it may stand in a message: in backticks, control characters removed, at most 60 characters, nothing of a private key. */
export function quoteForMessage(text: string): string {
  const printable = text.replace(/PRIVATE\+KEY\+.*/s, '(a private key)').replace(/[\p{Cc}\p{Cf}\p{Cs}`]/gu, '?');
  const characters = Array.from(printable);
  return characters.length > 60 ? `\`${characters.slice(0, 60).join('')}…\`` : `\`${printable}\``;
}
