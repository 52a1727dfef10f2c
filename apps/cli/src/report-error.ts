import { isExoArmurError } from '@exoarmur/contracts';
import { EXIT_CODES, type ExitCode } from './exit-code.ts';
import { printable, type Terminal } from './terminal.ts';

/** Writes `error CODE: message (pointer)` to standard error, in one line. */
export function writeError(terminal: Terminal, code: string, message: string): void {
  terminal.err(`${terminal.paintError('red', 'error')} ${code}: ${printable(message)}\n`);
}

/**
 * Reports what a command threw. An error with a code is about what was asked (exit code 2); anything else is a defect of
 * the command, shown with its stack (exit code 3).
 */
export function reportError(error: unknown, terminal: Terminal): ExitCode {
  if (isExoArmurError(error)) {
    const place = error.pointer === undefined || error.pointer === '' ? '' : ` (${error.pointer})`;
    writeError(terminal, error.code, `${error.message}${place}`);
    return EXIT_CODES.usage;
  }
  writeError(terminal, 'CLI_INTERNAL', error instanceof Error ? (error.stack ?? error.message) : String(error));
  return EXIT_CODES.internal;
}
