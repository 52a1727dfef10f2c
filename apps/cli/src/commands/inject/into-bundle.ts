import { resolve } from 'node:path';
import { type JsonObject, parseJson } from '@exoarmur/canonical';
import { MAX_BUNDLE_BYTES, quoteForMessage } from '@exoarmur/contracts';
import {
  type BundleFault,
  createFaultGenerator,
  type FaultGenerator,
  injectBundleFault,
} from '@exoarmur/replay/faults';
import type { CommandContext } from '../../commands.ts';
import { CliError } from '../../errors.ts';
import { readInputFile, replaceFile } from '../../files.ts';
import { formatJson } from '../../json-output.ts';
import { printable } from '../../terminal.ts';
import type { InjectOptions } from './options.ts';

/** Writes a copy of a bundle with one value changed. */
export function injectIntoBundle(
  options: InjectOptions & { readonly bundle: string; readonly out: string },
  { cwd, terminal }: CommandContext,
): void {
  const bundle = readBundle(resolve(cwd, options.bundle));
  const { bytes, pointer } = changeBundle(bundle, createFaultGenerator(options.seed), options.under);
  replaceFile(resolve(cwd, options.out), bytes);
  terminal.out(options.json === true ? formatJson({ changed: pointer }) : printable(`Changed: ${pointer}\n`));
}

/** A bundle file as JSON. @throws CliError CLI_USAGE when it is no object; CanonicalError when it is no JSON */
export function readBundle(path: string): JsonObject {
  const value = parseJson(readInputFile(path, MAX_BUNDLE_BYTES).bytes, { maxBytes: MAX_BUNDLE_BYTES });
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw new CliError('CLI_USAGE', 'the bundle is no JSON object');
}

/** One value of a bundle changed. @throws CliError CLI_USAGE when there is none below the pointer */
export function changeBundle(bundle: JsonObject, random: FaultGenerator, under: string): BundleFault {
  try {
    return injectBundleFault(bundle, random, under);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new CliError('CLI_USAGE', `there is no value below ${quoteForMessage(under)}`, { cause: error });
  }
}
