import { joinPointer } from '../json-value.ts';

/** Longest part of one key that a refusal names, in UTF-16 units. */
const MAX_TOKEN_LENGTH = 40;

/** The JSON pointer of a refusal. Keys are outside text of any length, so each is cut; depth bounds their number. */
export function refusalPointer(path: readonly (string | number)[]): string {
  return path.reduce<string>(
    (pointer, token) => joinPointer(pointer, typeof token === 'string' ? cut(token) : token),
    '',
  );
}

function cut(token: string): string {
  if (token.length <= MAX_TOKEN_LENGTH) return token;
  const last = token.charCodeAt(MAX_TOKEN_LENGTH - 1);
  const isPairSplit = last >= 0xd800 && last <= 0xdbff;
  return `${token.slice(0, isPairSplit ? MAX_TOKEN_LENGTH - 1 : MAX_TOKEN_LENGTH)}…`;
}
