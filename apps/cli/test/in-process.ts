import type { Ask } from '../src/commands.ts';
import { runProgram } from '../src/program.ts';
import { createTerminal } from '../src/terminal.ts';

/** Runs the command line in this process and returns what it wrote. */
export async function runInProcess(cwd: string, ...args: readonly string[]) {
  return runUnder({}, cwd, args);
}

/** {@link runInProcess} under variables of its own, with a person at the terminal when there is one to ask. */
export async function runUnder(
  environment: Readonly<Record<string, string>>,
  cwd: string,
  args: readonly string[],
  ask?: Ask,
) {
  const written = { out: '', err: '' };
  const stream = (name: 'out' | 'err') => ({
    write(text: string): void {
      written[name] += text;
    },
  });
  const exitCode = await runProgram(args, {
    cwd,
    environment,
    ask,
    terminal: createTerminal(stream('out'), stream('err'), environment),
  });
  return { ...written, exitCode };
}
