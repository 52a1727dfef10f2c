import { expect, test } from 'vitest';
import { isExoArmurError } from './errors.ts';
import { FLAGS, FlagError, type FlagName, parseFlags, resolveFlags } from './flags.ts';

const ALL_OFF = {
  v2_federation_enabled: false,
  v2_control_plane_enabled: false,
  v2_operator_approval_required: false,
  governance_artifacts_enabled: false,
  governance_artifact_enforcement_enabled: false,
  policy_bundle_required: false,
  sandbox_required: false,
};

function codeOf(variables: Readonly<Record<string, string>>): string | undefined {
  try {
    parseFlags(variables);
  } catch (error) {
    if (isExoArmurError(error) && error instanceof FlagError) return error.code;
    throw error;
  }
  return undefined;
}

test('there are the five flags of the ancestor by their names, and two of our own', () => {
  expect(FLAGS.map((flag) => flag.variable)).toEqual([
    'EXOARMUR_FLAG_V2_FEDERATION_ENABLED',
    'EXOARMUR_FLAG_V2_CONTROL_PLANE_ENABLED',
    'EXOARMUR_FLAG_V2_OPERATOR_APPROVAL_REQUIRED',
    'EXOARMUR_FLAG_GOVERNANCE_ARTIFACTS_ENABLED',
    'EXOARMUR_FLAG_GOVERNANCE_ARTIFACT_ENFORCEMENT_ENABLED',
    'EXOARMUR_FLAG_POLICY_BUNDLE_REQUIRED',
    'EXOARMUR_FLAG_SANDBOX_REQUIRED',
  ]);
  expect(FLAGS.map((flag) => flag.name)).toEqual(Object.keys(ALL_OFF));
  for (const flag of FLAGS) expect(flag.variable).toBe(`EXOARMUR_FLAG_${flag.name.toUpperCase()}`);
});

test('what requires or enforces protects, the others enable', () => {
  expect(FLAGS.filter((flag) => flag.nature === 'protective').map((flag) => flag.name)).toEqual([
    'v2_operator_approval_required',
    'governance_artifact_enforcement_enabled',
    'policy_bundle_required',
    'sandbox_required',
  ]);
});

test.each(FLAGS)('of two statements about $name the safe one holds', ({ name, nature, variable }) => {
  const settle = (configuration: boolean | undefined, environment: string | undefined) => {
    const { flags, sources } = resolveFlags({
      configuration: { [name]: configuration },
      environment: { [variable]: environment },
    });
    return `${flags[name]} ${sources[name]}`;
  };
  const isProtective = nature === 'protective';
  expect(settle(undefined, undefined)).toBe('false default');
  for (const value of [true, false]) {
    expect(settle(value, undefined)).toBe(`${value} configuration`);
    expect(settle(undefined, String(value))).toBe(`${value} environment`);
    expect(settle(value, String(value))).toBe(`${value} configuration`);
  }
  expect(settle(true, 'false')).toBe(isProtective ? 'true configuration' : 'false environment');
  expect(settle(false, 'true')).toBe(isProtective ? 'true environment' : 'false configuration');
});

test('no flag depends on another: each is settled alike, whatever the others are', () => {
  const names = FLAGS.map(({ name }) => name);
  for (let bits = 0; bits < 2 ** names.length; bits++) {
    const configuration = Object.fromEntries(names.map((name, index) => [name, (bits & (1 << index)) !== 0]));
    expect(resolveFlags({ configuration: configuration as Record<FlagName, boolean> }).flags).toEqual(configuration);
  }
});

test('every flag is off unless it is set', () => {
  expect(parseFlags({})).toEqual(ALL_OFF);
  expect(parseFlags({ PATH: '/bin', EXOARMUR_PHASE: '2', EXOARMUR_FLAG_V2_FEDERATION_ENABLED: undefined })).toEqual(
    ALL_OFF,
  );
});

test.each(FLAGS)('$variable switches its own flag and no other', ({ variable, name }) => {
  expect(parseFlags({ [variable]: 'true' })).toEqual({ ...ALL_OFF, [name]: true });
  expect(parseFlags({ [variable]: 'false' })).toEqual(ALL_OFF);
});

test.each(['', 'True', 'TRUE', 'true ', ' true', 'true\n', '1', 'yes', 'on', 'False', '0', 'null'])(
  'refuses the value %j',
  (value) => {
    expect(codeOf({ EXOARMUR_FLAG_V2_OPERATOR_APPROVAL_REQUIRED: value })).toBe('CONTRACTS_FLAG_VALUE_INVALID');
  },
);

test.each([
  'EXOARMUR_FLAG_',
  'EXOARMUR_FLAG_V2_OPERATOR_APPROVAL_REQUIERD',
  'EXOARMUR_FLAG_V2_OPERATOR_APPROVAL_REQUIRED ',
  'EXOARMUR_FLAG_v2_operator_approval_required',
  'exoarmur_flag_v2_operator_approval_required',
  'EXOARMUR_FLAG_V2_THREAT_CLASSIFICATION_ENABLED',
  'EXOARMUR_FLAG_CONSTRUCTOR',
])('refuses the name %j, whatever its value', (variable) => {
  expect(codeOf({ [variable]: 'true' })).toBe('CONTRACTS_FLAG_UNKNOWN');
  expect(codeOf({ [variable]: 'false' })).toBe('CONTRACTS_FLAG_UNKNOWN');
});

test('a message quotes the name in one short line and never the value', () => {
  const variable = `EXOARMUR_FLAG_${'X'.repeat(200)}\n\u001b[31m`;
  expect(() => parseFlags({ [variable]: 'hunter2' })).toThrow(/^no flag is named `EXOARMUR_FLAG_X{46}…`$/);
  expect(() => parseFlags({ EXOARMUR_FLAG_V2_FEDERATION_ENABLED: 'hunter2' })).toThrow(
    /^`EXOARMUR_FLAG_V2_FEDERATION_ENABLED` is neither true nor false$/,
  );
});

test('a set of flags cannot be changed afterwards', () => {
  expect(Object.isFrozen(parseFlags({}))).toBe(true);
  expect(Object.isFrozen(resolveFlags({}).sources)).toBe(true);
});
