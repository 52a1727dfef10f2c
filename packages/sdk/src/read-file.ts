import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { decodeUtf8, parseSigningKey } from '@exoarmur/canonical';
import { isExoArmurError } from '@exoarmur/contracts';
import { SdkError } from './errors.ts';

const MAX_KEY_FILE_BYTES = 4096;

/**
 * Reads a regular file of at most `maxBytes`, opened once. Relative paths start at the working folder.
 * @throws SdkError SDK_FILE_UNREADABLE, at the place of the configuration that named the file
 */
export function readBounded(path: string, maxBytes: number, pointer: string): { bytes: Uint8Array; mode: number } {
  const refuse = (why: string, cause?: unknown) =>
    new SdkError('SDK_FILE_UNREADABLE', `the file cannot be read: ${why}`, { pointer, cause });
  let descriptor: number | undefined;
  try {
    // A FIFO must not block the start, a device must not be read.
    descriptor = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const stat = fstatSync(descriptor);
    if (!stat.isFile()) throw refuse('it is no regular file');
    if (stat.size > maxBytes) throw refuse(`it has more than ${maxBytes} bytes`);
    const bytes = new Uint8Array(stat.size + 1);
    let length = 0;
    for (let read = -1; read !== 0 && length < bytes.length; length += read) {
      read = readSync(descriptor, bytes, length, bytes.length - length, null);
    }
    // SECURITY: half of an answer would be taken for none.
    if (length !== stat.size) throw refuse('it changed while it was read');
    return { bytes: bytes.subarray(0, length), mode: stat.mode & 0o777 };
  } catch (cause) {
    if (isExoArmurError(cause)) throw cause;
    throw refuse((cause as NodeJS.ErrnoException).code ?? 'unknown reason', cause);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/** Reads a key file made by `exoarmur keys generate`. @throws SdkError SDK_FILE_UNREADABLE, SDK_KEY_EXPOSED, SDK_CONFIG_INVALID */
export function readSigningKey(path: string, pointer: string): { readonly name: string; readonly seed: Uint8Array } {
  const { bytes, mode } = readBounded(path, MAX_KEY_FILE_BYTES, pointer);
  // SECURITY: a key that others can read has no owner. Windows has no such bits.
  if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
    throw new SdkError('SDK_KEY_EXPOSED', `the key file has mode ${mode.toString(8)}, others may read it`, { pointer });
  }
  try {
    return parseSigningKey(decodeUtf8(bytes).replace(/\r?\n$/, ''));
  } catch (cause) {
    if (!isExoArmurError(cause)) throw cause;
    throw new SdkError('SDK_CONFIG_INVALID', 'the key file holds no signing key', { pointer, cause });
  }
}
