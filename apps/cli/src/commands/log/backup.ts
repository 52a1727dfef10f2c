import { rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { fsckLog } from '@exoarmur/audit/inspection';
import { canonicalize, parseVerifierKey } from '@exoarmur/canonical';
import { backupLog, openSqliteLogStore } from '@exoarmur/store-sqlite';
import { Argument, type Command } from 'commander';
import type { CommandContext } from '../../commands.ts';
import { CliError } from '../../errors.ts';
import { addExamples } from '../../help.ts';
import { createProgress } from '../../progress.ts';
import { assertLogKey } from './log-key.ts';
import { addStoreOptions, type StoreOptions, withStore } from './log-store.ts';

interface BackupOptions extends StoreOptions {
  readonly vkey?: string;
  readonly json?: true;
}

/** `log backup`: a copy of a log in use. */
export function registerBackup(parent: Command, context: CommandContext): void {
  const backup = addStoreOptions(parent.command('backup'))
    .summary('copy the log while it is in use')
    .description(
      'Copy the whole log to a new file while writers go on; the copy is checked before it counts. With --vkey its tree,\n' +
        'streams and checkpoints are rebuilt too, as by `log fsck`.',
    )
    .option('--vkey <vkey>', 'verifier key of the log: check the copy record by record')
    .option('--json', 'print the result as JSON')
    .addArgument(new Argument('<file>', 'file to create'))
    .action((file: string, options: BackupOptions) => runBackup(resolve(context.cwd, file), options, context));
  addExamples(backup, [['log backup copy.db --db log.db', 'a consistent copy']]);
}

async function runBackup(path: string, options: BackupOptions, context: CommandContext): Promise<void> {
  const { tenant: wanted, vkey, json } = options;
  const progress = createProgress(context.terminal, options);
  const { tenants } = await withStore(options, context, async (store, tenant) => {
    if (vkey !== undefined) await assertLogKey(store, tenant, parseVerifierKey(vkey));
    return backupLog(store, path, progress.at);
  }).finally(progress.end);
  for (const { tenant, size } of tenants) {
    const isChecked = vkey !== undefined && (wanted === undefined ? tenants.length === 1 : tenant === wanted);
    if (isChecked) await checkCopy({ path, tenant, vkey }, context);
    const line = `${tenant}\t${size} records${isChecked ? ', rebuilt' : ''}`;
    context.terminal.out(json ? `${canonicalize({ tenant, size, rebuilt: isChecked })}\n` : `${line}\n`);
  }
}

/** A copy that is not sound is no backup. @throws CliError CLI_COPY_UNSOUND, and the file is gone */
async function checkCopy(
  { path, tenant, vkey }: { readonly path: string; readonly tenant: string; readonly vkey: string },
  context: CommandContext,
): Promise<void> {
  const store = openSqliteLogStore({ path });
  const progress = createProgress(context.terminal, {});
  const report = await fsckLog({ store, tenant, vkey, onProgress: progress.at }).finally(() => store.close());
  progress.end();
  if (report.outcome === 'sound') return;
  rmSync(path);
  const { code, index } = report.finding;
  throw new CliError('CLI_COPY_UNSOUND', `copy of ${tenant} is not sound at ${index}: ${code}; it was removed`);
}
