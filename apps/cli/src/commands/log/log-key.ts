import { parseCheckpoint, type VerifierKey } from '@exoarmur/canonical';
import { type AuditLogStore, isExoArmurError, quoteForMessage } from '@exoarmur/contracts';
import { CliError } from '../../errors.ts';

/**
 * Refuses the key of somebody else, as which a sound log would look broken. A log whose first or latest checkpoint has the
 * name of the key is its log, and what else is wrong with it is for the evidence to say. @throws CliError CLI_KEY_FOREIGN
 */
export async function assertLogKey(store: AuditLogStore, tenant: string, { name }: VerifierKey): Promise<void> {
  const [[first], latest] = await Promise.all([store.notes(tenant, { after: 0, limit: 1 }), store.latestNote(tenant)]);
  const origins = [first, latest].map((note) => (note ? readOrigin(note.note) : undefined));
  const [origin] = origins;
  if (origin === undefined || origins.includes(name)) return;
  throw new CliError('CLI_KEY_FOREIGN', `the log is ${quoteForMessage(origin)}, the key is ${quoteForMessage(name)}`);
}

function readOrigin(note: string): string | undefined {
  try {
    return parseCheckpoint(note).origin;
  } catch (error) {
    if (!isExoArmurError(error)) throw error;
    return undefined;
  }
}
