import { nodeAgreementSchema } from '@exoarmur/contracts';
import { registerVerifyNodes } from '../../src/commands/verify-nodes.ts';
import type { CommandEntry } from '../../src/commands.ts';
import { NODE_PROCESS } from '../../src/nodes/ask-nodes.ts';
import { createProgram } from '../../src/program.ts';
import { createTerminal } from '../../src/terminal.ts';

/** Runs the command with honest nodes and those planted, by index. */
export async function verifyWith(
  folder: string,

  planted: Readonly<Record<number, string>>,
  args: readonly string[],
  bundle = 'demo/proof-bundle.json',
) {
  let out = '';
  let exitCode: number | undefined;
  const moduleOf = (index: number): URL => {
    const name = planted[index];
    return name === undefined ? NODE_PROCESS : new URL(`./${name}.ts`, import.meta.url);
  };
  const entry: CommandEntry = {
    name: 'verify-nodes',
    summary: 'verify',
    load: async () => ({ register: (command, context) => registerVerifyNodes(command, context, moduleOf) }),
  };
  const write = (text: string): void => {
    out += text;
  };
  const context = {
    terminal: createTerminal({ write }, { write }, {}),
    cwd: folder,
    finish: (code: number): void => {
      exitCode = code;
    },
  };
  const program = await createProgram([entry], context, () => true);
  await program.parseAsync(['verify-nodes', '--bundle', bundle, '--json', ...args], { from: 'user' });
  const agreement = nodeAgreementSchema.parse(JSON.parse(out));
  return { ...agreement, exitCode, standings: agreement.results.map(({ standing, code }) => code ?? standing) };
}
