import { z } from 'zod';
import { ExoArmurError, quoteForMessage } from './errors.ts';

/** What every flag variable starts with. */
export const FLAG_PREFIX = 'EXOARMUR_FLAG_';

/** One feature flag, off unless it is switched on. */
export interface FlagDefinition {
  /** Variable by which it is set, to `true` or `false`. */
  readonly variable: `${typeof FLAG_PREFIX}${string}`;
  /** Name inside a set of flags, as it is recorded. */
  readonly name: FlagName;
  /** `enabling`: off is the safe side. `protective`: on is the safe side, and what it needs is never a reason to ignore it. */
  readonly nature: 'enabling' | 'protective';
  /** What happens when it is on. */
  readonly effect: string;
}

const switchedOff = z.boolean().default(false);

/** Every flag there is, with its value. */
export const flagSetSchema = z.strictObject({
  v2_federation_enabled: switchedOff,
  v2_control_plane_enabled: switchedOff,
  v2_operator_approval_required: switchedOff,
  governance_artifacts_enabled: switchedOff,
  governance_artifact_enforcement_enabled: switchedOff,
  policy_bundle_required: switchedOff,
  sandbox_required: switchedOff,
});
export type FlagSet = Readonly<z.infer<typeof flagSetSchema>>;

/** Name of a flag inside a set of flags. */
export type FlagName = keyof FlagSet;

/** The closed list of flags. */
export const FLAGS: readonly FlagDefinition[] = [
  {
    variable: 'EXOARMUR_FLAG_V2_FEDERATION_ENABLED',
    name: 'v2_federation_enabled',
    nature: 'enabling',
    effect: 'cells coordinate: handshakes, observations, arbitration and mutual witnessing',
  },
  {
    variable: 'EXOARMUR_FLAG_V2_CONTROL_PLANE_ENABLED',
    name: 'v2_control_plane_enabled',
    nature: 'enabling',
    effect: 'the governance control plane answers: approvals, switches and sessions',
  },
  {
    variable: 'EXOARMUR_FLAG_V2_OPERATOR_APPROVAL_REQUIRED',
    name: 'v2_operator_approval_required',
    nature: 'protective',
    effect: 'every action that changes something waits for a person',
  },
  {
    variable: 'EXOARMUR_FLAG_GOVERNANCE_ARTIFACTS_ENABLED',
    name: 'governance_artifacts_enabled',
    nature: 'enabling',
    effect: 'providers of governance artifacts are looked for',
  },
  {
    variable: 'EXOARMUR_FLAG_GOVERNANCE_ARTIFACT_ENFORCEMENT_ENABLED',
    name: 'governance_artifact_enforcement_enabled',
    nature: 'protective',
    effect: 'a bundle whose required governance artifacts do not verify fails',
  },
  {
    variable: 'EXOARMUR_FLAG_POLICY_BUNDLE_REQUIRED',
    name: 'policy_bundle_required',
    nature: 'protective',
    effect: 'a boundary starts only under a signed policy bundle',
  },
  {
    variable: 'EXOARMUR_FLAG_SANDBOX_REQUIRED',
    name: 'sandbox_required',
    nature: 'protective',
    effect: 'a boundary starts only with executors that are confined in a process of their own',
  },
];

/** Where the value of a flag comes from. */
export type FlagSource = 'default' | 'configuration' | 'environment';

/** Every flag with its value and where it comes from. */
export interface ResolvedFlags {
  readonly flags: FlagSet;
  readonly sources: Readonly<Record<FlagName, FlagSource>>;
}

/** What is said about flags, and by whom. */
export interface FlagStatements {
  readonly configuration?: { readonly [Name in FlagName]?: boolean | undefined };
  /** Variables of the process; those that are no flags are left alone. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/** Codes of what can be wrong with flags. */
export type FlagErrorCode = 'CONTRACTS_FLAG_UNKNOWN' | 'CONTRACTS_FLAG_VALUE_INVALID';

/** A flag that does not exist or is neither on nor off. Nothing may start with such flags. */
export class FlagError extends ExoArmurError<FlagErrorCode> {}

/**
 * Reads the flags out of variables handed in by the process edge; other variables are left alone. A flag is `true` or
 * `false`, spelled so; absent is off. @throws FlagError CONTRACTS_FLAG_UNKNOWN for any other name with the prefix in any
 * case, because a mistyped protective flag must not pass for one that is off, and CONTRACTS_FLAG_VALUE_INVALID.
 */
export function parseFlags(variables: Readonly<Record<string, string | undefined>>): FlagSet {
  return resolveFlags({ environment: variables }).flags;
}

/**
 * Settles every flag by itself, whatever the others are. Where the statements differ the safe side holds: a protective flag
 * is on when anybody says so, an enabling one is off when anybody says so. @throws FlagError as parseFlags
 */
export function resolveFlags({ configuration = {}, environment = {} }: FlagStatements): ResolvedFlags {
  const variables = readVariables(environment);
  const resolved = FLAGS.map(({ name, nature }) => {
    const safe = nature === 'protective';
    const stated = [
      { source: 'configuration', value: configuration[name] },
      { source: 'environment', value: variables.get(name) },
    ] as const;
    const settled = stated.find(({ value }) => value === safe) ?? stated.find(({ value }) => value !== undefined);
    return { name, value: settled?.value ?? false, source: settled?.source ?? 'default' };
  });
  const flags = flagSetSchema.parse(Object.fromEntries(resolved.map(({ name, value }) => [name, value])));
  const sources = Object.fromEntries(resolved.map(({ name, source }) => [name, source]));
  return Object.freeze({
    flags: Object.freeze(flags),
    sources: Object.freeze(sources as Record<FlagName, FlagSource>),
  });
}

function readVariables(variables: Readonly<Record<string, string | undefined>>): ReadonlyMap<FlagName, boolean> {
  const byVariable = new Map<string, FlagName>(FLAGS.map((flag) => [flag.variable, flag.name]));
  const values = new Map<FlagName, boolean>();
  for (const [variable, text] of Object.entries(variables)) {
    if (text === undefined || !variable.toUpperCase().startsWith(FLAG_PREFIX)) continue;
    const name = byVariable.get(variable);
    if (name === undefined) {
      throw new FlagError('CONTRACTS_FLAG_UNKNOWN', `no flag is named ${quoteForMessage(variable)}`);
    }
    if (text !== 'true' && text !== 'false') {
      throw new FlagError('CONTRACTS_FLAG_VALUE_INVALID', `${quoteForMessage(variable)} is neither true nor false`);
    }
    values.set(name, text === 'true');
  }
  return values;
}
