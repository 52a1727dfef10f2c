import { readFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { parseJson } from '@exoarmur/canonical';
import {
  isExoArmurError,
  type JsonObject,
  jsonObjectSchema,
  type ProviderRuntime,
  providerRuntimeSchema,
  quoteForMessage,
} from '@exoarmur/contracts';
import { checkProvider, type ProviderCheck } from './check-provider.ts';
import { createProvider } from './create-provider.ts';
import { KitError } from './errors.ts';
import { proposeTrust } from './trust-entry.ts';

/** Where a run writes and stands. */
export interface KitWorld {
  readonly cwd: string;
  out(text: string): void;
  err(text: string): void;
}

const USAGE = `usage: exoarmur-provider create <folder> --type <artifact type> [--name <package name>] [--runtime process|wasm]
       exoarmur-provider test [folder]
       exoarmur-provider trust [folder] [--configuration <file>]
`;

/** Runs the command of the kit. Exit codes: 0 done, 1 the provider did not pass, 2 usage or unreadable input. */
export async function runKit(args: readonly string[], world: KitWorld): Promise<0 | 1 | 2> {
  try {
    const { values, positionals } = parse(args);
    const [verb, place = '.', ...others] = positionals;
    if (values.help === true) {
      world.out(USAGE);
      return 0;
    }
    if (others.length > 0)
      throw new KitError('KIT_USAGE', `one folder at a time, not ${quoteForMessage(others[0] ?? '')}`);
    const folder = resolve(world.cwd, place);
    switch (verb) {
      case 'create': {
        if (values.type === undefined) throw new KitError('KIT_USAGE', 'create needs --type');
        const name = values.name ?? basename(folder);
        const runtime = readRuntime(values.runtime);
        for (const file of createProvider(folder, { name, artifactType: values.type, runtime }))
          world.out(`${place}/${file}\n`);
        return 0;
      }
      case 'test': {
        const check = await checkProvider(folder);
        world.out(formatCheck(check));
        return check.isPassed ? 0 : 1;
      }
      case 'trust':
        world.out(`${JSON.stringify(proposeTrust(folder, readConfiguration(values.configuration, world)), null, 2)}\n`);
        return 0;
      default:
        world.err(USAGE);
        return 2;
    }
  } catch (error) {
    if (!isExoArmurError(error)) throw error;
    world.err(`error ${error.code}: ${error.message}\n`);
    return 2;
  }
}

function parse(args: readonly string[]) {
  try {
    const text = { type: 'string' } as const;
    const options = {
      type: text,
      name: text,
      runtime: text,
      configuration: text,
      help: { type: 'boolean', short: 'h' } as const,
    };
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (cause) {
    throw new KitError('KIT_USAGE', cause instanceof Error ? cause.message : 'the arguments are not understood', {
      cause,
    });
  }
}

function readRuntime(text = 'process'): ProviderRuntime {
  const parsed = providerRuntimeSchema.safeParse(text);
  if (!parsed.success) throw new KitError('KIT_USAGE', `${quoteForMessage(text)} is no runtime: process, wasm`);
  return parsed.data;
}

function readConfiguration(file: string | undefined, { cwd }: KitWorld): JsonObject | undefined {
  if (file === undefined) return undefined;
  const unreadable = (cause?: unknown): KitError =>
    new KitError('KIT_FILE_UNREADABLE', `${quoteForMessage(file)} holds no JSON object`, { cause });
  let value: unknown;
  try {
    value = parseJson(readFileSync(resolve(cwd, file)));
  } catch (cause) {
    throw unreadable(cause);
  }
  const parsed = jsonObjectSchema.safeParse(value);
  if (!parsed.success) throw unreadable();
  return parsed.data;
}

function formatCheck({ package: name, version, cases, isPassed }: ProviderCheck): string {
  const lines = cases.map(({ name: label, expected, found, isPassed: is }) => {
    const detail = is ? found : `expected ${expected}, found ${found}`;
    return `${is ? 'ok  ' : 'FAIL'}  ${label}: ${detail}`;
  });
  return `${[...lines, `${isPassed ? 'PASS' : 'FAIL'}  ${name} ${version}, ${cases.length} checks`].join('\n')}\n`;
}
