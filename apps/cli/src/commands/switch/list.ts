import { listVerifiedCommands } from '@exoarmur/boundary-v2';
import type { SwitchCommand } from '@exoarmur/contracts';
import { createSqliteOperatorStore, createSqliteSwitchCommandStore } from '@exoarmur/store-sqlite';
import type { Command } from 'commander';
import type { CommandContext } from '../../commands.ts';
import { EXIT_CODES } from '../../exit-code.ts';
import { addExamples } from '../../help.ts';
import { formatJson } from '../../json-output.ts';
import { printable } from '../../terminal.ts';
import { addCellOptions, type CellOptions, findCell } from '../cell-place.ts';
import { assertCell } from '../log/cell-check.ts';
import { withStore } from '../log/log-store.ts';

interface Options extends CellOptions {
  readonly json?: boolean;
}

/** The last command about each switch. */
interface SwitchLine {
  readonly command: SwitchCommand;
  readonly isRecorded: boolean;
  /** Who cleared it since, too few of them. */
  readonly tooFew: readonly string[] | null;
}

export function registerList(parent: Command, context: CommandContext): void {
  const command = addCellOptions(parent.command('list'), { isSigning: false })
    .summary('show the switches of a cell')
    .description('Show every switch that was ever set, and the command that it obeys. Each command is verified again.')
    .option('--json', 'print one JSON object')
    .action((options: Options) => {
      const place = findCell(options, context);
      return withStore(place, context, async (store, tenant) => {
        const { cell, clearThreshold, isDescribed } = place;
        if (!isDescribed) await assertCell({ store, tenant, cell }, context.terminal);
        const kept = await listVerifiedCommands(
          {
            ...{ tenant, cell },
            commands: createSqliteSwitchCommandStore(store, tenant, cell),
            operators: createSqliteOperatorStore(store, tenant),
          },
          0,
        );
        if (kept === undefined) context.finish(EXIT_CODES.fail);
        const lines = new Map<string, SwitchLine>();
        for (const { command, isRecorded, signers } of kept ?? []) {
          const before = lines.get(nameOf(command));
          const isEnough = command.state === 'engaged' || signers.length >= clearThreshold;
          if (isEnough) lines.set(nameOf(command), { command, isRecorded, tooFew: null });
          else if (before !== undefined) lines.set(nameOf(command), { ...before, tooFew: signers });
        }
        context.terminal.out(
          options.json === true
            ? formatJson(describe(kept !== undefined, [...lines.values()]))
            : printable(formatLines(kept !== undefined, lines)),
        );
      });
    });
  addExamples(command, [['switch list --db log.db --cell office', 'what is stopped, since when and by whom']]);
}

/** A switch as a person names it. */
export function nameOf({ switch: kind, subject }: SwitchCommand): string {
  return subject === null ? kind : `${kind} ${subject}`;
}

function describe(isReadable: boolean, lines: readonly SwitchLine[]) {
  return {
    readable: isReadable,
    switches: lines.map(({ command, isRecorded, tooFew }) => {
      const { subject, state, sequence, reason, issued_by, issued_at } = command;
      const about = { switch: command.switch, subject, state, sequence, reason, issued_by, issued_at };
      return { ...about, recorded: isRecorded, cleared_by_too_few: tooFew };
    }),
  };
}

function formatLines(isReadable: boolean, lines: ReadonlyMap<string, SwitchLine>): string {
  if (!isReadable) return 'unreadable  a kept command does not verify, and every switch counts as engaged\n';
  if (lines.size === 0) return 'No switch was ever set.\n';
  const width = Math.max(...[...lines.keys()].map((name) => name.length));
  return [...lines]
    .map(([name, { command, isRecorded, tooFew }]) => {
      const { state, issued_at, issued_by, reason } = command;
      const few = tooFew === null ? '' : ` (cleared by too few: ${tooFew.join(', ')})`;
      const note = `${isRecorded ? '' : ' (not yet recorded)'}${few}`;
      return `${state.padEnd(7)}  ${name.padEnd(width)}  ${issued_at}  ${issued_by}: ${reason}${note}\n`;
    })
    .join('');
}
