import { resolve } from 'node:path';
import { createIngestor, type EraseSelection, type ForeignFormat } from '@exoarmur/audit/writer';
import { decodeUtf8 } from '@exoarmur/canonical';
import { isExoArmurError } from '@exoarmur/contracts';
import { backupLog } from '@exoarmur/store-sqlite';
import { Argument, type Command, Option } from 'commander';
import type { CommandContext } from '../../commands.ts';
import { CliError } from '../../errors.ts';
import { EXIT_CODES } from '../../exit-code.ts';
import { readInputFile } from '../../files.ts';
import { addExamples } from '../../help.ts';
import { writeError } from '../../report-error.ts';
import { printable } from '../../terminal.ts';
import {
  addSigningOptions,
  addStoreOptions,
  CLOCK,
  type SigningOptions,
  type StoreOptions,
  withLog,
  withStore,
} from './log-store.ts';

const MAX_EVENTS_BYTES = 268_435_456;

interface EraseOptions extends SigningOptions {
  readonly stream?: string;
  readonly correlation?: string;
  readonly subject?: string;
  readonly by: string;
  readonly reason: string;
}

interface IngestOptions extends SigningOptions {
  readonly source: string;
  readonly format: ForeignFormat;
}

/** `log ingest`, `log erase`, `log backup`: what changes a log or copies it. */
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
    .addArgument(new Argument('<file>', 'events'))
    .action((file: string, options: IngestOptions) => runIngest(file, options, context));
  addExamples(ingest, [
    ['log ingest events.jsonl --db log.db --key log.key --source siem', 'record what another system saw'],
  ]);

  const erase = addSigningOptions(parent.command('erase'))
    .summary('erase payloads, on record')
    .description('Erase payloads for good. Who asked and why is recorded first; every proof still passes.')
    .addOption(new Option('--stream <id>', 'of one stream').conflicts(['correlation', 'subject']))
    .addOption(new Option('--correlation <id>', 'of every stream of a session').conflicts(['stream', 'subject']))
    .addOption(new Option('--subject <id>', 'of one actor').conflicts(['stream', 'correlation']))
    .requiredOption('--by <id>', 'person who asks')
    .requiredOption('--reason <text>', 'why')
    .action((options: EraseOptions) =>
      withLog(options, context, async (log) => {
        const { by, reason } = options;
        const order = { selection: selectionOf(options), requestedBy: { type: 'human', id: by }, reason } as const;
        const { erased, receipt } = await log.erase(order);
        context.terminal.out(`Payloads erased: ${erased}\nRecorded as: ${receipt.index}\n`);
      }),
    );
  addExamples(erase, [
    ['log erase --subject user-7 --by officer-1 --reason "article 17" --db log.db --key log.key', 'forget a person'],
  ]);

  const backup = addStoreOptions(parent.command('backup'))
    .summary('copy the log while it is in use')
    .description('Copy the whole log to a new file while writers go on; the copy is checked before it counts.')
    .addArgument(new Argument('<file>', 'file to create'))
    .action((file: string, options: StoreOptions) =>
      withStore(options, context, async (store) => {
        const { tenants } = await backupLog(store, resolve(context.cwd, file));
        for (const { tenant, size } of tenants) context.terminal.out(`${tenant}\t${size} records\n`);
      }),
    );
  addExamples(backup, [['log backup copy.db --db log.db', 'a consistent copy']]);
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
  let refused = 0;
  const indexes = await withLog(options, context, async (log, { ingestKey, random }) => {
    const ingestor = createIngestor({ log, clock: CLOCK, random, key: ingestKey });
    const seen = new Set<number>();
    const actor = { type: 'service', id: 'ingest' } as const;
    for (let from = 0; from < lines.length; from += 1000) {
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
  context.terminal.out(`${printable(source)}: ${indexes.size} events in the log, ${refused} lines refused\n`);
  if (refused > 0) context.finish(EXIT_CODES.fail);
}
