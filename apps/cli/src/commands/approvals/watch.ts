import { resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { isExoArmurError } from '@exoarmur/contracts';
import type { ApprovalDesk, UnsoundAction, WaitingAction } from '@exoarmur/sdk';
import type { Command } from 'commander';
import type { Ask, CommandContext } from '../../commands.ts';
import { countBetween } from '../../count.ts';
import { CliError } from '../../errors.ts';
import { addExamples } from '../../help.ts';
import { formatJsonLine } from '../../json-output.ts';
import { readKeyFile } from '../../key-file.ts';
import { writeError } from '../../report-error.ts';
import { addBoundaryOption, type BoundaryOption, type DescribedBoundary } from '../boundary-option.ts';
import { describeWaiting, layAnswer, tellUnsound, withDesk } from './desk.ts';
import { formatWaiting, visible } from './request-text.ts';

interface Options extends BoundaryOption {
  readonly key?: string;
  readonly pollMs: number;
  readonly once?: true;
}

type Key = ReturnType<typeof readKeyFile>;

type Place = readonly [ApprovalDesk, DescribedBoundary];

/** `approvals watch`: an inbox at a terminal; elsewhere a line of JSON for each new request. */
export function registerWatch(parent: Command, context: CommandContext): void {
  const watch = addBoundaryOption(parent.command('watch'))
    .summary('answer requests as they come')
    .description(
      'At a terminal, show each new request whole and ask for an answer, which your key signs. Without a terminal, print each\n' +
        'new request as one line of JSON and answer nothing.',
    )
    .option('--key <file>', 'your own key file; needed at a terminal')
    .option('--poll-ms <n>', 'how often to look', countBetween(50, 60_000), 1000)
    .option('--once', 'end when everything that waits was shown')
    .action((options: Options) => withDesk(options, context, (...at) => watchDesk(at, options, context)));
  addExamples(watch, [
    ['approvals watch --key alice.key', 'an inbox in the terminal'],
    ['approvals watch | your-notifier', 'tell somebody elsewhere'],
  ]);
}

async function watchDesk(at: Place, options: Options, context: CommandContext): Promise<void> {
  const [desk] = at;
  const { ask } = context;
  const key = options.key === undefined ? undefined : readKeyFile(resolve(context.cwd, options.key));
  if (ask !== undefined && key === undefined) throw new CliError('CLI_USAGE', 'at a terminal --key is needed');
  let seen = new Set<string>();
  const told = new Set<string>();
  const tellOnce = (found: UnsoundAction) => {
    if (!told.has(found.stream)) tellUnsound(found, context);
    told.add(found.stream);
  };
  for (;;) {
    const waiting = (await desk.list(tellOnce)).filter(({ isLate }) => !isLate);
    for (const action of waiting.filter(({ requestDigest }) => !seen.has(requestDigest))) {
      if (ask === undefined || key === undefined) context.terminal.out(formatJsonLine(describeWaiting(action)));
      else if ((await answerOne(at, action, { ask, key, context })) === 'gone') return;
    }
    seen = new Set(waiting.map(({ requestDigest }) => requestDigest));
    if (options.once === true) return;
    await pause(options.pollMs);
  }
}

/** Shows one request and takes what the person says to it. Anything but a clear word leaves it unanswered. */
async function answerOne(
  [desk, described]: Place,
  action: WaitingAction,
  { ask, key, context }: { readonly ask: Ask; readonly key: Key; readonly context: CommandContext },
): Promise<'gone' | 'next'> {
  const { stream, requestDigest } = action;
  const { terminal } = context;
  terminal.out(`\n${formatWaiting(action)}`);
  const word = await ask('Do it? [y] yes  [n] no, for good  [Enter] later  [q] quit: ');
  if (word === null || word.trim() === 'q') return 'gone';
  const verdict = word.trim() === 'y' ? 'approve' : word.trim() === 'n' ? 'deny' : undefined;
  if (verdict === undefined) return 'next';
  // A yes by habit is no consent: what is typed differs from request to request.
  const proof = requestDigest.slice('sha256:'.length, 'sha256:'.length + 6);
  const typed = await ask(`To ${verdict}, type ${proof}, the start of the request's digest: `);
  if (typed === null) return 'gone';
  if (typed.trim() !== proof) {
    terminal.out('Not answered: that was something else.\n');
    return 'next';
  }
  const reason = await ask('Why, in one line: ');
  if (reason === null) return 'gone';
  try {
    const { operatorId } = await layAnswer(desk, described, {
      ...{ stream, verdict, requestDigest, key },
      reason: reason.trim(),
    });
    terminal.out(`Signed by ${visible(operatorId)}: ${verdict}. It counts when the action is run again.\n`);
  } catch (error) {
    if (!isExoArmurError(error)) throw error;
    writeError(terminal, error.code, error.message);
  }
  return 'next';
}
