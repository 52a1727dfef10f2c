/**
 * Text of unknown origin as one line of at most `limit` characters: evidence cannot begin a line of its own in a report, nor
 * send control or invisible characters to a terminal.
 */
export function oneLine(text: string, limit: number): string {
  const printable = text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '?');
  // Cut at a character, not inside a surrogate pair.
  const characters = Array.from(printable.slice(0, limit * 2));
  return characters.length > limit || printable.length > limit * 2
    ? `${characters.slice(0, limit).join('')}…`
    : printable;
}
