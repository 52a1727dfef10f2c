import type { Command } from 'commander';
import type { CommandContext } from '../../commands.ts';
import { registerBackup } from './backup.ts';
import { registerProving } from './prove.ts';
import { registerReading } from './read.ts';
import { registerTending } from './tend.ts';

export function register(command: Command, context: CommandContext): void {
  registerReading(command, context);
  registerProving(command, context);
  registerTending(command, context);
  registerBackup(command, context);
}
