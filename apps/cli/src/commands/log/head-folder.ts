import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CliError } from '../../errors.ts';
import { shellWord } from '../../shell-word.ts';

/** Where the head files of a database are unless told, as a boundary has them: beside it and under its name. */
export function headFolderOf(db: string): string {
  return `${db}.heads`;
}

/**
 * Refuses a head that lies in the folder `heads` beside the database, where the first commands once kept it: it may be the one
 * that says that an older state was restored. @throws CliError CLI_HEADS_ELSEWHERE with the command that settles it
 */
export function assertNoOtherHead(db: string, tenant: string): void {
  const other = join(dirname(db), 'heads', `${tenant}.head`);
  if (!existsSync(other)) return;
  const folder = headFolderOf(db);
  const settle = existsSync(join(folder, `${tenant}.head`))
    ? `\`log fsck --heads ${shellWord(dirname(other))}\` and, when the log is sound by it, \`rm ${shellWord(other)}\``
    : `\`mkdir -p ${shellWord(folder)} && mv ${shellWord(other)} ${shellWord(folder)}\``;
  throw new CliError('CLI_HEADS_ELSEWHERE', `the last signed head of ${tenant} lies in another folder; run ${settle}`);
}
