import { decodeUtf8, parseSigningKey } from '@exoarmur/canonical';
import { quoteForMessage } from '@exoarmur/contracts';
import { CliError } from './errors.ts';
import { readInputFile } from './files.ts';

const MAX_KEY_FILE_BYTES = 4096;

/** Reads a signing key. @throws CliError CLI_KEY_FILE_EXPOSED when others may read it; CanonicalError for another text */
export function readKeyFile(path: string): { readonly name: string; readonly seed: Uint8Array } {
  const { bytes, mode } = readInputFile(path, MAX_KEY_FILE_BYTES);
  // SECURITY: a key that others can read has no owner. Windows has no such bits.
  if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
    const shown = mode.toString(8).padStart(3, '0');
    throw new CliError(
      'CLI_KEY_FILE_EXPOSED',
      `${quoteForMessage(path)} has mode ${shown}, others may read it; set 600`,
    );
  }
  return parseSigningKey(decodeUtf8(bytes).replace(/\r?\n$/, ''));
}
