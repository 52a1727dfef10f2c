import { runProgram } from './program.ts';
import { createTerminal } from './terminal.ts';
import { createTerminalAsk } from './terminal-ask.ts';

/** Runs the command line of this process. */
export async function start(): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) {
    // The reader of a pipe may go away early (`exoarmur … | head`). Nobody is left to tell, but the exit code is still an
    // answer, so the command goes on to its end.
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
  }
  const terminal = createTerminal(process.stdout, process.stderr, process.env);
  process.exitCode = await runProgram(process.argv.slice(2), {
    terminal,
    cwd: process.cwd(),
    ask: process.stdin.isTTY && process.stdout.isTTY ? createTerminalAsk(process.stdin, process.stdout) : undefined,
    environment: process.env,
  });
}
