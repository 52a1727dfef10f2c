import { resolve } from 'node:path';
import { decodeUtf8 } from '@exoarmur/canonical';
import type { PolicySet } from '@exoarmur/contracts';
import {
  POLICY_CASE_LIMITS,
  POLICY_SET_LIMITS,
  type PolicyCase,
  parsePolicyCases,
  parsePolicySet,
} from '@exoarmur/policy';
import { readInputFile } from '../../files.ts';

/** Reads a policy set. @throws CliError CLI_INPUT_UNREADABLE, CLI_INPUT_TOO_LARGE; PolicyError POLICY_SET_MALFORMED */
export function readPolicySet(cwd: string, file: string): PolicySet {
  return parsePolicySet(readInputFile(resolve(cwd, file), POLICY_SET_LIMITS.maxBytes).bytes);
}

/** Reads a case file. @throws as {@link readPolicySet}, with PolicyError POLICY_CASES_MALFORMED; CanonicalError when it is no UTF-8 */
export function readCases(cwd: string, file: string): readonly PolicyCase[] {
  return parsePolicyCases(decodeUtf8(readInputFile(resolve(cwd, file), POLICY_CASE_LIMITS.maxCharacters).bytes));
}
