import { canonicalize } from '@exoarmur/canonical';

/** A value as `--json` prints it: members in canonical order, two spaces of indent, a final newline. */
export function formatJson(value: unknown): string {
  return `${JSON.stringify(JSON.parse(canonicalize(value)), null, 2)}\n`;
}
