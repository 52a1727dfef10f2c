import { parseRecord } from '@exoarmur/audit/reader';
import { decodeUtf8, parseJson } from '@exoarmur/canonical';
import { type LogEntry, quoteForMessage } from '@exoarmur/contracts';
import { Argument, type Command } from 'commander';
import type { CommandContext } from '../../commands.ts';
import { CliError } from '../../errors.ts';
import { addExamples } from '../../help.ts';
import { formatJsonLine } from '../../json-output.ts';
import { printable } from '../../terminal.ts';
import { addStoreOptions, type StoreOptions, withStore } from './log-store.ts';

const PAGE = 500;

/** A count of at most a million. @throws CliError CLI_USAGE */
export function parseCount(text: string): number {
  if (!/^(?:0|[1-9][0-9]{0,14})$/.test(text)) {
    throw new CliError('CLI_USAGE', `${quoteForMessage(text)} is not a whole number`);
  }
  return Number(text);
}

/** `log list`, `log tail`, `log show`: what stands in a log. */
export function registerReading(parent: Command, context: CommandContext): void {
  const list = addStoreOptions(parent.command('list'))
    .summary('list the streams')
    .description('List the streams of a log, oldest first.')
    .option('--correlation <id>', 'of one session or request only')
    .option('--json', 'one JSON object per line')
    .action((options: StoreOptions & { correlation?: string; json?: true }) => listStreams(options, context));
  addExamples(list, [['log list --db log.db', 'every stream with its first record']]);

  const tail = addStoreOptions(parent.command('tail'))
    .summary('print the last records')
    .description('Print the last records of a log.')
    .option('--count <n>', 'how many', parseCount, 10)
    .option('--json', 'one JSON object per line')
    .action((options: StoreOptions & { count: number; json?: true }) =>
      withStore(options, context, async (store, tenant) => {
        const { size } = await store.head(tenant);
        const from = Math.max(0, size - options.count);
        for (let at = from; at < size; at += PAGE) {
          for (const entry of await store.entries(tenant, { from: at, limit: Math.min(PAGE, size - at) })) {
            context.terminal.out(formatEntry(entry, options.json === true));
          }
        }
      }),
    );
  addExamples(tail, [['log tail --db log.db --count 20', 'the last twenty records']]);

  const show = addStoreOptions(parent.command('show'))
    .summary('print one stream with its payloads')
    .description('Print the records of one stream with the payloads that are still there.')
    .addArgument(new Argument('<stream>', 'stream; of an action its intent id'))
    .action((stream: string, options: StoreOptions) => showStream(stream, options, context));
  addExamples(show, [['log show intent-1 --db log.db', 'the story of one action']]);
}

async function listStreams(
  options: StoreOptions & { readonly correlation?: string; readonly json?: true },
  context: CommandContext,
): Promise<void> {
  const { correlation, json } = options;
  await withStore(options, context, async (store, tenant) => {
    for (let after = -1; ; ) {
      const page = { after, limit: PAGE, ...(correlation === undefined ? {} : { correlation }) };
      const streams = await store.streams(tenant, page);
      for (const found of streams) {
        const columns = [String(found.first), found.stream, found.correlation];
        context.terminal.out(json ? formatJsonLine(found) : `${columns.map(printable).join('\t')}\n`);
      }
      const last = streams.at(-1);
      if (last === undefined) return;
      after = last.first;
    }
  });
}

async function showStream(stream: string, options: StoreOptions, context: CommandContext): Promise<void> {
  await withStore(options, context, async (store, tenant) => {
    const entries = await store.stream(tenant, stream);
    if (entries.length === 0) throw new CliError('CLI_USAGE', `log has no stream ${quoteForMessage(stream)}`);
    const indexes = entries.map(({ index }) => index);
    for (const [position, payload] of (await store.payloads(tenant, indexes)).entries()) {
      const entry = entries[position] as LogEntry;
      const value = payload === null ? null : parseJson(decodeUtf8(payload.bytes));
      context.terminal.out(formatJsonLine({ index: entry.index, payload: value, record: parseRecord(entry.bytes) }));
    }
  });
}

function formatEntry(entry: LogEntry, isJson: boolean): string {
  const record = parseRecord(entry.bytes);
  if (isJson) return formatJsonLine({ index: entry.index, record });
  const { time, kind, stream, seq, actor } = record;
  return `${entry.index}\t${time}\t${kind}\t${stream}/${seq}\t${actor.type}:${actor.id}\n`;
}
