import { lineSchema, MAX_REASON_LENGTH } from '@exoarmur/contracts';
import { CliError } from './errors.ts';

const reasonSchema = lineSchema(MAX_REASON_LENGTH).min(1);

/** Reads why a person does something, as an option gives it. @throws CliError CLI_USAGE */
export function readReason(text: string): string {
  if (reasonSchema.safeParse(text).success) return text;
  throw new CliError('CLI_USAGE', `a reason is one line of 1 to ${MAX_REASON_LENGTH.toLocaleString('en')} characters`);
}
