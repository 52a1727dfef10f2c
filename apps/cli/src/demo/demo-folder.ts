import { existsSync, lstatSync, mkdirSync, readdirSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { quoteForMessage } from '@exoarmur/contracts';
import { CliError } from '../errors.ts';

/** Name of the file that says that a folder was made by the demo. */
export const MARKER = '.exoarmur-demo';

/** What the demo makes inside its folder; nothing else there is ever removed. */
export const DEMO_FILES = Object.freeze({
  secret: join('private', 'secret-exports', 'customer-records.csv'),
  scratch: join('authorized', 'scratch', 'old-report.csv'),
  bundle: 'proof-bundle.json',
  trust: 'trust.txt',
  /** The key of the boundary, which is in the source code of the demo: it protects nothing. */
  key: 'boundary.key',
  policies: 'policies.json',
});

const FOLDERS = [join('private', 'secret-exports'), 'private', join('authorized', 'scratch'), 'authorized'];

/** The two real files that the demo puts at stake. */
const CONTENTS: readonly (readonly [file: string, text: string])[] = [
  [DEMO_FILES.secret, 'customer,email\n1,one@example.com\n2,two@example.com\n'],
  [DEMO_FILES.scratch, 'report,state\n1,superseded\n'],
];

/**
 * Makes the demo's folder and the files at stake, after removing what an earlier run made there.
 * @throws CliError CLI_DEMO_FOLDER_FOREIGN when the folder holds something and no earlier demo made it.
 */
export function prepareDemoFolder(folder: string): void {
  if (existsSync(folder)) removeEarlierRun(folder);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, MARKER), 'Made by `exoarmur demo`, which may remove what it made here.\n');
  for (const [file, text] of CONTENTS) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text, { flag: 'wx' });
  }
}

function removeEarlierRun(folder: string): void {
  const foreign = (why: string): CliError =>
    new CliError('CLI_DEMO_FOLDER_FOREIGN', `${quoteForMessage(folder)} ${why}; name another folder with --dir`);
  if (!lstatSync(folder).isDirectory()) throw foreign('is not a folder');
  const entries = readdirSync(folder);
  if (entries.length > 0 && !entries.includes(MARKER)) throw foreign('was not made by the demo');
  // SECURITY: a link put in the place of a folder would lead the removal out of it.
  for (const inner of FOLDERS) {
    const stat = lstatSync(join(folder, inner), { throwIfNoEntry: false });
    if (stat !== undefined && !stat.isDirectory()) throw foreign(`holds ${quoteForMessage(inner)}, which is no folder`);
  }
  for (const file of Object.values(DEMO_FILES)) rmSync(join(folder, file), { force: true });
  for (const inner of FOLDERS) removeIfEmpty(join(folder, inner));
}

function removeIfEmpty(folder: string): void {
  if (existsSync(folder) && readdirSync(folder).length === 0) rmdirSync(folder);
}
