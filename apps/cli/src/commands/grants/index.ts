import type { Command } from 'commander';
import type { CommandContext } from '../../commands.ts';
import { registerChanges } from './change.ts';
import { registerReading } from './read.ts';

export function register(command: Command, context: CommandContext): void {
  registerReading(command, context);
  registerChanges(command, context);
}
