import { resolve } from 'node:path';
import { parseJson } from '@exoarmur/canonical';
import { type Boundary, configOf, createBoundary } from '@exoarmur/sdk';
import type { Command } from 'commander';
import type { CommandContext } from '../../commands.ts';
import { CliError } from '../../errors.ts';
import { createFile, readInputFile } from '../../files.ts';
import { addExamples } from '../../help.ts';
import { formatJson } from '../../json-output.ts';
import { printable } from '../../terminal.ts';
import { addBoundaryOption, type BoundaryOption, describeBoundary } from '../boundary-option.ts';
import { type Answer, answerOf, answerOfDecision } from './answer.ts';

/** Largest intent file, in bytes. What the boundary takes is less. */
const MAX_INTENT_FILE_BYTES = 1_048_576;

interface Options extends BoundaryOption {
  readonly dryRun?: true;
  readonly bundle?: string;
  readonly json?: true;
}

/** `run`: one intent from a file, through the boundary that a file describes. */
export function register(command: Command, context: CommandContext): void {
  addBoundaryOption(command)
    .description(
      'Take one intent through a boundary: decided, performed at most once, recorded. The same intent again performs\n' +
        'nothing twice; it takes the signed answers that lie ready and goes on, or tells what became of it.\n' +
        'Every start first brings actions to their end that a crash left open. It runs none of them: one that was\n' +
        'authorised and has no outcome becomes ambiguous.',
    )
    .argument('<file>', 'intent, as JSON (exoarmur.intent/1)')
    .option('--dry-run', 'only decide: the intent leaves no record and has no effect')
    .option('--bundle <file>', 'write the proof bundle of the action')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      '\nExit codes:\n  0 completed, or would be allowed   1 denied or failed   4 waits for people   5 nobody knows whether it happened',
    )
    .action((file: string, options: Options) => runIntent(file, options, context));
  addExamples(command, [
    ['run intent.json --dry-run', 'what would be decided now'],
    ['run intent.json', 'do it; run it again after people have answered'],
    ['run intent.json --bundle proof.json --json', 'keep the proof'],
  ]);
}

async function runIntent(file: string, options: Options, context: CommandContext): Promise<void> {
  if (options.dryRun === true && options.bundle !== undefined) {
    throw new CliError('CLI_USAGE', 'a dry run has no bundle');
  }
  const described = describeBoundary(options, context);
  const { bytes } = readInputFile(resolve(context.cwd, file), MAX_INTENT_FILE_BYTES);
  const intent = parseJson(bytes, { maxBytes: MAX_INTENT_FILE_BYTES });
  const config = configOf(described.file, described.path);
  const boundary = await createBoundary({ ...config, variables: { ...context.environment } });
  let answer: Answer;
  try {
    answer =
      options.dryRun === true ? answerOfDecision(await boundary.decide(intent)) : await performIntent(boundary, intent);
    if (options.bundle !== undefined && answer.stream !== null) {
      createFile(resolve(context.cwd, options.bundle), await boundary.bundle(answer.stream));
    }
  } finally {
    await boundary.close();
  }
  context.finish(answer.exitCode);
  const { exitCode: _, text, ...shown } = answer;
  context.terminal.out(options.json === true ? formatJson(shown) : printable(text));
}

/** What waits goes on with the answers that lie ready; each that is refused is named by its code. */
async function performIntent(boundary: Boundary, intent: unknown): Promise<Answer> {
  const first = await boundary.execute(intent);
  if (first.status !== 'pending_approval') return answerOf(first, []);
  const { result, refused } = await boundary.takeAnswers(first.stream);
  return answerOf(result ?? first, refused);
}
