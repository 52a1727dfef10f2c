const SHOWN = 8;

/** Policy ids in a sentence: the first few in backticks, then how many more. The ids are sorted already. */
export function listIds(ids: readonly string[]): string {
  const shown = ids
    .slice(0, SHOWN)
    .map((id) => `\`${id.length > 64 ? `${id.slice(0, 64)}…` : id}\``)
    .join(', ');
  return ids.length > SHOWN ? `${shown} and ${ids.length - SHOWN} more` : shown;
}

/** Sorted by UTF-16 code units and without duplicates: the one order of every list that is recorded. */
export function sortUnique(ids: Iterable<string>): string[] {
  return [...new Set(ids)].sort();
}
