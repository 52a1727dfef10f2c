import { formatPointer } from '@exoarmur/contracts';

/** The part of a schema's complaint that a report shows. */
interface SchemaIssue {
  readonly code: string;
  readonly path: readonly PropertyKey[];
  readonly keys?: readonly string[];
}

/**
 * Place and kind of the first complaint of a schema. The validator's own text is left out: it changes with its version,
 * and a report has the same bytes everywhere.
 */
export function firstIssue(issues: readonly object[]): { readonly pointer: string; readonly found: string } {
  const issue = issues[0] as SchemaIssue | undefined;
  if (issue === undefined) return { pointer: '', found: 'invalid' };
  const path = issue.code === 'unrecognized_keys' ? [...issue.path, issue.keys?.[0] ?? ''] : issue.path;
  return {
    pointer: formatPointer(path),
    found: issue.code,
  };
}
