import type { Command } from 'commander';
import type { CommandContext } from '../../commands.ts';
import { registerChanges } from './change.ts';
import { registerList } from './list.ts';
import { registerObeying } from './obey.ts';

export function register(command: Command, context: CommandContext): void {
  registerList(command, context);
  registerChanges(command, context);
  registerObeying(command, context);
}
