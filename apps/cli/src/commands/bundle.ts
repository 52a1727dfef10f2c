import { resolve } from 'node:path';
import { MAX_BUNDLE_BYTES } from '@exoarmur/contracts';
import { describeBundle } from '@exoarmur/replay';
import type { Command } from 'commander';
import type { CommandContext } from '../commands.ts';
import { readInputFile } from '../files.ts';
import { addExamples } from '../help.ts';
import { printable } from '../terminal.ts';

export function register(command: Command, context: CommandContext): void {
  const show = command
    .command('show')
    .summary('print what a bundle holds')
    .description('Print what a bundle holds. Nothing of it is verified.');
  show.argument('<file>', 'proof bundle').action((file: string) => {
    const { bytes } = readInputFile(resolve(context.cwd, file), MAX_BUNDLE_BYTES);
    context.terminal.out(printable(describeBundle(bytes)));
  });
  addExamples(show, [['bundle show demo-output/proof-bundle.json', 'read the story of one action']]);
}
