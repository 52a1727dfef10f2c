import { realpathSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { canonicalizeToBytes, type JsonValue } from '@exoarmur/canonical';
import type { JsonObject, LimitBreach } from '@exoarmur/contracts';
import { type ConfinedCode, digestCode, isWithin, type PinnedCode } from './code-digest.ts';
import { CHILD, mayChange, type ProcessPlan, reduce, startProcess } from './confined-process.ts';
import { type Dial, MAX_CONNECTIONS } from './dial.ts';
import { type ConfinedFailureCode, type ConfinedRefusalCode, SandboxError } from './errors.ts';
import { assertConfinable, networkOf, probeMechanisms } from './mechanisms.ts';
import { FOLDER_PREFIX } from './temporary-folder.ts';
import { MAX_PREPARED, WaitingRoom } from './waiting-room.ts';

/** Limits of one run. */
export interface ConfinedLimits {
  /** From start to answer, in milliseconds. */
  readonly wallClockMs: number;
  /** Resident memory of the process, in bytes. JavaScript's heap gets half of it. */
  readonly memoryBytes: number;
  /** What it may print on standard output and standard error together, in bytes; it is thrown away. */
  readonly outputBytes: number;
  /** Canonical bytes of its answer. */
  readonly answerBytes: number;
}

/** The limits that hold unless told otherwise. */
export const CONFINED_LIMITS: ConfinedLimits = Object.freeze({
  wallClockMs: 10_000,
  memoryBytes: 268_435_456,
  outputBytes: 1_048_576,
  answerBytes: 2_097_152,
});

/** Largest canonical request, in bytes. */
export const MAX_CONFINED_REQUEST_BYTES = 4_194_304;

/** What a confined process is given. What is not named here it does not have. */
export interface Confinement {
  readonly code: PinnedCode;
  /** `function`: the default export is called with the request. `executor`: it makes an executor, see the sandboxed host. */
  readonly mode: 'function' | 'executor';
  /** Absolute paths it may read, files or whole folders. */
  readonly read?: readonly string[];
  /** Absolute paths it may read and write, files or whole folders. Its own temporary folder is one unless told. */
  readonly write?: readonly string[];
  /** False: its temporary folder, in which it starts, cannot be written. Then without `write` nothing can. */
  readonly hasScratch?: boolean;
  readonly network: 'denied' | 'allowed';
  /**
   * Whether it may start programs. They have the rights of the user on files, whatever is granted here: Node's permission model says nothing
   * to them. What holds for them is the namespaces, the limits of the kernel, the memory watch and the end of the run.
   */
  readonly children?: 'denied' | 'allowed';
  /** Starts also where no namespace keeps such programs among themselves. The result then says `children_unrestricted`. */
  readonly acceptsUnrestrictedChildren?: boolean;
  /**
   * Processes that are started ahead and have loaded the code when a request comes, unless it may change something but its temporary folder:
   * then it is loaded with the request. Each takes one and is gone. None unless told, at most {@link MAX_PREPARED}. One that is not asked for within a minute is ended, and the next run starts another.
   */
  readonly prepared?: number;
  /** Connections that the host may open for it in one run, on descriptors 4 and up; none unless told. */
  readonly connections?: number;
  /** Starts also where nothing closes the network. The result then says `networkUnrestricted`. */
  readonly acceptsUnrestrictedNetwork?: boolean;
  readonly limits?: Partial<ConfinedLimits>;
}

/** What came of a run, never an exception. */
export type ConfinedResult =
  | { readonly outcome: 'answered'; readonly answer: JsonValue }
  /** It was not started. */
  | { readonly outcome: 'refused'; readonly code: ConfinedRefusalCode }
  /** It was started, and nobody knows what it did. */
  | {
      readonly outcome: 'failed';
      readonly code: ConfinedFailureCode;
      readonly breaches: readonly LimitBreach[];
    };

/** Runs one request in one confined process. */
export interface Confined {
  /** What is enforced, as it may stand in a record. */
  readonly hosting: JsonObject;
  /** `dial` opens connections for this run; without it there are none. */
  readonly run: (request: JsonValue, cancel?: AbortSignal, dial?: Dial) => Promise<ConfinedResult>;
  /** Starts now what may be started ahead; without it the first run does, for the next one. */
  readonly prepare: () => void;
  /** Ends what was started ahead, and starts nothing ahead any more. */
  readonly close: () => void;
}

const MIN_MEMORY_BYTES = 67_108_864;

/** A timer of more than this many milliseconds goes off at once. */
const MAX_TIMER_MS = 2_147_483_647;

/**
 * Prepares a confinement: checks the paths, tries out the machine, pins the code. Each run is a process of its own with an
 * empty environment and a temporary folder that is gone afterwards.
 * @throws SandboxError SANDBOX_CONFIG_INVALID with a pointer, SANDBOX_UNSUPPORTED, SANDBOX_NETWORK_UNCONFINED,
 * SANDBOX_CODE_UNREADABLE
 */
export async function confine(confinement: Confinement): Promise<Confined> {
  const { code, mode, network, read = [], write = [], hasScratch = true } = confinement;
  const { acceptsUnrestrictedNetwork = false, connections = 0 } = confinement;
  if (!(Number.isSafeInteger(connections) && connections >= 0 && connections <= MAX_CONNECTIONS)) {
    throw invalid(`there are 0 to ${MAX_CONNECTIONS} connections`, '/connections');
  }
  const { prepared = 0 } = confinement;
  if (!(Number.isSafeInteger(prepared) && prepared >= 0 && prepared <= MAX_PREPARED)) {
    throw invalid(`0 to ${MAX_PREPARED} processes can be started ahead`, '/prepared');
  }
  const limits = readLimits(confinement.limits);
  assertPath(code.entry, '/code/entry');
  for (const [name, paths] of Object.entries({ 'code/folders': code.folders ?? [], read, write })) {
    for (const [index, path] of paths.entries()) assertPath(path, `/${name}/${index}`);
  }
  const parts = [code.entry, CHILD, ...(code.folders ?? [])].map(toRealPath);
  for (const [index, path] of write.entries()) {
    // SECURITY: the digest would say nothing if the process could change the code between the check and the load, also through
    // a link.
    const real = toRealPath(path);
    const isCode = parts.some((part) => isWithin(part, real) || isWithin(real, part));
    if (isCode) throw invalid('writable paths and code must lie apart', `/write/${index}`);
  }
  const given = { read: reduce([...parts, ...read, ...write]), write: reduce(write) };
  assertApart(given, hasScratch);
  const mechanisms = await probeMechanisms();
  const isNetworkDenied = network === 'denied';
  const mayStart = confinement.children === 'allowed';
  const { acceptsUnrestrictedChildren = false } = confinement;
  assertConfinable(mechanisms, { isNetworkDenied, acceptsUnrestrictedNetwork, mayStart, acceptsUnrestrictedChildren });
  const closedBy = networkOf(mechanisms, mayStart);
  const imports = code.imports === undefined ? '' : JSON.stringify(locate(code.imports));
  const hosting: JsonObject = {
    permission_model: mechanisms.permissionModel,
    namespaces: mechanisms.namespaces,
    resource_limits: mechanisms.resourceLimits,
    memory_watch: mechanisms.memoryWatch,
    network: isNetworkDenied ? closedBy : 'allowed',
    ...(isNetworkDenied && closedBy === 'none' ? { network_unrestricted: true } : {}),
    ...(mayStart ? { children: 'allowed', process_table: mechanisms.processTable } : {}),
    ...(mayStart && !mechanisms.namespaces ? { children_unrestricted: true } : {}),
    ...(connections === 0 ? {} : { connections }),
    ...(prepared === 0 ? {} : { prepared }),
    wall_clock_ms: limits.wallClockMs,
    memory_bytes: limits.memoryBytes,
    output_bytes: limits.outputBytes,
    code_digest: code.digest,
  };
  const plan: ProcessPlan = {
    ...{ ...given, mode, entry: toRealPath(code.entry), imports, hasScratch, connections },
    ...{ limits, mechanisms, isNetworkDenied, mayStart },
  };
  const waiting = new WaitingRoom(prepared, () => (isUnaltered(code) ? startProcess(plan) : undefined));
  return {
    hosting,
    prepare: () => waiting.fill(),
    run: async (request, cancel, dial) => {
      if (cancel?.aborted) return { outcome: 'refused', code: 'SANDBOX_CANCELLED' };
      const bytes = encodeRequest(request);
      if (bytes === undefined) return { outcome: 'refused', code: 'SANDBOX_REQUEST_INVALID' };
      const waited = waiting.take();
      // What waited has loaded the code that was looked at when it started, unless it loads it only now.
      if ((waited === undefined || mayChange(plan)) && !isUnaltered(code)) {
        waited?.end();
        return { outcome: 'refused', code: 'SANDBOX_CODE_ALTERED' };
      }
      const started = waited ?? startProcess(plan);
      if (started === undefined) return { outcome: 'refused', code: 'SANDBOX_START_FAILED' };
      const result = await started.run(bytes, cancel, dial);
      waiting.fillSoon();
      return result;
    },
    close: () => waiting.close(),
  };
}

/** Where a path leads; of one that does not exist yet, where it would be. */
function toRealPath(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    const parent = dirname(path);
    return parent === path ? path : join(toRealPath(parent), basename(path));
  }
}

function encodeRequest(request: JsonValue): Uint8Array | undefined {
  try {
    return canonicalizeToBytes(request, { maxBytes: MAX_CONFINED_REQUEST_BYTES });
  } catch {
    // SECURITY: the traps of a proxy throw whatever they like.
    return undefined;
  }
}

function isUnaltered(code: PinnedCode): boolean {
  try {
    return digestCode(code satisfies ConfinedCode) === code.digest;
  } catch (error) {
    if (error instanceof SandboxError) return false;
    throw error;
  }
}

function readLimits(given: Partial<ConfinedLimits> | undefined): ConfinedLimits {
  const limits = { ...CONFINED_LIMITS, ...given };
  for (const [name, value] of Object.entries(limits)) {
    if (!Number.isSafeInteger(value) || value < 1)
      throw invalid('a limit must be a positive integer', `/limits/${name}`);
  }
  if (limits.wallClockMs > MAX_TIMER_MS) throw invalid('no timer reaches that far', '/limits/wallClockMs');
  if (limits.memoryBytes < MIN_MEMORY_BYTES)
    throw invalid('Node does not start in less than 64 MiB', '/limits/memoryBytes');
  return limits;
}

/** The same files under their real paths, which are what the process may read. */
function locate(imports: NonNullable<ConfinedCode['imports']>): JsonObject {
  const entries = Object.entries(imports).map(([name, { path, format }]) => [name, { path: toRealPath(path), format }]);
  return Object.fromEntries(entries);
}

/**
 * The permission model does not open a folder when another granted path begins with its whole name, as `/data` and `/data-2`
 * do; only what lies in it (seen with Node 22, 24 and 26). @throws SandboxError SANDBOX_CONFIG_INVALID
 */
function assertApart({ read, write }: Granted, hasScratch: boolean): void {
  const own = join(realpathSync(tmpdir()), FOLDER_PREFIX);
  for (const [name, paths] of [
    ['read', [...read, own]],
    ['write', hasScratch ? [...write, own] : write],
  ] as const) {
    const sorted = [...paths].sort((a, b) => (a < b ? -1 : 1));
    // Whatever begins with a path follows it.
    const closed = sorted.find((path, index) => {
      const next = sorted[index + 1];
      return next?.startsWith(path) === true && !isWithin(next, path) && isFolder(path);
    });
    if (closed !== undefined) {
      throw invalid('a folder cannot be granted beside a path that begins with its whole name', `/${name}`);
    }
  }
}

interface Granted {
  readonly read: readonly string[];
  readonly write: readonly string[];
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    // Whatever cannot be looked at is no folder that could be opened.
    return false;
  }
}

/** The permission model reads a star as a pattern, and a comma once was a separator. */
function assertPath(path: string, pointer: string): void {
  if (!isAbsolute(path) || /[*,\0]/.test(path)) throw invalid('a path must be absolute, without `*` and `,`', pointer);
}

function invalid(message: string, pointer: string): SandboxError {
  return new SandboxError('SANDBOX_CONFIG_INVALID', message, { pointer });
}
