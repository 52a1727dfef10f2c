import { resolve } from 'node:path';
import type { ActionResult } from '@exoarmur/boundary-v2';
import { decodeBase64, parseJson } from '@exoarmur/canonical';
import {
  identifierSchema,
  isExoArmurError,
  jsonObjectSchema,
  MAX_BUNDLE_BYTES,
  proofBundleSchema,
  targetValidationSchema,
} from '@exoarmur/contracts';
import { ANSWER_LIMITS, AnswerTray, type Boundary, configOf, createBoundary, type TrayAnswer } from '@exoarmur/sdk';
import type { Command } from 'commander';
import type { CommandContext } from '../../commands.ts';
import { CliError } from '../../errors.ts';
import { assertCreatable, createFile, readInputFile } from '../../files.ts';
import { addExamples } from '../../help.ts';
import { formatJson } from '../../json-output.ts';
import { reportError } from '../../report-error.ts';
import { shellWord } from '../../shell-word.ts';
import { printable } from '../../terminal.ts';
import {
  addBoundaryOption,
  type BoundaryOption,
  DEFAULT_BOUNDARY,
  type DescribedBoundary,
  describeBoundary,
} from '../boundary-option.ts';
import { type Answer, answerOf, answerOfDecision, type TargetRefusal } from './answer.ts';

/** Largest intent file, in bytes. What the boundary takes is less. */
const MAX_INTENT_FILE_BYTES = 1_048_576;

/** The boundary as a file describes it, and how that file was typed. */
interface Place {
  readonly described: DescribedBoundary;
  readonly boundary: string;
}

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
  const output = options.bundle === undefined ? undefined : resolve(context.cwd, options.bundle);
  if (output !== undefined) assertCreatable(output);
  const described = describeBoundary(options, context);
  const { bytes } = readInputFile(resolve(context.cwd, file), MAX_INTENT_FILE_BYTES);
  const intent = parseJson(bytes, { maxBytes: MAX_INTENT_FILE_BYTES });
  const config = configOf(described.file, described.path);
  const boundary = await createBoundary({ ...config, variables: { ...context.environment } });
  let answer: Answer;
  let unwritten: unknown;
  try {
    answer =
      options.dryRun === true
        ? answerOfDecision(await boundary.decide(intent), intent)
        : await performIntent(boundary, intent, { described, boundary: options.boundary });
    if (output !== undefined && answer.stream !== null) {
      try {
        createFile(output, await boundary.bundle(answer.stream));
      } catch (error) {
        // What became of the action is told all the same; the bundle can be had again.
        unwritten = error;
      }
    }
  } finally {
    await boundary.close();
  }
  context.finish(answer.exitCode);
  const { exitCode: _, text, ...shown } = answer;
  context.terminal.out(options.json === true ? formatJson(shown) : printable(text));
  if (unwritten !== undefined) reportError(unwritten, context.terminal);
}

/** What waits goes on with the answers that lie ready; each that is refused is named by its code. */
async function performIntent(boundary: Boundary, intent: unknown, at: Place): Promise<Answer> {
  const details = { intent, boundary: at.boundary === DEFAULT_BOUNDARY ? '' : ` --boundary ${shellWord(at.boundary)}` };
  const first = await boundary.execute(intent);
  if (first.status !== 'pending_approval') {
    return answerOf(first, { ...details, refused: [], targetRefusal: await readTargetRefusal(boundary, first) });
  }
  const names = new AnswerTray(`${at.described.store.path}.answers`).list(first.stream).map(readApprover);
  const { result = first, refused } = await boundary.takeAnswers(first.stream);
  // Which of several was refused is known only when all of them were.
  const isEach = refused.length === names.length;
  return answerOf(result, {
    ...details,
    refused: refused.map((code, index) => ({ code, approver: isEach ? names[index] : undefined })),
    targetRefusal: await readTargetRefusal(boundary, result),
  });
}

/** Why the executor did not take the target, as the records have it. */
async function readTargetRefusal(boundary: Boundary, result: ActionResult): Promise<TargetRefusal | null> {
  if (result.status !== 'denied' || result.code !== 'BOUNDARY_TARGET_REFUSED') return null;
  const bundle = parseJson(await boundary.bundle(result.stream), { maxBytes: MAX_BUNDLE_BYTES });
  const { records, payloads } = proofBundleSchema.parse(bundle);
  const record = records.findLast(({ kind }) => kind === 'target_validated');
  const payload = record === undefined ? undefined : payloads[record.payload.digest];
  const validation = targetValidationSchema.safeParse(payload?.value);
  if (!validation.success) return null;
  const { executor, result: verdict, reason } = validation.data;
  return { executor: executor.name, result: verdict, reason };
}

/** In whose name an answer is, which nobody has verified yet; undefined when it does not say. */
function readApprover({ envelope }: TrayAnswer): string | undefined {
  if (envelope === undefined) return undefined;
  try {
    const value = jsonObjectSchema.safeParse(parseJson(decodeBase64(envelope.payload), ANSWER_LIMITS));
    return identifierSchema.safeParse(value.data?.approver_id).data;
  } catch (error) {
    if (!isExoArmurError(error)) throw error;
    return undefined;
  }
}
