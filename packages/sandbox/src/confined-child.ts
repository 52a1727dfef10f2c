// Runs inside the confined process, before and around the untrusted module. It may read nothing but itself and the code, so
// it stands alone. Arguments: the mode, the module, what its specifiers stand for, whether it starts programs, whether it may change
// anything. The request is on standard input, the answer goes to descriptor 3.
import { readSync, realpathSync, writeSync } from 'node:fs';
import { type ResolveFnOutput, registerHooks, syncBuiltinESMExports } from 'node:module';
import os from 'node:os';
import { pathToFileURL } from 'node:url';

const REQUEST = 0;
const ANSWER = 3;
const [, , mode = '', entry = '', imports = '', starts = '', acts = ''] = process.argv;

const { stringify, parse } = JSON;
const { exit } = process;
const exitNow = exit.bind(process);

/** Members of an executor as it is called here. */
interface Executing {
  readonly manifest: unknown;
  validateTarget(intent: unknown): unknown;
  preview?(intent: unknown): unknown;
  execute(intent: unknown, options: { readonly signal: AbortSignal }): unknown;
}

// SECURITY: other processes are not under the permission model: with these one could stop its parent, open its debugger or slow
// it down.
// Who may start programs may signal them, and has a program that does.
const signals = starts === '' ? ['kill', '_kill'] : [];
for (const name of [...signals, '_debugProcess', '_debugEnd', 'dlopen', 'binding', '_linkedBinding']) {
  Object.defineProperty(process, name, { value: undefined, writable: false, configurable: false });
}

// SECURITY: a relative path is judged by the folder of the moment in which it is asked for, and used in the one of the moment in which
// the system looks: who changes folders in between writes where he may only read. So nobody goes from where he may write to where not.
const { chdir, cwd, permission } = process;
const mayWrite = (folder: string): boolean => permission.has('fs.write', folder);
const goTo = (folder: string): void => {
  const before = cwd();
  const real = realpathSync.native(folder);
  // Older Nodes follow a path without asking whether it may be read.
  if (!permission.has('fs.read', real)) throw denied('FileSystemRead');
  if (mayWrite(before) && !mayWrite(real)) throw denied('FileSystemWrite');
  chdir(real);
  if (cwd() === real) return;
  // Somebody outside put another folder there meanwhile.
  chdir(before);
  if (cwd() !== before) exitNow(1);
  throw denied('FileSystemRead');
};
function denied(scope: string): Error {
  return Object.assign(new Error('no way to that folder'), { code: 'ERR_ACCESS_DENIED', permission: scope });
}

// The module of worker threads puts a function of its own there when it is loaded; that must not fail, and must not count.
Object.defineProperty(process, 'chdir', { get: () => goTo, set: () => undefined, configurable: false });

Object.defineProperty(os, 'setPriority', { value: undefined, writable: false, configurable: false });
syncBuiltinESMExports();
for (const name of Object.keys(process.env)) delete process.env[name];

if (imports !== '') {
  const files = new Map(
    Object.entries(parse(imports) as Record<string, { path: string; format: 'module' | 'commonjs' }>),
  );
  registerHooks({
    resolve: (specifier, context, next) => {
      const file = files.get(specifier);
      if (file !== undefined) return located(pathToFileURL(file.path), file.format);
      const isRelative = /^\.{1,2}\//.test(specifier) && context.parentURL?.startsWith('file:') === true;
      return isRelative ? located(new URL(specifier, context.parentURL), 'module') : next(specifier, context);
    },
  });
}

/** Says what a file is, so that no `package.json` is asked for it. */
function located({ href }: URL, format: 'module' | 'commonjs'): ResolveFnOutput {
  const kind = href.endsWith('.cjs') ? 'commonjs' : href.endsWith('.ts') ? `${format}-typescript` : format;
  return { url: href, format: kind, shortCircuit: true };
}

function readRequest(): unknown {
  const chunks: Buffer[] = [];
  const chunk = Buffer.alloc(65_536);
  for (;;) {
    const length = readSync(REQUEST, chunk, 0, chunk.length, null);
    if (length === 0) break;
    chunks.push(Buffer.from(chunk.subarray(0, length)));
  }
  return parse(Buffer.concat(chunks).toString('utf8'));
}

/** JSON with sorted members, which for plain JSON values is RFC 8785. The parent refuses any other spelling. */
function write(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(write).join(',')}]`;
  if (typeof value !== 'object' || value === null) return stringify(value) ?? 'null';
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  members.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${stringify(name)}:${write(member)}`).join(',')}}`;
}

function answer(value: unknown): void {
  const bytes = Buffer.from(write(value));
  for (let offset = 0; offset < bytes.length; ) {
    try {
      offset += writeSync(ANSWER, bytes, offset);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
    }
  }
}

interface Request {
  readonly config: unknown;
  readonly secrets?: unknown;
  readonly operation: string;
  readonly intent: unknown;
}

interface Code {
  default(input: unknown, secrets?: unknown): unknown;
}

async function run(): Promise<unknown> {
  const load = async () => (await import(pathToFileURL(entry).href)) as Code;
  // The code first: then a process that was started ahead has nothing left to do but what it is asked.
  // SECURITY: not code that may change something. What it does when it is loaded would be done before anybody agreed to anything.
  const loaded = acts === '' ? await load() : undefined;
  const request = readRequest() as Request;
  const module = loaded ?? (await load());
  if (mode === 'function') return module.default(request);
  const { config, secrets, operation, intent } = request;
  const executor = (await module.default(config, secrets)) as Executing;
  switch (operation) {
    case 'manifest':
      return executor.manifest;
    case 'validate_target':
      return executor.validateTarget(intent);
    case 'preview':
      return executor.preview?.(intent) ?? null;
    case 'execute':
      return executor.execute(intent, { signal: new AbortController().signal });
    default:
      throw new Error('no such operation');
  }
}

try {
  answer({ answer: await run() });
} catch (error) {
  const { code, permission, message } = (error ?? {}) as { code?: unknown; permission?: unknown; message?: unknown };
  const text = (value: unknown) => (typeof value === 'string' ? value.slice(0, 200).toWellFormed() : null);
  answer({ thrown: { code: text(code), message: text(message), permission: text(permission) } });
}
exitNow(0);
