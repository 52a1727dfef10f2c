import { parseRecord } from '@exoarmur/audit/reader';
import { isExoArmurError, quoteForMessage } from '@exoarmur/contracts';
import type { SqliteLogStore } from '@exoarmur/store-sqlite';
import { CliError } from '../../errors.ts';
import { printable, type Terminal } from '../../terminal.ts';

const PAGE = 1024;

/** Newest records that are looked through. Most are of the cell in question, so the first is mostly the last. */
const MOST_RECORDS = 65_536;

/** A cell of a log, as it was typed. */
interface NamedCell {
  readonly store: SqliteLogStore;
  readonly tenant: string;
  readonly cell: string;
}

/**
 * Refuses a cell of which a log has nothing: who misspells its name would speak to nobody. Where that cannot be known, because
 * the log is empty, pruned, out of order or too long to look through, the command warns and goes on.
 * @throws CliError CLI_CELL_UNKNOWN
 */
export async function assertCell(named: NamedCell, terminal: Terminal): Promise<void> {
  const others = await findOthers(named);
  if (others === 'has_it') return;
  if (others === 'unsure') return warnOf(named, terminal);
  const text = `log has no record of cell ${quoteForMessage(named.cell)} of ${named.tenant}, but of ${others.join(', ')}`;
  throw new CliError('CLI_CELL_UNKNOWN', `${text}; a cell that is new is named by --boundary`);
}

/** Warns of a cell of which a log has nothing yet. */
export async function warnOfNewCell(named: NamedCell, terminal: Terminal): Promise<void> {
  if ((await findOthers(named)) !== 'has_it') warnOf(named, terminal);
}

function warnOf({ cell, tenant }: NamedCell, terminal: Terminal): void {
  terminal.err(`${terminal.paintError('yellow', 'warning')}: no record of cell ${printable(cell)} of ${tenant} yet\n`);
}

/** The cells of a log that has nothing of this one. */
async function findOthers({ store, tenant, cell }: NamedCell): Promise<'has_it' | 'unsure' | readonly string[]> {
  const [{ size }, first] = await Promise.all([store.head(tenant), store.firstIndex(tenant)]);
  const least = Math.max(first, size - MOST_RECORDS);
  const others = new Set<string>();
  for (let end = size; end > least; end -= PAGE) {
    const from = Math.max(least, end - PAGE);
    for (const { bytes } of (await store.entries(tenant, { from, limit: end - from })).toReversed()) {
      const found = readCell(bytes);
      if (found === cell) return 'has_it';
      if (found === undefined) return 'unsure';
      others.add(found);
    }
  }
  return least > 0 || others.size === 0 ? 'unsure' : [...others].sort();
}

function readCell(bytes: Uint8Array): string | undefined {
  try {
    return parseRecord(bytes).cell;
  } catch (error) {
    if (!isExoArmurError(error)) throw error;
    return undefined;
  }
}
