import { resolve } from 'node:path';
import { formatTime, parseJson } from '@exoarmur/canonical';
import {
  type ActionIntent,
  formatPointer,
  isExoArmurError,
  type ParameterRule,
  pointToMember,
  quoteForMessage,
  type StandingGrant,
  standingGrantSchema,
} from '@exoarmur/contracts';
import type { CommandContext } from '../../commands.ts';
import { CliError } from '../../errors.ts';
import { readInputFile } from '../../files.ts';

const MAX_TERMS_BYTES = 1_048_576;
const DAY_MS = 86_400_000;

/** What a person writes of a standing grant; the rest says for which boundary it is and who gives it. */
export type GrantTerms = Omit<
  StandingGrant,
  'schema' | 'tenant_id' | 'cell_id' | 'policy_digest' | 'granted_by' | 'nonce' | 'not_before'
> & { readonly not_before?: string | undefined };

const termsSchema = standingGrantSchema
  .omit({ schema: true, tenant_id: true, cell_id: true, policy_digest: true, granted_by: true, nonce: true })
  .partial({ not_before: true });

/** The narrowest terms that fit an action: this very target and these very parameters, once, for a day. @throws CliError CLI_GRANT_MALFORMED */
export function draftTerms(intent: ActionIntent, nowMs: number): GrantTerms {
  const { actor_id, action_type, action_class, target } = intent;
  if (action_class === 'A3_irreversible') {
    throw new CliError('CLI_GRANT_MALFORMED', 'nobody can agree in advance to what is irreversible');
  }
  const parameters = Object.entries(intent.parameters).map(([name, value]): ParameterRule => {
    if (value !== null && typeof value === 'object') {
      const pointer = formatPointer(['parameters', name]);
      throw new CliError('CLI_GRANT_MALFORMED', 'no rule can be made for a parameter of several values', { pointer });
    }
    return { rule: 'equals', name, value };
  });
  return {
    ...{ actor_id, action_type, action_class, target: { match: 'exact', value: target } },
    parameters: parameters.sort((a, b) => (a.name < b.name ? -1 : 1)),
    ...{ max_uses: 1, expires_at: formatTime(nowMs + DAY_MS), reason: '' },
  };
}

/** Reads terms. @throws CliError CLI_INPUT_UNREADABLE, CLI_INPUT_TOO_LARGE, CLI_GRANT_MALFORMED with the place */
export function readTerms(file: string, { cwd }: CommandContext): GrantTerms {
  const { bytes } = readInputFile(resolve(cwd, file), MAX_TERMS_BYTES);
  let value: unknown;
  try {
    value = parseJson(bytes, { maxBytes: MAX_TERMS_BYTES });
  } catch (cause) {
    if (!isExoArmurError(cause)) throw cause;
    throw malformed(quoteForMessage(cause.message), cause.pointer ?? '', cause);
  }
  const parsed = termsSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const message = issue?.message.split('\n', 1)[0]?.slice(0, 120) ?? 'another shape';
  throw malformed(message, pointToMember(parsed.error));
}

function malformed(message: string, pointer: string, cause?: unknown): CliError {
  return new CliError('CLI_GRANT_MALFORMED', `those are no terms of a standing grant: ${message}`, { pointer, cause });
}
