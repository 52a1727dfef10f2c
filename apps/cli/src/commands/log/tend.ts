import { resolve } from 'node:path';
import { createIngestor, type EraseSelection, type ForeignFormat } from '@exoarmur/audit/writer';
import { decodeUtf8 } from '@exoarmur/canonical';
import { isExoArmurError } from '@exoarmur/contracts';
import { Argument, type Command, Option } from 'commander';
import type { CommandContext } from '../../commands.ts';
import { CliError } from '../../errors.ts';
import { EXIT_CODES } from '../../exit-code.ts';
import { readInputFile } from '../../files.ts';
import { addExamples } from '../../help.ts';
import { formatJson } from '../../json-output.ts';
import { createProgress } from '../../progress.ts';
import { readReason } from '../../reason.ts';
import { writeError } from '../../report-error.ts';
import { printable } from '../../terminal.ts';
import { addSigningOptions, CLOCK, type SigningOptions, withLog } from './log-store.ts';

const MAX_EVENTS_BYTES = 268_435_456;

interface EraseOptions extends SigningOptions {
  readonly stream?: string;
  readonly correlation?: string;
  readonly subject?: string;
  readonly by: string;
  readonly reason: string;
  readonly json?: true;
}

interface PruneOptions extends SigningOptions {
  readonly before: string;
  readonly by: string;
  readonly reason: string;
  readonly json?: true;
}

interface IngestOptions extends SigningOptions {
  readonly source: string;
  readonly format: ForeignFormat;
  readonly json?: true;
}

/** `log ingest`, `log erase`, `log prune`: what changes a log. */
export function registerTending(parent: Command, context: CommandContext): void {
  const ingest = addSigningOptions(parent.command('ingest'))
    .summary('record foreign events once each')
    .description('Record foreign events, one JSON object per line. The same event again is the same record.')
    .requiredOption('--source <name>', 'system the events come from')
    .addOption(
      new Option('--format <name>', 'shape of the events')
        .choices(['json', 'audit_record_v1', 'canonical_event'])
        .default('json'),
    )
    .option('--json', 'print the result as JSON')
    .addArgument(new Argument('<file>', 'events'))
    .action((file: string, options: IngestOptions) => runIngest(file, options, context));
  addExamples(ingest, [
    ['log ingest events.jsonl --db log.db --key log.key --cell office --source siem', 'record what another system saw'],
  ]);

  const erase = addSigningOptions(parent.command('erase'))
    .summary('erase payloads, on record')
    .description('Erase payloads for good. Who asked and why is recorded first; every proof still passes.')
    .addOption(new Option('--stream <id>', 'of one stream').conflicts(['correlation', 'subject']))
    .addOption(new Option('--correlation <id>', 'of every stream of a session').conflicts(['stream', 'subject']))
    .addOption(new Option('--subject <id>', 'of one actor').conflicts(['stream', 'correlation']))
    .requiredOption('--by <id>', 'person who asks')
    .requiredOption('--reason <text>', 'why', readReason)
    .option('--json', 'print the result as JSON')
    .action((options: EraseOptions) =>
      withLog(options, context, async (log) => {
        const { by, reason } = options;
        const order = { selection: selectionOf(options), requestedBy: { type: 'human', id: by }, reason } as const;
        const { erased, receipt } = await log.erase(order);
        const { index } = receipt;
        const text = `Payloads erased: ${erased}\nRecorded as: ${index}\n`;
        context.terminal.out(options.json ? formatJson({ erased, index }) : text);
      }),
    );
  addExamples(erase, [
    [
      'log erase --subject user-7 --by officer-1 --reason "article 17" --db log.db --key log.key --cell office',
      'forget a person',
    ],
  ]);

  const prune = addSigningOptions(parent.command('prune'))
    .summary('forget old records, on record')
    .description(
      'Forget records older than a time. Who asked and why is recorded first; the tree stays, so what remains can still be\n' +
        'proved. Only whole tiles of 256 records go, and nothing of an action that is open.',
    )
    .requiredOption('--before <time>', 'RFC 3339 time with milliseconds, as in 2026-01-31T00:00:00.000Z')
    .requiredOption('--by <id>', 'person who asks')
    .requiredOption('--reason <text>', 'why', readReason)
    .option('--json', 'print the result as JSON')
    .action((options: PruneOptions) =>
      withLog(options, context, async (log) => {
        const { by, reason } = options;
        const order = { before: options.before, requestedBy: { type: 'human', id: by }, reason } as const;
        const { before } = await log.prune(order);
        context.terminal.out(options.json ? formatJson({ before }) : `First record kept: ${before}\n`);
      }),
    );
  addExamples(prune, [
    [
      'log prune --before 2026-01-01T00:00:00.000Z --by officer-1 --reason "retention" --db log.db --key log.key --cell office',
      'keep what is newer',
    ],
  ]);
}

function selectionOf({ stream, correlation, subject }: EraseOptions): EraseSelection {
  if (stream !== undefined) return { stream };
  if (correlation !== undefined) return { correlation };
  if (subject !== undefined) return { subject };
  throw new CliError('CLI_USAGE', 'say what to erase: --stream, --correlation or --subject');
}

async function runIngest(file: string, options: IngestOptions, context: CommandContext): Promise<void> {
  const { bytes } = readInputFile(resolve(context.cwd, file), MAX_EVENTS_BYTES);
  const lines = decodeUtf8(bytes)
    .split('\n')
    .filter((line) => line.trim() !== '');
  const { source, format } = options;
  const progress = createProgress(context.terminal, options);
  let refused = 0;
  const indexes = await withLog(options, context, async (log, { ingestKey, random }) => {
    const ingestor = createIngestor({ log, clock: CLOCK, random, key: ingestKey });
    const seen = new Set<number>();
    const actor = { type: 'service', id: 'ingest' } as const;
    for (let from = 0; from < lines.length; from += 1000) {
      progress.at(from, lines.length);
      const batch = lines.slice(from, from + 1000).map((text) => ingestor.ingest({ format, source, text, actor }));
      for (const [offset, result] of (await Promise.allSettled(batch)).entries()) {
        if (result.status === 'fulfilled') seen.add(result.value.index);
        else if (isExoArmurError(result.reason)) {
          refused++;
          writeError(context.terminal, result.reason.code, `line ${from + offset + 1}: ${result.reason.message}`);
        } else throw result.reason;
      }
    }
    return seen;
  });
  progress.end();
  const text = `${printable(source)}: ${indexes.size} events in the log, ${refused} lines refused\n`;
  context.terminal.out(options.json ? formatJson({ events: indexes.size, refused }) : text);
  if (refused > 0) context.finish(EXIT_CODES.fail);
}
