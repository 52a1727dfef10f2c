#!/usr/bin/env node
import { runProgram } from './program.ts';
import { createTerminal } from './terminal.ts';

for (const stream of [process.stdout, process.stderr]) {
  // The reader of a pipe may go away early (`exoarmur … | head`); there is nobody left to tell.
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit();
  });
}

const terminal = createTerminal(process.stdout, process.stderr, process.env);
process.exitCode = await runProgram(process.argv.slice(2), { terminal, cwd: process.cwd() });
