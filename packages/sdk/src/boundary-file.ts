import { dirname, resolve } from 'node:path';
import { parseJson } from '@exoarmur/canonical';
import {
  budgetsSchema,
  digestSchema,
  flagSetSchema,
  identifierSchema,
  isExoArmurError,
  keyedSchema,
  milliSchema,
  pointToMember,
  type SwitchStore,
  scopeNameSchema,
  threatSignalSchema,
} from '@exoarmur/contracts';
import { createFilesystemExecutor, describeFilesystemExecutor } from '@exoarmur/executors';
import { MAX_SWITCH_SIGNATURES } from '@exoarmur/policy';
import { MAX_PREPARED } from '@exoarmur/sandbox';
import { z } from 'zod';
import type { BoundaryConfig, MeasuredEnvironment, StoreConfig } from './config.ts';
import { SdkError } from './errors.ts';
import { createMachineEnvironment } from './machine-environment.ts';
import { readBounded } from './read-file.ts';

const MAX_BYTES = 1_048_576;

const pathSchema = z.string().min(1).max(4096);
const measurable = z.union([milliSchema, z.literal('measured')]);
const thresholdSchema = z.int().min(1).max(86_400_000);
const shareSchema = z.int().min(1).max(1000);
const switchSchema = z.enum(['clear', 'engaged']);

/** A boundary as a file describes it: everything but code. Relative paths start at the folder of the file. */
export const boundaryFileSchema = z.strictObject({
  schema: z.literal('exoarmur.boundary-file/1'),
  tenant: scopeNameSchema,
  cell: scopeNameSchema,
  key_file: pathSchema,
  store: z.strictObject({ path: pathSchema, heads: pathSchema.optional() }),
  policy: z.union([
    z.strictObject({ file: pathSchema, digest: digestSchema.optional() }),
    /** Signed bundles: whose count, and one to put in force at the start; without it that which is in force governs. */
    z.strictObject({
      keyring: z.array(z.string().max(512)).min(1).max(64),
      threshold: z.int().min(1).max(64).optional(),
      bundle_file: pathSchema.optional(),
      /** How long a running boundary may miss one that was put in force. */
      max_age_ms: z.int().min(0).max(60_000).optional(),
    }),
  ]),
  executors: z
    .array(
      z.strictObject({
        kind: z.literal('filesystem'),
        /** In this process, or in one of its own with its roots alone. */
        hosting: z.enum(['in_process_trusted', 'sandboxed']),
        /** Lets it start where nothing closes the network to a process; the records say so. */
        accepts_unrestricted_network: z.boolean().optional(),
        /** Processes that wait for a question of each kind when it is sandboxed. */
        prepared: z.int().min(0).max(MAX_PREPARED).optional(),
        roots: z
          .array(
            z.strictObject({
              logical: pathSchema,
              real: pathSchema,
              operations: z.array(z.enum(['read', 'write', 'delete', 'move'])).min(1),
            }),
          )
          .min(1)
          .max(64),
      }),
    )
    .max(16),
  facts: z.strictObject({
    /** What the operator states about kill switches, until the file is changed. */
    switches: z.strictObject({ global: switchSchema, tenant: switchSchema }),
    /** Trust by actor, where one that is not named has none and is denied; or `earned` by how an actor's actions ended. */
    trust_milli: z.union([z.literal('earned'), keyedSchema(identifierSchema, milliSchema)]),
    /** Whether decisions read what has happened before. */
    history: z.boolean().optional(),
    /** What the operator states of the threat that the cell answers to, until the file is changed. */
    threat: threatSignalSchema.optional(),
    environment: z.union([
      z.strictObject({
        degraded: z.boolean(),
        cell_load_milli: measurable,
        network_health_milli: milliSchema,
        resource_availability_milli: measurable,
      }),
      /** All of it by a probe of this machine, but what a process cannot see. */
      z.strictObject({
        measured: z.literal('machine'),
        network_health_milli: milliSchema,
        thresholds: z
          .strictObject({
            event_loop_lag_ms: thresholdSchema,
            store_latency_ms: thresholdSchema,
            clock_step_ms: thresholdSchema,
            memory_free_milli: shareSchema,
            disk_free_milli: shareSchema,
            full_lag_ms: thresholdSchema,
          })
          .partial()
          .optional(),
      }),
    ]),
  }),
  /** How many operators it takes to clear a switch; 1 unless told. */
  switch_clear_threshold: z.int().min(1).max(MAX_SWITCH_SIGNATURES).optional(),
  /** How much may be done. */
  budgets: budgetsSchema.optional(),
  limits: z
    .strictObject({
      approval_ttl_seconds: z.int().min(1).max(2_592_000).optional(),
      grant_ttl_seconds: z.int().min(1).max(86_400).optional(),
    })
    .optional(),
  flags: flagSetSchema.partial().optional(),
});
export type BoundaryFile = z.infer<typeof boundaryFileSchema>;

/**
 * Reads the description of a boundary. @throws SdkError SDK_FILE_UNREADABLE, SDK_CONFIG_INVALID with the place in the file
 */
export function readBoundaryFile(path: string): BoundaryFile {
  const { bytes } = readBounded(path, MAX_BYTES, '');
  let value: unknown;
  try {
    value = parseJson(bytes, { maxBytes: MAX_BYTES });
  } catch (cause) {
    if (!isExoArmurError(cause)) throw cause;
    const details = { pointer: cause.pointer ?? '', cause };
    throw new SdkError('SDK_CONFIG_INVALID', `the boundary file is no strict json: ${cause.message}`, details);
  }
  const parsed = boundaryFileSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const message = issue?.message.split('\n', 1)[0]?.slice(0, 120) ?? 'another shape';
  throw new SdkError('SDK_CONFIG_INVALID', `the boundary file is wrong: ${message}`, {
    pointer: pointToMember(parsed.error),
  });
}

/** Where the store of a described boundary is, for those who look into it without its key. */
export function storeOf(file: BoundaryFile, path: string): StoreConfig {
  const at = (name: string) => resolve(dirname(path), name);
  const { store } = file;
  return { path: at(store.path), ...(store.heads === undefined ? {} : { heads: at(store.heads) }) };
}

/** The configuration that a file describes. @throws ExecutorError for roots that the executor refuses */
export function configOf(file: BoundaryFile, path: string): BoundaryConfig {
  const at = (name: string) => resolve(dirname(path), name);
  const { tenant, cell, key_file, policy, executors, facts, budgets, limits, flags, switch_clear_threshold } = file;
  const { trust_milli, threat } = facts;
  const trusted = new Map(trust_milli === 'earned' ? [] : Object.entries(trust_milli));
  return {
    tenant,
    cell,
    key: { file: at(key_file) },
    store: storeOf(file, path),
    policy: policyOf(policy, at),
    executors: executors.map((entry) => executorOf(entry, at)),
    facts: {
      switches: statedSwitches(facts.switches),
      trust: trust_milli === 'earned' ? 'earned' : ({ actor_id }) => trusted.get(actor_id) ?? null,
      ...(facts.history === undefined ? {} : { history: facts.history }),
      ...(threat === undefined ? {} : { threat: () => threat }),
      environment: environmentOf(facts.environment),
    },
    ...(switch_clear_threshold === undefined ? {} : { switchClearThreshold: switch_clear_threshold }),
    limits: {
      ...(limits?.approval_ttl_seconds === undefined ? {} : { approvalTtlSeconds: limits.approval_ttl_seconds }),
      ...(limits?.grant_ttl_seconds === undefined ? {} : { grantTtlSeconds: limits.grant_ttl_seconds }),
    },
    ...(budgets === undefined ? {} : { budgets }),
    ...(flags === undefined ? {} : { flags }),
  };
}

function executorOf(
  { hosting, roots, accepts_unrestricted_network, prepared }: BoundaryFile['executors'][number],
  at: (name: string) => string,
): NonNullable<BoundaryConfig['executors']>[number] {
  const options = { roots: roots.map((root) => ({ ...root, real: at(root.real) })) };
  if (hosting === 'in_process_trusted') return { hosting, executor: createFilesystemExecutor(options) };
  const acceptsUnrestrictedNetwork = accepts_unrestricted_network === true;
  return {
    hosting,
    executor: describeFilesystemExecutor(options),
    acceptsUnrestrictedNetwork,
    ...(prepared === undefined ? {} : { prepared }),
  };
}

function policyOf(policy: BoundaryFile['policy'], at: (name: string) => string): BoundaryConfig['policy'] {
  if ('file' in policy) {
    return { file: at(policy.file), ...(policy.digest === undefined ? {} : { digest: policy.digest }) };
  }
  const { keyring, threshold, bundle_file, max_age_ms } = policy;
  return {
    keyring,
    ...(threshold === undefined ? {} : { threshold }),
    ...(bundle_file === undefined ? {} : { bundle: { file: at(bundle_file) } }),
    ...(max_age_ms === undefined ? {} : { maxAgeMs: max_age_ms }),
  };
}

/** Actors and classes have no switch of their own in a file; the whole cell and the tenant have. */
function statedSwitches({ global, tenant }: BoundaryFile['facts']['switches']): SwitchStore {
  return { read: async () => ({ global, tenant, actor: 'clear', action_class: 'clear' }) };
}

function environmentOf(stated: BoundaryFile['facts']['environment']): BoundaryConfig['facts']['environment'] {
  if ('measured' in stated) {
    const { measured, network_health_milli, thresholds } = stated;
    return {
      measured,
      networkHealthMilli: () => network_health_milli,
      ...(thresholds === undefined ? {} : { thresholds: thresholdsOf(thresholds) }),
    };
  }
  const measure = createMachineEnvironment({
    degraded: () => stated.degraded,
    networkHealthMilli: () => stated.network_health_milli,
  });
  return () => {
    const { cell_load_milli: load, resource_availability_milli: resources } = stated;
    const measured = measure();
    return {
      ...measured,
      ...(load === 'measured' ? {} : { cell_load_milli: load }),
      ...(resources === 'measured' ? {} : { resource_availability_milli: resources }),
    };
  };
}

type StatedThresholds = NonNullable<Extract<BoundaryFile['facts']['environment'], { measured: unknown }>['thresholds']>;

function thresholdsOf(stated: StatedThresholds): NonNullable<MeasuredEnvironment['thresholds']> {
  const names = {
    eventLoopLagMs: stated.event_loop_lag_ms,
    storeLatencyMs: stated.store_latency_ms,
    clockStepMs: stated.clock_step_ms,
    memoryFreeMilli: stated.memory_free_milli,
    diskFreeMilli: stated.disk_free_milli,
    fullLagMs: stated.full_lag_ms,
  };
  return Object.fromEntries(Object.entries(names).filter(([, value]) => value !== undefined));
}
