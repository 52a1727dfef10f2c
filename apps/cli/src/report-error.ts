import { isExoArmurError } from '@exoarmur/contracts';
import { EXIT_CODES, type ExitCode } from './exit-code.ts';
import { printable, type Terminal } from './terminal.ts';

/** What somebody at the command line can do about a refusal that knows nothing of command lines. */
const REMEDIES: ReadonlyMap<string, string> = new Map([
  ['AUDIT_KEY_MISMATCH', 'use the key file that this log was started with'],
  ['BOUNDARY_POLICY_DOWNGRADED', 'to go back on purpose, say --override-by and --override-reason'],
  [
    'BOUNDARY_SWITCH_THRESHOLD_UNMET',
    'more operators have to sign: --sign-only, then `switch cosign` and `switch obey`',
  ],
  ['CANONICAL_POLICY_MALFORMED', '`keys show FILE --trust` prints a trust file'],
]);

/** Writes `error CODE: message (pointer)` to standard error, in one line, and what can be done about it. */
export function writeError(terminal: Terminal, code: string, message: string): void {
  const remedy = REMEDIES.get(code);
  const text = remedy === undefined ? message : `${message}; ${remedy}`;
  terminal.err(`${terminal.paintError('red', 'error')} ${code}: ${printable(text)}\n`);
}

/**
 * Reports what a command threw. An error with a code is about what was asked (exit code 2); anything else is a defect of
 * the command, shown with its stack (exit code 3).
 */
export function reportError(error: unknown, terminal: Terminal): ExitCode {
  if (isExoArmurError(error)) {
    const place = error.pointer === undefined || error.pointer === '' ? '' : ` (${error.pointer})`;
    // SECURITY: names out of a file stand in both, and a line end there would begin what looks like another line of ours.
    writeError(terminal, error.code, `${error.message}${place}`.replace(/\n/g, '?'));
    return EXIT_CODES.usage;
  }
  writeError(terminal, 'CLI_INTERNAL', error instanceof Error ? (error.stack ?? error.message) : String(error));
  return EXIT_CODES.internal;
}
