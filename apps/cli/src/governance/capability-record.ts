import { resolve } from 'node:path';
import { capabilityStreamOf } from '@exoarmur/boundary-v2';
import { canonicalize, encodeUtf8 } from '@exoarmur/canonical';
import { type CapabilityEvent, type CapabilityRecorder, sealCapabilities } from '@exoarmur/governance-artifacts';
import type { CommandContext } from '../commands.ts';
import { CliError } from '../errors.ts';
import { replaceFile } from '../files.ts';

/** Where `verify-bundle` puts what is done with providers. */
export interface CapabilityArguments {
  /** File of canonical lines. */
  readonly capabilityEvents?: string;
  /** Database of the log that the events are sealed in. */
  readonly logDb?: string;
  /** Key file of that log. */
  readonly logKey?: string;
  readonly logCell?: string;
}

/** Who the records say it was. */
const VERIFIER = 'exoarmur-verify-bundle';

/**
 * Runs a verification with a recorder of what is done with providers: sealed in a log before it is done, and written to a file at
 * the end. A log that nothing would reach is refused. @throws CliError CLI_USAGE, and those of the log
 */
export async function withCapabilityRecord<T>(
  { capabilityEvents, logDb, logKey, logCell }: CapabilityArguments,
  context: CommandContext,
  isDiscovering: boolean,
  action: (capabilities: CapabilityRecorder) => Promise<T>,
): Promise<T> {
  const lines: string[] = [];
  const listing = (recorder?: CapabilityRecorder): CapabilityRecorder => ({
    requestedBy: VERIFIER,
    record: async (event: CapabilityEvent) => {
      await recorder?.record(event);
      lines.push(`${canonicalize(event)}\n`);
    },
  });
  const run = async (recorder?: CapabilityRecorder): Promise<T> => {
    const result = await action(listing(recorder));
    if (capabilityEvents !== undefined) {
      replaceFile(resolve(context.cwd, capabilityEvents), encodeUtf8(lines.join('')));
    }
    return result;
  };
  if (logDb === undefined && logKey === undefined) return run();
  if (logDb === undefined || logKey === undefined || logCell === undefined) {
    throw new CliError('CLI_USAGE', '--log-db, --log-key and --log-cell are given together');
  }
  if (!isDiscovering) {
    throw new CliError('CLI_USAGE', 'nothing would be recorded: no discovery of providers, set its flag');
  }
  const { withLog } = await import('../commands/log/log-store.ts');
  const options = { db: logDb, key: logKey, cell: logCell };
  return withLog(options, context, (log) => run(sealCapabilities(log, capabilityStreamOf(logCell), VERIFIER)));
}
