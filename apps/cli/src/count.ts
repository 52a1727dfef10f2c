import { quoteForMessage } from '@exoarmur/contracts';
import { CliError } from './errors.ts';

/** Reads a whole number between `least` and `most` as an option gives it. The reader throws CliError CLI_USAGE. */
export function countBetween(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^(?:0|[1-9][0-9]{0,14})$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    throw new CliError(
      'CLI_USAGE',
      `${quoteForMessage(text)} is not a whole number from ${least} to ${most.toLocaleString('en')}`,
    );
  };
}
