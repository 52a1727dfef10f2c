import { chmodSync, copyFileSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = resolve(fileURLToPath(import.meta.url), '../../../..');

/**
 * Commands of a script about files, besides `exoarmur` itself. Each returns what it prints.
 *
 *     read FILE            the text of a file
 *     state FILE           `there` or `gone`
 *     mode FILE            permission bits in octal
 *     same FILE FILE       `same` or `different`, byte for byte
 *     mark FILE OCTAL      sets the permission bits
 *     take PATH FILE       copies a file of the repository
 *     copy FILE FILE       copies a file of the folder
 *     holds FILE TEXT      `yes` or `no`; `\\u001b` in the text is that character
 *     swap FILE OLD NEW    replaces the first occurrence of a text, which must be there
 */
export const FILE_COMMANDS: ReadonlyMap<string, (folder: string, args: readonly string[]) => string> = new Map([
  ['read', (folder, [file = '']) => readFileSync(join(folder, file), 'utf8')],
  ['state', (folder, [file = '']) => (existsSync(join(folder, file)) ? 'there\n' : 'gone\n')],
  ['mode', (folder, [file = '']) => `${(statSync(join(folder, file)).mode & 0o777).toString(8)}\n`],
  [
    'same',
    (folder, [one = '', other = '']) =>
      readFileSync(join(folder, one)).equals(readFileSync(join(folder, other))) ? 'same\n' : 'different\n',
  ],
  [
    'mark',
    (folder, [file = '', mode = '']) => {
      chmodSync(join(folder, file), Number.parseInt(mode, 8));
      return '';
    },
  ],
  [
    'take',
    (folder, [path = '', file = '']) => {
      copyFileSync(join(ROOT, path), join(folder, file));
      return '';
    },
  ],
  [
    'copy',
    (folder, [from = '', to = '']) => {
      copyFileSync(join(folder, from), join(folder, to));
      return '';
    },
  ],
  [
    'holds',
    (folder, [file = '', text = '']) => {
      const wanted = JSON.parse(`"${text}"`) as string;
      return readFileSync(join(folder, file), 'utf8').includes(wanted) ? 'yes\n' : 'no\n';
    },
  ],
  [
    'swap',
    (folder, [file = '', old = '', replacement = '']) => {
      const text = readFileSync(join(folder, file), 'utf8');
      if (!text.includes(old)) throw new RangeError(`${file} does not hold ${old}`);
      writeFileSync(
        join(folder, file),
        text.replace(old, () => replacement),
      );
      return '';
    },
  ],
]);
