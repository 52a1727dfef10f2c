#!/usr/bin/env node
// INVARIANT: nothing is imported statically here. An older Node fails at the import of a module that it lacks, with a stack.
const OLDEST_NODE = [22, 18] as const;

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])) {
  const { start } = await import('./start.ts');
  await start();
} else {
  const needed = OLDEST_NODE.join('.');
  process.stderr.write(
    `error CLI_NODE_TOO_OLD: exoarmur needs Node ${needed} or newer, this is ${process.versions.node}\n`,
  );
  process.exitCode = 2;
}

export {};
