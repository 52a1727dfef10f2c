import { type CheckName, checkNameSchema, quoteForMessage } from '@exoarmur/contracts';
import { CliError } from './errors.ts';

/** Reads a list of checks as an option gives it. @throws CliError CLI_CHECK_UNKNOWN */
export function parseCheckNames(text: string): readonly CheckName[] {
  return text.split(',').map((word) => {
    const name = checkNameSchema.safeParse(word.trim());
    if (name.success) return name.data;
    const known = checkNameSchema.options.join(', ');
    throw new CliError('CLI_CHECK_UNKNOWN', `no check is called ${quoteForMessage(word)}; there are ${known}`);
  });
}
