import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { signApproval } from '@exoarmur/boundary-v2';
import { createSigner, parseJson, parseTime } from '@exoarmur/canonical';
import { type Command, Option } from 'commander';
import type { CommandContext } from '../../commands.ts';
import { CliError } from '../../errors.ts';
import { readInputFile } from '../../files.ts';
import { addExamples } from '../../help.ts';
import { formatJson } from '../../json-output.ts';
import { readKeyFile } from '../../key-file.ts';
import { readReason } from '../../reason.ts';
import { addBoundaryOption, type BoundaryOption } from '../boundary-option.ts';
import { withDesk } from './desk.ts';
import { readRequestFile } from './request-file.ts';
import { visible } from './request-text.ts';

const MAX_ANSWER_BYTES = 65_536;

interface SignOptions {
  readonly verdict: 'approve' | 'deny';
  readonly request: string;
  readonly operator: string;
  readonly key: string;
  readonly reason: string;
}

interface SubmitOptions extends BoundaryOption {
  readonly answer: string;
  readonly json?: true;
}

/** `approvals sign`, `approvals submit`: an answer signed where the key is, handed in where the boundary is. */
export function registerOffline(parent: Command, context: CommandContext): void {
  const sign = parent
    .command('sign')
    .summary('sign an answer on another machine')
    .description(
      'Sign an answer to a request that lies in a file, as `approvals show --json` has printed it. Needs no database and no\n' +
        'network. Read the file first with `approvals show --file`; the digest that it prints names what you have read.',
    )
    .argument('<file>', 'file with the request')
    .addOption(new Option('--verdict <word>', 'your answer').choices(['approve', 'deny']).makeOptionMandatory())
    .requiredOption('--request <digest>', 'digest of the request that you have read')
    .requiredOption('--operator <id>', 'the name under which your key is registered')
    .requiredOption('--key <file>', 'your own key file')
    .requiredOption('--reason <text>', 'why, in one line', readReason)
    .action((file: string, options: SignOptions) =>
      context.terminal.out(formatJson(signAnswer(file, options, context))),
    );
  addExamples(sign, [
    ['approvals show delete-1 --json > request.json', 'on the machine of the boundary'],
    [
      'approvals sign request.json --verdict approve --request sha256:... --operator alice --key alice.key --reason "seen" > answer.json',
      'where the key is',
    ],
  ]);

  const submit = addBoundaryOption(parent.command('submit'))
    .summary('hand in an answer that was signed elsewhere')
    .description(
      'Check a signed answer as the boundary will, and lay it ready. It counts when the action is run again.',
    )
    .argument('<stream>', 'stream of the action')
    .requiredOption('--answer <file>', 'signed answer, as `approvals sign` prints it')
    .option('--json', 'print one JSON object')
    .action((stream: string, options: SubmitOptions) =>
      withDesk(options, context, async (desk) => {
        const { bytes } = readInputFile(resolve(context.cwd, options.answer), MAX_ANSWER_BYTES);
        const { operatorId, verdict } = await desk.submit(stream, parseJson(bytes, { maxBytes: MAX_ANSWER_BYTES }));
        const text = `Laid ready: ${verdict} ${visible(stream)} by ${visible(operatorId)}. It counts when the action is run again.\n`;
        const shown = { stream, verdict, operator_id: operatorId };
        context.terminal.out(options.json === true ? formatJson(shown) : text);
      }),
    );
  addExamples(submit, [['approvals submit delete-1 --answer answer.json', 'on the machine of the boundary']]);
}

function signAnswer(file: string, options: SignOptions, context: CommandContext) {
  const { verdict, request: digest, operator, reason } = options;
  const { request, requestDigest, isLate, intent } = readRequestFile(file, context);
  if (digest !== requestDigest)
    throw new CliError('CLI_USAGE', 'the file holds another request than the one that is named');
  if (isLate) throw new CliError('CLI_USAGE', `the request has expired at ${request.expires_at}`);
  if (operator === intent.actor_id) throw new CliError('CLI_USAGE', 'the requester cannot answer its own request');
  const { name, seed } = readKeyFile(resolve(context.cwd, options.key));
  const clock = { now: () => Date.now() };
  const left = Math.floor((parseTime(request.expires_at) - clock.now()) / 1000);
  try {
    return signApproval({
      ...{ request, verdict, approverId: operator, reason, signer: createSigner(name, seed), clock },
      random: { bytes: (length) => new Uint8Array(randomBytes(length)) },
      ttlSeconds: Math.max(1, left),
    });
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw new CliError('CLI_USAGE', cause.message, { cause });
  }
}
