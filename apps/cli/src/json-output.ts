import { canonicalize } from '@exoarmur/canonical';

/** A value as `--json` prints it: members in canonical order, two spaces of indent, a final newline. */
export function formatJson(value: unknown): string {
  return `${visibleJson(JSON.stringify(JSON.parse(canonicalize(value)), null, 2))}\n`;
}

/** A value as one line of many, members in canonical order. */
export function formatJsonLine(value: unknown): string {
  return `${visibleJson(canonicalize(value))}\n`;
}

/**
 * The same JSON, in which controls, direction marks, unassigned and lone surrogate characters of texts stand as escapes, so that
 * no text of an agent acts on a terminal; its own line ends stay.
 */
function visibleJson(json: string): string {
  return json.replace(/[^\P{C}\n]|[\p{Zl}\p{Zp}]/gu, (character) =>
    Array.from(
      { length: character.length },
      (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`,
    ).join(''),
  );
}
