import type { BoundaryLimits, EnvironmentThresholds } from '@exoarmur/boundary-v2';
import {
  type ActionIntent,
  type AlertSink,
  type Budget,
  budgetsSchema,
  type Clock,
  type DowngradeOverride,
  digestSchema,
  downgradeOverrideSchema,
  type Executor,
  type ExecutorHost,
  type Facts,
  type FlagName,
  flagSetSchema,
  type Operator,
  type OperatorRegistry,
  type PolicySet,
  type RandomSource,
  type SwitchStore,
  scopeNameSchema,
  type ThreatSignal,
} from '@exoarmur/contracts';
import type { HostableExecutor } from '@exoarmur/executors';
import { MAX_SWITCH_SIGNATURES } from '@exoarmur/policy';
import { type ConfinedLimits, MAX_PREPARED } from '@exoarmur/sandbox';
import { z } from 'zod';
import { SdkError } from './errors.ts';

/** Code that the operator vouches for, run inside this process; the records say `in_process_trusted`. */
export interface TrustedExecutor {
  readonly hosting: 'in_process_trusted';
  readonly executor: Executor;
  /** Time for the check of a target; 5,000 ms unless told. */
  readonly targetTimeoutMs?: number;
  /** Time for the effect; 60,000 ms unless told. */
  readonly executionTimeoutMs?: number;
}

/** An executor in a process of its own, by whoever confines it. */
export interface SandboxedExecutor {
  readonly hosting: 'sandboxed';
  /** A host whose isolation is `child_process`. */
  readonly host: ExecutorHost;
}

/** An executor that this boundary puts into a process of its own, with what its description grants it and nothing else. */
export interface ConfinedExecutor {
  readonly hosting: 'sandboxed';
  /** As `describeFilesystemExecutor` of `@exoarmur/executors` makes it. */
  readonly executor: HostableExecutor;
  /** Starts also where nothing closes the network; the records then say `network_unrestricted`. */
  readonly acceptsUnrestrictedNetwork?: boolean;
  /** Starts also where the programs that it starts cannot be kept among themselves; the records then say `children_unrestricted`. */
  readonly acceptsUnrestrictedChildren?: boolean;
  /** Processes that wait for a question of each kind, each for one; none unless told. */
  readonly prepared?: number;
  readonly targetLimits?: Partial<ConfinedLimits>;
  readonly executionLimits?: Partial<ConfinedLimits>;
}

/** Where records, grants and everything else is kept. */
export interface StoreConfig {
  /** Database file; what belongs to it is kept beside it under the same name. */
  readonly path: string;
  /** Folder of the head files; `<path>.heads` unless told. Keep it on another disk to notice a restored database. */
  readonly heads?: string;
  readonly busyTimeoutMs?: number;
}

/**
 * The environment as a probe of this machine measures it: event loop, memory, disk and answers of the store, steps of the clock.
 * Thresholds are those of `spec/facts.md` unless told.
 */
export interface MeasuredEnvironment {
  readonly measured: 'machine';
  /** A process cannot see how well its network does; in thousandths. */
  readonly networkHealthMilli: () => Promise<number | null> | number | null;
  readonly thresholds?: Partial<EnvironmentThresholds>;
}

/** Policies that come as signed bundles. The one put in force last governs, also after a restart. */
export interface BundlePolicy {
  /** Verifier keys whose signatures count for this tenant. */
  readonly keyring: readonly string[];
  /** How many distinct ones of them have to sign; 1 unless told. */
  readonly threshold?: number;
  /** A bundle to put in force at the start, as a file or as its envelope; none for whatever is in force already. */
  readonly bundle?: { readonly file: string } | { readonly envelope: unknown };
  /** Lets exactly the bundle it names be older than the one in force, on record. */
  readonly override?: DowngradeOverride;
  /**
   * How old an answer of the store about which bundle is in force may be, in milliseconds: so long a decision can miss one that
   * was put in force. 1,000 unless told; 0 asks before each decision.
   */
  readonly maxAgeMs?: number;
}

/** Everything a boundary is made of. Parts that decide who may do what have no default. */
export interface BoundaryConfig {
  readonly tenant: string;
  readonly cell: string;
  /** Key file of `exoarmur keys generate`, or the key itself. Its name is the origin of the log, `<domain>/<tenant>`. */
  readonly key: { readonly file: string } | { readonly name: string; readonly seed: Uint8Array };
  /** A SQLite file, or `memory`, which forgets everything with the process. */
  readonly store: StoreConfig | 'memory';
  /** A set from code; one from a file, which counts as verified only with a digest; or signed bundles. */
  readonly policy: { readonly set: PolicySet } | { readonly file: string; readonly digest?: string } | BundlePolicy;
  readonly executors?: readonly (TrustedExecutor | SandboxedExecutor | ConfinedExecutor)[];
  readonly facts: {
    /** What else can stop an action, besides the switches that signed commands set; the stricter answer counts. */
    readonly switches?: SwitchStore;
    /**
     * Trust in the actor in thousandths, null for one that nobody knows, which denies; or `earned` by how its actions
     * ended, as the store of the boundary has counted them.
     */
    readonly trust: ((intent: ActionIntent) => Promise<number | null> | number | null) | 'earned';
    readonly environment: (() => Promise<Facts['environment']> | Facts['environment']) | MeasuredEnvironment;
    /** Whether decisions read what has happened before; then a schema may declare `history`. False unless told. */
    readonly history?: boolean;
    /** What is known of the threat that an action answers to, which is classified; then a schema may declare `threat`. */
    readonly threat?: (intent: ActionIntent) => Promise<ThreatSignal> | ThreatSignal;
  };
  /** How many operators it takes to clear a switch; 1 unless told. One is enough to engage it. */
  readonly switchClearThreshold?: number;
  /** Who may approve; those in the database unless told. */
  readonly operators?: OperatorRegistry | readonly Operator[];
  /** Whom to call when nobody knows what happened; without it doubt is on record only. */
  readonly alerts?: AlertSink;
  /** How much may be done; counted in the store, so in all processes that share it. Without any nothing is counted. */
  readonly budgets?: readonly Budget[];
  readonly limits?: Partial<BoundaryLimits>;
  readonly flags?: { readonly [Name in FlagName]?: boolean | undefined };
  /** Where flags are read from besides; the variables of this process unless told. They can only make it stricter. */
  readonly variables?: Readonly<Record<string, string | undefined>>;
  /** The machine's unless told. */
  readonly clock?: Clock;
  /** The machine's unless told. */
  readonly random?: RandomSource;
}

const withMethods = <Port>(what: string, ...methods: readonly string[]) =>
  z.custom<Port>(
    (value) =>
      typeof value === 'object' &&
      value !== null &&
      methods.every((method) => typeof (value as Record<string, unknown>)[method] === 'function'),
    `expected ${what}`,
  );
const callable = <Call>() => z.custom<Call>((value) => typeof value === 'function', 'expected a function');
const pathSchema = z
  .string()
  .min(1)
  .max(4096)
  .regex(/^[^\0]*$/);
const timeoutSchema = z.int().min(1).max(86_400_000);
const shareSchema = z.int().min(1).max(1000);

const configSchema = z.strictObject({
  tenant: scopeNameSchema,
  cell: scopeNameSchema,
  key: z.union([
    z.strictObject({ file: pathSchema }),
    z.strictObject({
      name: z.string().min(1).max(256),
      seed: z.custom<Uint8Array>((value) => value instanceof Uint8Array && value.length === 32, 'expected 32 bytes'),
    }),
  ]),
  store: z.union([
    z.literal('memory'),
    z.strictObject({
      path: pathSchema.refine((path) => path !== ':memory:', 'a path, or the word memory for the whole store'),
      heads: pathSchema.optional(),
      busyTimeoutMs: timeoutSchema.optional(),
    }),
  ]),
  policy: z.union([
    // The policy plane checks the set itself, and says what is wrong in its own words.
    z.strictObject({ set: z.custom<PolicySet>((value) => typeof value === 'object' && value !== null) }),
    z.strictObject({ file: pathSchema, digest: digestSchema.optional() }),
    z.strictObject({
      keyring: z.array(z.string().max(512)).min(1).max(64),
      threshold: z.int().min(1).max(64).optional(),
      bundle: z.union([z.strictObject({ file: pathSchema }), z.strictObject({ envelope: z.unknown() })]).optional(),
      override: downgradeOverrideSchema.optional(),
      maxAgeMs: z.int().min(0).max(60_000).optional(),
    }),
  ]),
  executors: z
    .array(
      z.discriminatedUnion('hosting', [
        z.strictObject({
          hosting: z.literal('in_process_trusted'),
          executor: withMethods<Executor>('an executor', 'validateTarget', 'execute'),
          targetTimeoutMs: timeoutSchema.optional(),
          executionTimeoutMs: timeoutSchema.optional(),
        }),
        z
          .strictObject({
            hosting: z.literal('sandboxed'),
            host: withMethods<ExecutorHost>('an executor host', 'checkTarget', 'run')
              .refine((host) => host.isolation === 'child_process', 'expected a host that isolates by child_process')
              .optional(),
            executor: z
              .custom<HostableExecutor>(
                (value) => typeof value === 'object' && value !== null && 'code' in value && 'manifest' in value,
                'expected the description of an executor that can be hosted',
              )
              .optional(),
            acceptsUnrestrictedNetwork: z.boolean().optional(),
            acceptsUnrestrictedChildren: z.boolean().optional(),
            prepared: z.int().min(0).max(MAX_PREPARED).optional(),
            // The sandbox checks them itself, and says what is wrong in its own words.
            targetLimits: z.custom<Partial<ConfinedLimits>>((value) => typeof value === 'object').optional(),
            executionLimits: z.custom<Partial<ConfinedLimits>>((value) => typeof value === 'object').optional(),
          })
          .refine(
            ({ host, executor, ...more }) =>
              (host === undefined) !== (executor === undefined) &&
              (executor !== undefined || Object.keys(more).length === 1),
            'expected either a host, or an executor and its limits',
          ),
      ]),
    )
    .max(64)
    .optional(),
  facts: z.strictObject({
    switches: withMethods<SwitchStore>('a switch store', 'read').optional(),
    trust: z.union([z.literal('earned'), callable<Exclude<BoundaryConfig['facts']['trust'], 'earned'>>()]),
    environment: z.union([
      callable<Exclude<BoundaryConfig['facts']['environment'], MeasuredEnvironment>>(),
      z.strictObject({
        measured: z.literal('machine'),
        networkHealthMilli: callable<MeasuredEnvironment['networkHealthMilli']>(),
        thresholds: z
          .strictObject({
            eventLoopLagMs: timeoutSchema,
            storeLatencyMs: timeoutSchema,
            clockStepMs: timeoutSchema,
            memoryFreeMilli: shareSchema,
            diskFreeMilli: shareSchema,
            fullLagMs: timeoutSchema,
          })
          .partial()
          .optional(),
      }),
    ]),
    history: z.boolean().optional(),
    threat: callable<NonNullable<BoundaryConfig['facts']['threat']>>().optional(),
  }),
  switchClearThreshold: z.int().min(1).max(MAX_SWITCH_SIGNATURES).optional(),
  operators: z
    .union([
      z.array(z.custom<Operator>((value) => typeof value === 'object' && value !== null)).max(10_000),
      withMethods<OperatorRegistry>('an operator registry', 'findByKeyId'),
    ])
    .optional(),
  alerts: withMethods<AlertSink>('an alert sink', 'raise').optional(),
  budgets: budgetsSchema.optional(),
  limits: z
    .strictObject({
      factTimeoutMs: timeoutSchema,
      decisionTimeoutMs: timeoutSchema,
      previewTimeoutMs: timeoutSchema,
      storeTimeoutMs: timeoutSchema,
      grantTtlSeconds: z.int().min(1).max(86_400),
      approvalTtlSeconds: z.int().min(1).max(2_592_000),
    })
    .partial()
    .optional(),
  flags: flagSetSchema.partial().optional(),
  // `process.env` is no plain object.
  variables: z
    .custom<NonNullable<BoundaryConfig['variables']>>(
      (value) =>
        typeof value === 'object' &&
        value !== null &&
        Object.values(value).every((text) => text === undefined || typeof text === 'string'),
      'expected variables',
    )
    .optional(),
  clock: withMethods<Clock>('a clock', 'now').optional(),
  random: withMethods<RandomSource>('a random source', 'bytes').optional(),
});

/**
 * Checks the shape of a configuration, all of it: an unknown member is as wrong as a missing one, because it may be a
 * protection misspelt. @throws SdkError SDK_CONFIG_INVALID with the place of the first fault
 */
export function assertConfig(input: unknown): asserts input is BoundaryConfig {
  const parsed = configSchema.safeParse(input);
  if (parsed.success) return;
  const [message, path] = deepest(parsed.error.issues, []);
  const pointer = path.map((part) => `/${part.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
  throw new SdkError('SDK_CONFIG_INVALID', `the configuration is wrong: ${message}`, { pointer });
}

/** The first issue; inside of a union that of the one branch that is least wrong, which is the one that was meant. */
function deepest(issues: readonly z.core.$ZodIssue[], above: readonly string[]): readonly [string, readonly string[]] {
  const [issue] = issues;
  if (issue === undefined) return ['another shape', above];
  const path = [...above, ...issue.path.map(String)];
  if (issue.code === 'invalid_union') {
    const least = Math.min(...issue.errors.map((branch) => branch.length));
    const branches = issue.errors.filter((branch) => branch.length === least).map((branch) => deepest(branch, path));
    const [best, second] = branches.sort((a, b) => b[1].length - a[1].length);
    if (best !== undefined && best[1].length > (second?.[1].length ?? 0)) return best;
  }
  if (issue.code === 'unrecognized_keys') return ['an unknown member', [...path, issue.keys[0] ?? '']];
  return [issue.message.split('\n', 1)[0]?.slice(0, 120) ?? '', path];
}
