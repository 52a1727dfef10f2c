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
 *     mark FILE OCTAL      sets the permission bits
 *     take PATH FILE       copies a file of the repository
 *     flip FILE OFFSET     flips the lowest bit of one byte
 *     swap FILE OLD NEW    replaces the first occurrence of a text, which must be there
 */
export const FILE_COMMANDS: ReadonlyMap<string, (folder: string, args: readonly string[]) => string> = new Map([
  ['read', (folder, [file = '']) => readFileSync(join(folder, file), 'utf8')],
  ['state', (folder, [file = '']) => (existsSync(join(folder, file)) ? 'there\n' : 'gone\n')],
  ['mode', (folder, [file = '']) => `${(statSync(join(folder, file)).mode & 0o777).toString(8)}\n`],
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
    'flip',
    (folder, [file = '', offset = '']) => {
      const bytes = readFileSync(join(folder, file));
      const index = Number(offset);
      const byte = bytes[index];
      if (byte === undefined) throw new RangeError(`${file} has no byte ${offset}`);
      bytes[index] = byte ^ 1;
      writeFileSync(join(folder, file), bytes);
      return '';
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
