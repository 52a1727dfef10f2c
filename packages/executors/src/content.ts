import { createHash } from 'node:crypto';
import type { JsonObject } from '@exoarmur/contracts';
import { ExecutorError } from './errors.ts';

// Without a repeated group: one would overflow the stack of the regular expression engine on a long text.
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** The text of bytes that are UTF-8, a byte-order mark included; undefined for other bytes. */
export function textOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Bytes as a report carries them: the member `name` when they are text, else `name_base64`. */
export function showBytes(name: string, bytes: Uint8Array): JsonObject {
  const text = textOf(bytes);
  return text === undefined ? { [`${name}_base64`]: Buffer.from(bytes).toString('base64') } : { [name]: text };
}

/** SHA-256 in hexadecimal, as `sha256sum` prints it. */
export function hashBytes(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/**
 * The bytes that an intent gives as parameter `name` (text) or `name_base64` (standard base64); undefined when it gives neither.
 * @throws ExecutorError EXECUTOR_PARAMETERS_MALFORMED, EXECUTOR_TARGET_TOO_LARGE
 */
export function readBytes(parameters: JsonObject, name: string, maxBytes: number): Uint8Array | undefined {
  const text = parameters[name];
  const base64 = parameters[`${name}_base64`];
  if (text === undefined && base64 === undefined) return undefined;
  if (text !== undefined && base64 !== undefined) throw malformed(`${name} and ${name}_base64 exclude each other`);
  if (text !== undefined && typeof text !== 'string') throw malformed(`parameter ${name} must be text`);
  if (base64 !== undefined && (typeof base64 !== 'string' || base64.length % 4 !== 0 || !BASE64.test(base64))) {
    throw malformed(`parameter ${name}_base64 must be standard base64`);
  }
  const bytes =
    typeof text === 'string' ? new TextEncoder().encode(text) : new Uint8Array(Buffer.from(String(base64), 'base64'));
  if (bytes.length <= maxBytes) return bytes;
  throw new ExecutorError('EXECUTOR_TARGET_TOO_LARGE', `${name} has more than ${maxBytes} bytes`, {
    pointer: '/parameters',
  });
}

/** A parameter that is not what it has to be. */
export function malformed(message: string): ExecutorError {
  return new ExecutorError('EXECUTOR_PARAMETERS_MALFORMED', message, { pointer: '/parameters' });
}
