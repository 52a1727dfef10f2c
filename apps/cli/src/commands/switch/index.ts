import type { Command } from 'commander';
import type { CommandContext } from '../../commands.ts';
import { registerChanges } from './change.ts';
import { registerList } from './list.ts';

export function register(command: Command, context: CommandContext): void {
  registerList(command, context);
  registerChanges(command, context);
}
