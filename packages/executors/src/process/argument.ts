import { ExecutorError } from '../errors.ts';

/** What may stand at one place of an argument list. There are no regular expressions: each of these is decided in one pass. */
export type ArgumentPattern =
  /** This text and no other. */
  | string
  | { readonly oneOf: readonly string[] }
  /** A whole number in its shortest decimal spelling. */
  | { readonly integer: { readonly min: number; readonly max: number } }
  /**
   * A text of at most `maxLength` characters that does not begin with a dash, so that it is no option. `word` is letters, digits
   * and `._-`; `path` is that and single slashes, without `.` and `..` as a part; `line` is anything without control characters.
   */
  | { readonly text: 'word' | 'path' | 'line'; readonly maxLength: number };

const WORD = /^[A-Za-z0-9._-]+$/;
const CONTROL = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

/** Whether a text may stand where the pattern does. */
export function matches(pattern: ArgumentPattern, text: string): boolean {
  if (typeof pattern === 'string') return text === pattern;
  if ('oneOf' in pattern) return pattern.oneOf.includes(text);
  if ('integer' in pattern) {
    const { min, max } = pattern.integer;
    const value = /^(?:0|-?[1-9][0-9]{0,14})$/.test(text) ? Number(text) : Number.NaN;
    return value >= min && value <= max;
  }
  if (text === '' || text.length > pattern.maxLength || text.startsWith('-')) return false;
  switch (pattern.text) {
    case 'word':
      return WORD.test(text);
    case 'path':
      return text
        .split('/')
        .every((part, index) => (part === '' ? index === 0 : WORD.test(part) && part !== '.' && part !== '..'));
    case 'line':
      return !CONTROL.test(text);
  }
}

/** @throws ExecutorError EXECUTOR_CONFIG_INVALID */
export function assertPattern(pattern: ArgumentPattern, pointer: string): void {
  const isSound =
    typeof pattern === 'string'
      ? !pattern.includes('\0')
      : 'oneOf' in pattern
        ? pattern.oneOf.length > 0 && pattern.oneOf.every((text) => !text.includes('\0'))
        : 'integer' in pattern
          ? Number.isSafeInteger(pattern.integer.min) && Number.isSafeInteger(pattern.integer.max)
          : Number.isSafeInteger(pattern.maxLength) && pattern.maxLength > 0 && pattern.maxLength <= 4096;
  if (!isSound)
    throw new ExecutorError('EXECUTOR_CONFIG_INVALID', 'the pattern of an argument is not sound', { pointer });
}
