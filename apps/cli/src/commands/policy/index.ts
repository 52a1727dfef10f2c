import type { Command } from 'commander';
import type { CommandContext } from '../../commands.ts';
import { registerCheck } from './check.ts';
import { registerExplain } from './explain.ts';
import { registerTest } from './test.ts';

export function register(command: Command, context: CommandContext): void {
  registerCheck(command, context);
  registerTest(command, context);
  registerExplain(command, context);
}
