import { mkdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { exportTiles, fsckLog, proveRecord } from '@exoarmur/audit/inspection';
import { encodeBase64, parseVerifierKey } from '@exoarmur/canonical';
import { openHeadFiles } from '@exoarmur/store-sqlite';
import { Argument, type Command } from 'commander';
import type { CommandContext } from '../../commands.ts';
import { countBetween } from '../../count.ts';
import { CliError } from '../../errors.ts';
import { EXIT_CODES } from '../../exit-code.ts';
import { replaceFile } from '../../files.ts';
import { addExamples } from '../../help.ts';
import { formatJson } from '../../json-output.ts';
import { surveyLog } from '../../log-check/survey-log.ts';
import { createProgress } from '../../progress.ts';
import { printable } from '../../terminal.ts';
import { assertLogKey } from './log-key.ts';
import { addStoreOptions, findHeads, type StoreOptions, withStore } from './log-store.ts';
import { parseCount } from './read.ts';

type FsckOptions = StoreOptions & { readonly vkey: string; readonly threads?: number; readonly json?: true };

/** What a thread surveys at a time: short of a second of work. */
const PART_RECORDS = 32_768;

/** `log checkpoint`, `log proof`, `log fsck`, `log export`: what a stranger can check. */
export function registerProving(parent: Command, context: CommandContext): void {
  const checkpoint = addStoreOptions(parent.command('checkpoint'))
    .summary('print the latest signed checkpoint')
    .description('Print the latest signed checkpoint, a C2SP note.')
    .action((options: StoreOptions) =>
      withStore(options, context, async (store, tenant) => {
        const note = await store.latestNote(tenant);
        if (note === null) throw new CliError('CLI_USAGE', 'log has no signed checkpoint yet');
        context.terminal.out(printable(note.note));
      }),
    );
  addExamples(checkpoint, [['log checkpoint --db log.db', 'what the log says of itself']]);

  const proof = addStoreOptions(parent.command('proof'))
    .summary('print the proof of one record')
    .description('Print a C2SP tlog-proof of one record under the latest signed checkpoint.')
    .addArgument(new Argument('<index>', 'index of the record').argParser(parseCount))
    .action((index: number, options: StoreOptions) =>
      withStore(options, context, async (store, tenant) => {
        context.terminal.out(await proveRecord(store, tenant, index));
      }),
    );
  addExamples(proof, [['log proof 17 --db log.db > 17.tlog-proof', 'hand it to somebody with the record']]);

  const fsck = addStoreOptions(parent.command('fsck'))
    .summary('rebuild everything from the records')
    .description(
      'Rebuild tree, streams and checkpoints from the records and name the first place where the store lies.',
    )
    .requiredOption('--vkey <vkey>', 'verifier key of the log')
    .option('--heads <folder>', 'folder of the head files (default: `<db>.heads`)')
    .option('--threads <n>', 'threads to use; as many as there are processors unless given', countBetween(1, 64))
    .option('--json', 'print the report as JSON')
    .action((options: FsckOptions) => runFsck(options, context));
  addExamples(fsck, [['log fsck --db log.db --vkey cell.example/demo+0123abcd+AQ…', 'check the whole log']]);

  const exported = addStoreOptions(parent.command('export'))
    .summary('write the log as static tiles')
    .description('Write the log as C2SP tlog-tiles that any static web server can serve.')
    .requiredOption('--out <folder>', 'folder to write into')
    .option('--json', 'print the result as JSON')
    .action((options: StoreOptions & { out: string; json?: true }) => runExport(options, context));
  addExamples(exported, [['log export --db log.db --out public', 'tiles, entry bundles and the checkpoint']]);
}

async function runFsck(options: FsckOptions, context: CommandContext): Promise<void> {
  const { terminal } = context;
  const path = resolve(context.cwd, options.db);
  const key = parseVerifierKey(options.vkey);
  const threads = options.threads ?? Math.min(64, availableParallelism());
  const progress = createProgress(terminal, options);
  const report = await withStore(options, context, async (store, tenant) => {
    await assertLogKey(store, tenant, key);
    const heads = openHeadFiles(findHeads(options, context, tenant));
    return fsckLog({
      store,
      tenant,
      vkey: options.vkey,
      heads,
      parts: {
        records: PART_RECORDS,
        survey: (ranges, first) => surveyLog({ path, tenant, vkey: options.vkey, first }, ranges, threads),
      },
      onProgress: progress.at,
    }).finally(() => heads.close());
  });
  progress.end();
  const { counts, outcome } = report;
  if (options.json === true) {
    const found =
      outcome === 'sound' ? { size: report.size, root: encodeBase64(report.root) } : { finding: report.finding };
    terminal.out(formatJson({ outcome, counts, ...found }));
  } else {
    const told = Object.entries(counts).map(([name, count]) => `${name} ${count}`);
    terminal.out(`${told.join(', ')}\n`);
    if (outcome === 'sound') terminal.out('LOG_RESULT=SOUND\n');
    else {
      const { code, index, detail } = report.finding;
      terminal.out(`LOG_RESULT=UNSOUND\nfirst at ${index}: ${code}, ${printable(detail)}\n`);
    }
  }
  if (outcome !== 'sound') context.finish(EXIT_CODES.fail);
}

async function runExport(
  options: StoreOptions & { readonly out: string; readonly json?: true },
  context: CommandContext,
): Promise<void> {
  const folder = resolve(context.cwd, options.out);
  const progress = createProgress(context.terminal, options);
  let files = 0;
  await withStore(options, context, async (store, tenant) => {
    for await (const { path, bytes } of exportTiles(store, tenant)) {
      const target = join(folder, ...path.split('/'));
      mkdirSync(dirname(target), { recursive: true });
      replaceFile(target, bytes);
      progress.at(++files);
    }
  });
  progress.end();
  context.terminal.out(options.json ? formatJson({ files }) : `Files written: ${files}\n`);
}
