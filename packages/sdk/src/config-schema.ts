import {
  type AlertSink,
  actionClassSchema,
  budgetsSchema,
  type Clock,
  digestSchema,
  downgradeOverrideSchema,
  type Executor,
  type ExecutorHost,
  flagSetSchema,
  formatPointer,
  type OperatorRegistry,
  type PolicySet,
  type RandomSource,
  type SwitchStore,
  scopeNameSchema,
} from '@exoarmur/contracts';
import type { HostableExecutor } from '@exoarmur/executors';
import { MAX_SWITCH_SIGNATURES } from '@exoarmur/policy';
import { type ConfinedLimits, MAX_PREPARED } from '@exoarmur/sandbox';
import { z } from 'zod';
import type { BoundaryConfig, MeasuredEnvironment } from './config.ts';
import { SdkError } from './errors.ts';

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

/** Without the defaults of the whole set: a flag that is not stated here is not one of the configuration. */
const statedFlagsSchema = z.strictObject(
  Object.fromEntries(Object.keys(flagSetSchema.shape).map((name) => [name, z.boolean().optional()])),
);

const operatorSchema = z.strictObject({
  operatorId: z.string().max(128),
  vkey: z.string().max(512),
  roles: z.array(z.string()),
  clearance: actionClassSchema.optional(),
  actorIds: z.array(z.string()).optional(),
  isRevoked: z.boolean(),
});

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
              .refine(
                ({ actionTypes }) => z.array(z.string()).safeParse(actionTypes).success,
                'expected a host that names its action types',
              )
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
    .union([z.array(operatorSchema).max(10_000), withMethods<OperatorRegistry>('an operator registry', 'findByKeyId')])
    .optional(),
  alerts: withMethods<AlertSink>('an alert sink', 'raise').optional(),
  budgets: budgetsSchema.optional(),
  limits: z
    .strictObject({
      factTimeoutMs: timeoutSchema,
      decisionTimeoutMs: timeoutSchema,
      previewTimeoutMs: timeoutSchema,
      storeTimeoutMs: timeoutSchema,
      logTimeoutMs: timeoutSchema,
      hostTimeoutMs: z.int().min(1).max(172_800_000),
      grantTtlSeconds: z.int().min(1).max(86_400),
      approvalTtlSeconds: z.int().min(1).max(2_592_000),
    })
    .partial()
    .optional(),
  flags: statedFlagsSchema.optional(),
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
 * Reads a configuration, once, and checks the shape of all of it: an unknown member is as wrong as a missing one, because it may
 * be a protection misspelt. @throws SdkError SDK_CONFIG_INVALID with the place of the first fault
 */
export function readConfig(input: unknown): BoundaryConfig {
  let fault: readonly [string, readonly string[]];
  try {
    const parsed = configSchema.safeParse(input);
    if (parsed.success) return parsed.data as BoundaryConfig;
    fault = deepest(parsed.error.issues, []);
  } catch (cause) {
    // A getter or a trap of the configuration may throw anything.
    throw new SdkError('SDK_CONFIG_INVALID', 'the configuration cannot be read', { pointer: '', cause });
  }
  const [message, path] = fault;
  const pointer = formatPointer(path);
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
