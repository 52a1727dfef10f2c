import type { Command } from 'commander';
import type { CommandContext } from '../../commands.ts';
import { registerAnswering } from './answer.ts';
import { registerOffline } from './offline.ts';
import { registerReading } from './read.ts';
import { registerRevoking } from './revoke.ts';
import { registerWatch } from './watch.ts';

export function register(command: Command, context: CommandContext): void {
  registerReading(command, context);
  registerAnswering(command, context);
  registerRevoking(command, context);
  registerOffline(command, context);
  registerWatch(command, context);
}
