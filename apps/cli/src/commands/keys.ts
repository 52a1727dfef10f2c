import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { createSigner, encodeUtf8, formatSigningKey } from '@exoarmur/canonical';
import { quoteForMessage } from '@exoarmur/contracts';
import type { Command } from 'commander';
import type { CommandContext } from '../commands.ts';
import { CliError } from '../errors.ts';
import { createPrivateFile } from '../files.ts';
import { addExamples } from '../help.ts';
import { readKeyFile } from '../key-file.ts';
import { printable } from '../terminal.ts';
import { formatTrustFile } from '../trust-file.ts';

export function register(command: Command, context: CommandContext): void {
  const generate = command.command('generate').summary('make an Ed25519 key').description('Make an Ed25519 key.');
  generate
    .requiredOption('--name <name>', 'key name; for a log its origin, such as `cell.example/tenant`')
    .requiredOption('--out <file>', 'key file to create; readable by its owner alone, never overwritten')
    .action((options: { name: string; out: string }) => {
      const { name, out } = options;
      const seed = randomBytes(32);
      createPrivateFile(resolve(context.cwd, out), encodeUtf8(`${formatKeyFile(name, seed)}\n`));
      context.terminal.out(`Key file written: ${printable(out)}\n`);
      context.terminal.out(`Verifier key: ${createSigner(name, seed).vkey}\n`);
    });
  addExamples(generate, [
    ['keys generate --name cell.example/tenant --out boundary.key', 'make a key and print its public half'],
  ]);

  const show = command.command('show').summary('print the public half').description('Print the public half of a key.');
  show
    .argument('<file>', 'key file')
    .option('--trust', 'print a trust file that names this key as the log key')
    .action((file: string, options: { trust?: boolean }) => {
      const key = readKeyFile(resolve(context.cwd, file));
      const { vkey } = createSigner(key.name, key.seed);
      context.terminal.out(options.trust === true ? formatTrustFile(vkey) : `${vkey}\n`);
    });
  addExamples(show, [
    ['keys show boundary.key', 'print the verifier key'],
    ['keys show boundary.key --trust > trust.txt', 'write the trust file that a verifier wants'],
  ]);
}

function formatKeyFile(name: string, seed: Uint8Array): string {
  try {
    return formatSigningKey({ name, seed });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const message = `${quoteForMessage(name)} is no key name: empty, too long, or with a space, plus sign or control`;
    throw new CliError('CLI_KEY_NAME_MALFORMED', message, { cause: error });
  }
}
