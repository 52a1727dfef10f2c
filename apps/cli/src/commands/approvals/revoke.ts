import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { CommandContext } from '../../commands.ts';
import { addExamples } from '../../help.ts';
import { formatJson } from '../../json-output.ts';
import { readKeyFile } from '../../key-file.ts';
import { readReason } from '../../reason.ts';
import { addBoundaryOption, type BoundaryOption } from '../boundary-option.ts';
import { withDesk } from './desk.ts';
import { visible } from './request-text.ts';

interface Options extends BoundaryOption {
  readonly key: string;
  readonly reason: string;
  readonly json?: true;
}

/** `approvals revoke`: takes one's own approval back while the action waits. */
export function registerRevoking(parent: Command, context: CommandContext): void {
  const revoke = addBoundaryOption(parent.command('revoke'))
    .summary('take your own approval back')
    .description(
      'Take back what you have approved, as long as the action waits, by a signed word. It counts when the action is run\n' +
        'again, whether your answer is on record already or not, and no copy of it counts then. A denial is for good.',
    )
    .argument('<stream>', 'stream of the action')
    .requiredOption('--key <file>', 'your own key file')
    .requiredOption('--reason <text>', 'why, in one line', readReason)
    .option('--json', 'print one JSON object')
    .action((stream: string, options: Options) =>
      withDesk(options, context, async (desk) => {
        const key = readKeyFile(resolve(context.cwd, options.key));
        const { operatorId, withdrawn, revoked } = await desk.revoke({ stream, reason: options.reason, key });
        const what =
          revoked === 0
            ? 'Withdrawn, which counts when the action is run again'
            : 'Revoked, which counts when the action is run again';
        const text = `${what}: the approval of ${visible(stream)} by ${visible(operatorId)}\n`;
        const shown = { stream, operator_id: operatorId, withdrawn, revoked };
        context.terminal.out(options.json === true ? formatJson(shown) : text);
      }),
    );
  addExamples(revoke, [['approvals revoke delete-1 --key alice.key --reason "wrong file"', 'no longer agree']]);
}
