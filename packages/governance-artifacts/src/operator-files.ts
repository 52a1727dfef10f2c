import { CanonicalError, parseJson } from '@exoarmur/canonical';
import {
  type GovernancePolicy,
  governancePolicySchema,
  type ProviderTrust,
  pointToProblem,
  providerTrustSchema,
} from '@exoarmur/contracts';
import { GovernanceError, type GovernanceErrorCode } from './errors.ts';

/** Largest file of an operator, in bytes. */
export const MAX_OPERATOR_FILE_BYTES = 1_048_576;

type Parser<T> = {
  safeParse(
    value: unknown,
  ): { success: true; data: T } | { success: false; error: { issues: readonly { path: readonly PropertyKey[] }[] } };
};

/** Reads the operator's list of required artifact types. @throws GovernanceError GOVERNANCE_POLICY_MALFORMED */
export function parseGovernancePolicy(bytes: Uint8Array): GovernancePolicy {
  return parseFile(bytes, governancePolicySchema, 'GOVERNANCE_POLICY_MALFORMED', 'governance policy');
}

/** Reads the operator's list of trusted packages. @throws GovernanceError GOVERNANCE_TRUST_MALFORMED */
export function parseProviderTrust(bytes: Uint8Array): ProviderTrust {
  return parseFile(bytes, providerTrustSchema, 'GOVERNANCE_TRUST_MALFORMED', 'provider trust file');
}

function parseFile<T>(bytes: Uint8Array, schema: Parser<T>, code: GovernanceErrorCode, what: string): T {
  let value: unknown;
  try {
    value = parseJson(bytes, { maxBytes: MAX_OPERATOR_FILE_BYTES });
  } catch (cause) {
    if (!(cause instanceof CanonicalError)) throw cause;
    throw new GovernanceError(code, `${what} is not readable: ${cause.message}`, {
      pointer: cause.pointer ?? '',
      cause,
    });
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const pointer = pointToProblem(parsed.error);
  throw new GovernanceError(code, `${what} has not the shape it must have`, { pointer });
}
