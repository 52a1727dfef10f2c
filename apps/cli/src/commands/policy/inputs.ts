import { resolve } from 'node:path';
import { decodeUtf8, parseJson, parseVerifierKey, type VerifierKey } from '@exoarmur/canonical';
import type { PolicySet } from '@exoarmur/contracts';
import {
  MAX_POLICY_BUNDLE_BYTES,
  POLICY_CASE_LIMITS,
  POLICY_SET_LIMITS,
  type PolicyCase,
  parsePolicyCases,
  parsePolicySource,
  type SignerSet,
} from '@exoarmur/policy';
import type { Command } from 'commander';
import { countBetween } from '../../count.ts';
import { readInputFile } from '../../files.ts';

/** Largest file of a signed policy bundle, in bytes: the payload in base64 and its signatures. */
const MAX_BUNDLE_FILE_BYTES = Math.ceil(MAX_POLICY_BUNDLE_BYTES / 3) * 4 + 65_536;

const MAX_KEYS_BYTES = 65_536;

/**
 * Reads a policy set, or simple rules as one. @throws CliError CLI_INPUT_UNREADABLE, CLI_INPUT_TOO_LARGE; PolicyError
 * POLICY_SET_MALFORMED, POLICY_RULE_MALFORMED
 */
export function readPolicySet(cwd: string, file: string): PolicySet {
  return parsePolicySource(readInputFile(resolve(cwd, file), POLICY_SET_LIMITS.maxBytes).bytes);
}

/** Reads a signed bundle, of which nothing is known yet. @throws as {@link readPolicySet}; CanonicalError for no strict JSON */
export function readEnvelope(cwd: string, file: string): unknown {
  const { bytes } = readInputFile(resolve(cwd, file), MAX_BUNDLE_FILE_BYTES);
  return parseJson(bytes, { maxBytes: MAX_BUNDLE_FILE_BYTES });
}

/** Whose bundles count. */
export interface KeyringOptions {
  readonly signer: readonly string[];
  readonly threshold: number;
}

/** Adds `--signer` and `--threshold`. */
export function addKeyringOptions(command: Command): Command {
  return command
    .requiredOption('--signer <file>', 'verifier keys whose signatures count, one a line; repeat it for more', collect)
    .option('--threshold <n>', 'how many distinct keys have to sign', countBetween(1, 64), 1);
}

/** Reads the keys that count for one tenant. @throws as {@link readPolicySet}; CanonicalError CANONICAL_KEY_MALFORMED */
export function readKeyring(cwd: string, tenant: string, options: KeyringOptions): ReadonlyMap<string, SignerSet> {
  const keys = options.signer.flatMap((file): readonly VerifierKey[] => {
    const text = decodeUtf8(readInputFile(resolve(cwd, file), MAX_KEYS_BYTES).bytes);
    return text
      .replace(/\r?\n$/, '')
      .split(/\r?\n/)
      .map(parseVerifierKey);
  });
  return new Map([[tenant, { keys, threshold: options.threshold }]]);
}

/** Takes one more value of an option that may be repeated. */
export function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

/** Reads a case file. @throws as {@link readPolicySet}, with PolicyError POLICY_CASES_MALFORMED; CanonicalError when it is no UTF-8 */
export function readCases(cwd: string, file: string): readonly PolicyCase[] {
  return parsePolicyCases(decodeUtf8(readInputFile(resolve(cwd, file), POLICY_CASE_LIMITS.maxCharacters).bytes));
}
