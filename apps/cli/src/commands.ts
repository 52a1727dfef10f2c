import type { Command } from 'commander';
import type { ExitCode } from './exit-code.ts';
import type { Terminal } from './terminal.ts';

/** What a command is given: where it writes and where it stands. It reads the process for nothing else it prints. */
export interface CommandContext {
  readonly terminal: Terminal;
  /** Folder that relative paths start from. */
  readonly cwd: string;
  /** Asks the person at the terminal; undefined when nobody sits there. */
  readonly ask?: Ask | undefined;
  /** Variables of the process. Flags are read from them, by the commands that have any. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** States the answer; a command that states none has passed. */
  finish(code: ExitCode): void;
}

/** Puts a question and waits for a line; null when the person has gone. */
export type Ask = (question: string) => Promise<string | null>;

/** A command in its own module, loaded when it is asked for. */
export interface CommandModule {
  /** Adds options, examples and the action to a command that has its name and summary already. */
  register(command: Command, context: CommandContext): void;
}

/** One line of the table of commands. */
export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<CommandModule>;
}

/** Every command, in the order of the help. Adding one is adding a line and its module. */
export const COMMANDS: readonly CommandEntry[] = [
  { name: 'demo', summary: 'stop a real deletion and prove it', load: () => import('./commands/demo.ts') },
  { name: 'verify-bundle', summary: 'check a proof bundle', load: () => import('./commands/verify-bundle.ts') },
  {
    name: 'replay',
    summary: 'judge and decide again what was recorded',
    load: () => import('./commands/replay/index.ts'),
  },
  {
    name: 'counterfactual',
    summary: 'ask what would have been decided otherwise',
    load: () => import('./commands/counterfactual.ts'),
  },
  {
    name: 'verify-nodes',
    summary: 'have several verifiers agree on a bundle',
    load: () => import('./commands/verify-nodes.ts'),
  },
  {
    name: 'inject',
    summary: 'make faulty copies, and see them found',
    load: () => import('./commands/inject/index.ts'),
  },
  {
    name: 'run',
    summary: 'take one intent through a boundary',
    load: () => import('./commands/run/index.ts'),
  },
  {
    name: 'approvals',
    summary: 'see what waits for people, and answer it',
    load: () => import('./commands/approvals/index.ts'),
  },
  {
    name: 'grants',
    summary: 'agree to actions in advance, and take it back',
    load: () => import('./commands/grants/index.ts'),
  },
  {
    name: 'operator',
    summary: 'say who may approve',
    load: () => import('./commands/operator/index.ts'),
  },
  {
    name: 'ambiguous',
    summary: 'see and settle actions with an unknown outcome',
    load: () => import('./commands/ambiguous/index.ts'),
  },
  { name: 'bundle', summary: 'make, show and extend proof bundles', load: () => import('./commands/bundle.ts') },
  { name: 'log', summary: 'read, check and tend a record log', load: () => import('./commands/log/index.ts') },
  {
    name: 'witness',
    summary: 'cosign logs and have a log cosigned',
    load: () => import('./commands/witness/index.ts'),
  },
  {
    name: 'policy',
    summary: 'check, test, sign and activate policies',
    load: () => import('./commands/policy/index.ts'),
  },
  {
    name: 'switch',
    summary: 'stop actors and actions, let them go on',
    load: () => import('./commands/switch/index.ts'),
  },
  {
    name: 'benchmark',
    summary: 'compare bundles under load, or measure this machine',
    load: () => import('./commands/benchmark.ts'),
  },
  { name: 'keys', summary: 'make and show signing keys', load: () => import('./commands/keys.ts') },
  {
    name: 'flags',
    summary: 'show the feature flags and where they come from',
    load: () => import('./commands/flags.ts'),
  },
  { name: 'health', summary: 'probe what this machine offers', load: () => import('./commands/health.ts') },
  { name: 'completion', summary: 'print a shell completion script', load: () => import('./commands/completion.ts') },
];
