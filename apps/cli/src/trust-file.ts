import { decodeUtf8, parseTrustPolicy, TRUST_POLICY_LIMITS, type TrustPolicy } from '@exoarmur/canonical';
import { readInputFile } from './files.ts';

/** Text of a trust file (C2SP tlog-policy) that trusts one log key and asks for no witness. */
export function formatTrustFile(vkey: string): string {
  return `log ${vkey}\nquorum none\n`;
}

/** Reads a trust file. @throws CliError CLI_INPUT_UNREADABLE, CLI_INPUT_TOO_LARGE; CanonicalError when it does not parse */
export function readTrustFile(path: string): TrustPolicy {
  return parseTrustPolicy(decodeUtf8(readInputFile(path, TRUST_POLICY_LIMITS.maxBytes).bytes));
}
