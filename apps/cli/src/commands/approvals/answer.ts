import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { CommandContext } from '../../commands.ts';
import { addExamples } from '../../help.ts';
import { formatJson } from '../../json-output.ts';
import { readKeyFile } from '../../key-file.ts';
import { readReason } from '../../reason.ts';
import { addBoundaryOption, type BoundaryOption } from '../boundary-option.ts';
import { layAnswer, withDesk } from './desk.ts';
import { visible } from './request-text.ts';

interface Options extends BoundaryOption {
  readonly key: string;
  readonly request: string;
  readonly reason: string;
  readonly json?: true;
}

/** `approvals approve`, `approvals deny`: a signed answer to the request that was shown. */
export function registerAnswering(parent: Command, context: CommandContext): void {
  for (const verdict of ['approve', 'deny'] as const) {
    const command = addBoundaryOption(parent.command(verdict))
      .summary(verdict === 'approve' ? 'agree to one request' : 'refuse one request, for good')
      .description(
        'Sign an answer with your own key and lay it ready. The boundary takes it when the action is run again, and checks\n' +
          'all of it. It holds for the request with the digest that you name, as `approvals show` prints it.',
      )
      .argument('<stream>', 'stream of the action')
      .requiredOption('--request <digest>', 'digest of the request that you have read')
      .requiredOption('--key <file>', 'your own key file')
      .requiredOption('--reason <text>', 'why, in one line', readReason)
      .option('--json', 'print one JSON object')
      .action((stream: string, options: Options) =>
        withDesk(options, context, async (desk, described) => {
          const { request: requestDigest, reason } = options;
          const key = readKeyFile(resolve(context.cwd, options.key));
          const { operatorId } = await layAnswer(desk, described, { stream, verdict, requestDigest, reason, key });
          const text = `Signed by ${visible(operatorId)}: ${verdict} ${visible(stream)}. It counts when the action is run again.\n`;
          const shown = { stream, verdict, operator_id: operatorId, request_digest: requestDigest };
          context.terminal.out(options.json === true ? formatJson(shown) : text);
        }),
      );
    addExamples(command, [
      [
        `approvals ${verdict} delete-1 --request sha256:... --key alice.key --reason "${verdict === 'approve' ? 'asked for in writing' : 'still needed'}"`,
        verdict === 'approve' ? 'agree to what was shown' : 'refuse it',
      ],
    ]);
  }
}
