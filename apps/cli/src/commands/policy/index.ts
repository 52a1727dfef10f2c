import type { Command } from 'commander';
import type { CommandContext } from '../../commands.ts';
import { registerActivate } from './activate.ts';
import { registerCheck } from './check.ts';
import { registerCompose } from './compose.ts';
import { registerDiff } from './diff.ts';
import { registerExplain } from './explain.ts';
import { registerFormat } from './format.ts';
import { registerList } from './list.ts';
import { registerSign } from './sign.ts';
import { registerTest } from './test.ts';
import { registerVerify } from './verify.ts';

export function register(command: Command, context: CommandContext): void {
  registerCompose(command, context);
  registerCheck(command, context);
  registerTest(command, context);
  registerExplain(command, context);
  registerFormat(command, context);
  registerDiff(command, context);
  registerSign(command, context);
  registerVerify(command, context);
  registerActivate(command, context);
  registerList(command, context);
}
