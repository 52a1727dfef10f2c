import type { UnsoundAction, WaitingAction } from '@exoarmur/sdk';
import type { Command } from 'commander';
import type { CommandContext } from '../../commands.ts';
import { CliError } from '../../errors.ts';
import { addExamples } from '../../help.ts';
import { formatJson } from '../../json-output.ts';
import { addBoundaryOption, type BoundaryOption } from '../boundary-option.ts';
import { describeUnsound, describeWaiting, tellUnsound, withDesk } from './desk.ts';
import { readRequestFile } from './request-file.ts';
import { formatWaiting, formatWaitingLine } from './request-text.ts';

interface Options extends BoundaryOption {
  readonly json?: true;
}

interface ShowOptions extends Options {
  readonly file?: string;
}

/** `approvals list`, `approvals show`: what waits. */
export function registerReading(parent: Command, context: CommandContext): void {
  const list = addBoundaryOption(parent.command('list'))
    .summary('what waits for people')
    .description(
      'Show every action that waits for people, oldest first. One whose records do not agree is told of, and the exit code is 1.',
    )
    .option('--json', 'print one JSON object')
    .action((options: Options) =>
      withDesk(options, context, async (desk) => {
        const unsound: UnsoundAction[] = [];
        const waiting = await desk.list((found) => unsound.push(found));
        const isEmpty = waiting.length + unsound.length === 0;
        const text = isEmpty ? 'Nothing waits.\n' : waiting.map(formatWaitingLine).join('');
        const shown = { waiting: waiting.map(describeWaiting), unsound: unsound.map(describeUnsound) };
        context.terminal.out(options.json === true ? formatJson(shown) : text);
        for (const found of unsound) tellUnsound(found, context);
      }),
    );
  addExamples(list, [['approvals list', 'what waits']]);

  const show = addBoundaryOption(parent.command('show'))
    .summary('everything about one request')
    .description('Show everything that an answer to one request signs for, and the digest that names it.')
    .argument('[stream]', 'stream of the action, which is its intent id')
    .option('--file <file>', 'read the request from a file that --json has printed, without a database')
    .option('--json', 'print one JSON object')
    .action(async (stream: string | undefined, options: ShowOptions) => {
      const { file } = options;
      const show = (waiting: WaitingAction) =>
        context.terminal.out(options.json === true ? formatJson(describeWaiting(waiting)) : formatWaiting(waiting));
      if ((stream === undefined) === (file === undefined)) throw new CliError('CLI_USAGE', 'name a stream, or --file');
      if (file !== undefined) return show(readRequestFile(file, context));
      await withDesk(options, context, async (desk) => show(await desk.show(stream ?? '')));
    });
  addExamples(show, [
    ['approvals show delete-1', 'read before you answer'],
    ['approvals show --file request.json', 'read it on another machine'],
  ]);
}
