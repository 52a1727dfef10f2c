import { CanonicalError, canonicalizeToBytes, digestValue, parseJson } from '@exoarmur/canonical';
import {
  type ActionIntent,
  actionClassSchema,
  EXECUTOR_DIGEST_DOMAIN,
  type ExecutorHost,
  type ExecutorManifest,
  executorIdentitySchema,
  type JsonObject,
  jsonObjectSchema,
} from '@exoarmur/contracts';
import type { PinnedCode } from './code-digest.ts';
import { type ConfinedLimits, type ConfinedResult, confine } from './confined-run.ts';
import type { Dialled } from './dial.ts';
import { SandboxError } from './errors.ts';
import {
  asItIs,
  carried,
  failed,
  ignoreRejection,
  readCheck,
  readOutcome,
  readPreview,
  refuse,
} from './hosted-answer.ts';

/** What a sandboxed host is given. */
export interface SandboxedHostOptions {
  /** What the operator lets the executor be. The executor's own manifest must be the same. */
  readonly manifest: ExecutorManifest;
  /** A module whose default export makes the executor from `config`. */
  readonly code: PinnedCode;
  readonly config: JsonObject;
  /** Paths the executor may read at any time. Needs the capability `fs.read`, or `process.run`, which can do more. */
  readonly read?: readonly string[];
  /**
   * Paths it may change, and only while it executes; while a target is validated they can be read. Needs `fs.write`, `fs.delete`
   * or `fs.move`.
   */
  readonly write?: readonly string[];
  /** Action types that change nothing: also while it executes them nothing can be written and there is no network. */
  readonly observing?: readonly string[];
  /** False: its temporary folder cannot be written. */
  readonly hasScratch?: boolean;
  /** Whether it may use the network, and only while it executes. Needs the capability `net`. */
  readonly network?: 'denied' | 'allowed';
  readonly acceptsUnrestrictedNetwork?: boolean;
  /** Whether it may start programs, and only while it executes. Needs the capability `process.run`. See `Confinement`. */
  readonly children?: 'denied' | 'allowed';
  readonly acceptsUnrestrictedChildren?: boolean;
  /**
   * Opens connections for it while it executes, as the intent allows: instead of a network of its own, so that it reaches what
   * was checked and nothing else.
   */
  readonly dial?: (request: unknown, intent: ActionIntent) => Promise<Dialled>;
  /** Connections that may be opened for one action; 1 unless told. */
  readonly connections?: number;
  /**
   * Handed over beside `config`, while it executes and at no other time. Stands in no argument, no environment and no record. Where this
   * throws or gives no plain JSON nothing is started: `SANDBOX_REQUEST_INVALID`.
   */
  readonly secrets?: JsonObject | ((intent: ActionIntent) => JsonObject);
  /**
   * Takes out of every text that it answers what must not be told, whatever it does itself about that. An answer that no record can hold
   * afterwards, or over which this throws, is `SANDBOX_ANSWER_MALFORMED`.
   */
  readonly redact?: (text: string) => string;
  /**
   * Processes that are started ahead for each kind of question (about targets, observing, acting), so that an answer does not wait for a
   * start; each is asked once. None unless told.
   */
  readonly prepared?: number;
  /** Limits while it validates a target or previews. */
  readonly targetLimits?: Partial<ConfinedLimits>;
  readonly executionLimits?: Partial<ConfinedLimits>;
}

/** A host that may have processes waiting. */
export interface SandboxedHost extends ExecutorHost {
  /** Ends what was started ahead, and starts nothing ahead any more. */
  close(): void;
}

/**
 * Hosts an executor in a confined process of its own for each question. What it was not granted it does not have, and it is
 * granted only what its manifest declares. A process that was started and gave no clear answer is `ambiguous`.
 * @throws SandboxError SANDBOX_CONFIG_INVALID with a pointer, and as `confine`
 */
export async function createSandboxedHost(options: SandboxedHostOptions): Promise<SandboxedHost> {
  const { code, config, network = 'denied', read = [], write = [], acceptsUnrestrictedNetwork = false } = options;
  const { hasScratch = true, targetLimits = {}, executionLimits = {}, dial, secrets, redact = asItIs } = options;
  const { children = 'denied', acceptsUnrestrictedChildren = false, prepared = 0 } = options;
  const connections = dial === undefined ? 0 : (options.connections ?? 1);
  const manifest = readManifest(options.manifest);
  assertDeclared(manifest, ['fs.read', 'process.run'], read.length > 0, '/read');
  assertDeclared(manifest, ['fs.write', 'fs.delete', 'fs.move'], write.length > 0, '/write');
  assertDeclared(manifest, ['net'], network === 'allowed', '/network');
  assertDeclared(manifest, ['process.run'], children === 'allowed', '/children');
  const observing = new Set(options.observing);
  for (const type of observing) {
    if (!manifest.action_types.includes(type)) throw invalid('the manifest declares no such action type', '/observing');
  }
  const shared = { code, mode: 'executor', acceptsUnrestrictedNetwork, hasScratch, prepared } as const;
  const readOnly = { ...shared, read: [...read, ...write], network: 'denied' } as const;
  const [looking, reading, acting] = await Promise.all([
    confine({ ...readOnly, limits: targetLimits }),
    confine({ ...readOnly, prepared: observing.size === 0 ? 0 : prepared, limits: executionLimits }),
    confine({
      ...{ ...shared, read, write, network, connections, children, acceptsUnrestrictedChildren },
      limits: executionLimits,
    }),
  ]);
  const declared = { ...manifest, code_digest: code.digest } as unknown as JsonObject;
  const identity = executorIdentitySchema.safeParse({
    ...{ name: manifest.name, version: manifest.version, digest: digestValue(EXECUTOR_DIGEST_DOMAIN, declared) },
  });
  if (!identity.success) throw invalid('name or version is not valid', '/manifest');
  const all = [looking, reading, acting];
  const close = (): void => {
    for (const confined of all) confined.close();
  };
  try {
    await assertSameManifest(manifest, await looking.run({ config, operation: 'manifest', intent: null }));
    for (const confined of all) confined.prepare();
  } catch (error) {
    close();
    throw error;
  }
  const actionTypes = new Set(manifest.action_types);
  const floors = new Map(Object.entries(manifest.action_class_floors ?? {}));
  return {
    identity: Object.freeze(identity.data),
    actionTypes: Object.freeze([...actionTypes]),
    isolation: 'child_process',
    hosting: observing.size === 0 ? acting.hosting : { ...acting.hosting, observing: [...observing].sort() },
    close,
    findClassFloor: (actionType) => floors.get(actionType) ?? null,
    checkTarget: async (intent) => {
      if (!actionTypes.has(intent.action_type)) {
        return refuse('unsupported', 'the executor declares no such action type', 'SANDBOX_ACTION_UNSUPPORTED');
      }
      const request = { config, operation: 'validate_target', intent: intent as unknown as JsonObject };
      return readCheck(carried(await looking.run(request), redact));
    },
    preview: async (intent) => {
      if (!actionTypes.has(intent.action_type)) return null;
      const request = { config, operation: 'preview', intent: intent as unknown as JsonObject };
      return readPreview(carried(await looking.run(request), redact));
    },
    run: async (intent, cancel) => {
      if (!actionTypes.has(intent.action_type)) return failed('SANDBOX_ACTION_UNSUPPORTED');
      const told = tellSecrets(secrets, intent);
      if (told === undefined) return failed('SANDBOX_REQUEST_INVALID');
      const request = { config, ...told, operation: 'execute', intent: intent as unknown as JsonObject };
      const confined = observing.has(intent.action_type) ? reading : acting;
      const call = dial === undefined ? undefined : (asked: unknown) => dial(asked, intent);
      return readOutcome(carried(await confined.run(request, cancel as AbortSignal | undefined, call), redact));
    },
  };
}

/** The part of a request that holds the secrets of an intent; undefined when the operator's function has none to give. */
function tellSecrets(
  secrets: SandboxedHostOptions['secrets'],
  intent: ActionIntent,
): { readonly secrets?: JsonObject } | undefined {
  if (typeof secrets !== 'function') return secrets === undefined ? {} : { secrets };
  try {
    const given = secrets(intent);
    ignoreRejection(given);
    return { secrets: given };
  } catch {
    // SECURITY: it throws whatever it likes, and nothing was started yet.
    return undefined;
  }
}

/** A copy: an operator's object that changes later changes nothing. */
function readManifest(given: ExecutorManifest): ExecutorManifest {
  let manifest: ExecutorManifest;
  try {
    manifest = parseJson(canonicalizeToBytes(given)) as unknown as ExecutorManifest;
  } catch (cause) {
    if (!(cause instanceof CanonicalError)) throw cause;
    throw invalid('a manifest is plain JSON', '/manifest');
  }
  for (const name of ['action_types', 'capabilities'] as const) {
    const list: unknown = manifest?.[name];
    const isOfTexts = Array.isArray(list) && list.every((one) => typeof one === 'string');
    if (!isOfTexts) throw invalid('a list of texts is missing', `/manifest/${name}`);
  }
  for (const [actionType, floor] of Object.entries(manifest.action_class_floors ?? {})) {
    if (!actionClassSchema.safeParse(floor).success) {
      throw invalid('a floor must be an action class', `/manifest/action_class_floors/${actionType}`);
    }
  }
  return manifest;
}

/** A capability is declared as `name` or as `name:what`; one of the names has to be. */
function assertDeclared(
  manifest: ExecutorManifest,
  names: readonly string[],
  isGranted: boolean,
  pointer: string,
): void {
  const isDeclared = manifest.capabilities.some((one) => names.includes(one.split(':', 1)[0] ?? ''));
  if (isGranted && !isDeclared) throw invalid(`the manifest does not declare ${names[0]}`, pointer);
}

async function assertSameManifest(manifest: ExecutorManifest, result: ConfinedResult): Promise<void> {
  if (result.outcome !== 'answered') throw invalid(`the executor does not say what it is: ${result.code}`, '/code');
  const own = jsonObjectSchema.safeParse(result.answer);
  const digest = (value: unknown) => digestValue(EXECUTOR_DIGEST_DOMAIN, value as JsonObject);
  if (!own.success || digest(own.data) !== digest(manifest)) {
    throw invalid('the manifest is not the one the executor declares', '/manifest');
  }
}

function invalid(message: string, pointer: string): SandboxError {
  return new SandboxError('SANDBOX_CONFIG_INVALID', message, { pointer });
}
