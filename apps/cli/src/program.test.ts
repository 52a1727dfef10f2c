import { CanonicalError } from '@exoarmur/canonical';
import { describe, expect, test } from 'vitest';
import { COMMANDS, type CommandEntry } from './commands.ts';
import { CliError } from './errors.ts';
import { createProgram } from './program.ts';
import { reportError } from './report-error.ts';
import { createTerminal } from './terminal.ts';

function openTerminal() {
  const out: string[] = [];
  const err: string[] = [];
  const terminal = createTerminal({ write: (text) => out.push(text) }, { write: (text) => err.push(text) }, {});
  return { terminal, out, err };
}

describe('createProgram', () => {
  test('loads the module of the command asked for and no other', async () => {
    const loaded: string[] = [];
    const entries: CommandEntry[] = ['one', 'two'].map((name) => ({
      name,
      summary: name,
      load: async () => {
        loaded.push(name);
        return { register: (command) => void command.action(() => undefined) };
      },
    }));
    const context = { terminal: openTerminal().terminal, cwd: '/', finish: () => undefined };
    const program = await createProgram(entries, context, (entry) => entry.name === 'two');
    expect(loaded).toEqual(['two']);
    expect(program.commands.map((command) => command.name())).toEqual(['one', 'two']);
  });

  test('has one line per command, each with a summary that fits a line and a name of its own', () => {
    expect(new Set(COMMANDS.map(({ name }) => name)).size).toBe(COMMANDS.length);
    for (const { name, summary } of COMMANDS) {
      expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/);
      expect(summary).toMatch(/^[a-z][^.]{3,60}$/);
    }
  });

  test('shows examples in the help of every command', async () => {
    const { terminal, out } = openTerminal();
    const program = await createProgram(COMMANDS, { terminal, cwd: '/', finish: () => undefined }, () => true);
    const visit = (command: typeof program): void => {
      for (const subcommand of command.commands) visit(subcommand);
      out.length = 0;
      command.outputHelp();
      const text = out.join('');
      const [, description = ''] = text.split('\n\n');
      const lines = description.split('\n');
      for (const [at, line] of lines.slice(1).entries()) {
        const [word = ''] = line.split(' ');
        expect(`${lines[at]} ${word}`.length, `${command.name()}: ${word} has room`).toBeGreaterThan(terminal.width);
      }
      expect(text, command.name()).toMatch(/Examples:\n {2}# .+\n {2}\$ exoarmur /);
    };
    for (const command of program.commands) visit(command);
  });
});

describe('reportError', () => {
  test.each([
    ['names the code', new CliError('CLI_USAGE', 'no'), 'error CLI_USAGE: no\n', 2],
    [
      'names the place',
      new CanonicalError('CANONICAL_JSON_SYNTAX', 'bad', { pointer: '/a/0' }),
      'error CANONICAL_JSON_SYNTAX: bad (/a/0)\n',
      2,
    ],
    [
      'says what can be done',
      new CanonicalError('CANONICAL_POLICY_MALFORMED', 'bad'),
      'error CANONICAL_POLICY_MALFORMED: bad; `keys show FILE --trust` prints a trust file\n',
      2,
    ],
    ['lets no text act on the terminal', new CliError('CLI_USAGE', 'a\u001b[31mb'), 'error CLI_USAGE: a?[31mb\n', 2],
    ['shows a defect of ours as one', 'odd', 'error CLI_INTERNAL: odd\n', 3],
  ])('%s', (_rule, error, text, exitCode) => {
    const { terminal, out, err } = openTerminal();
    expect(reportError(error, terminal)).toBe(exitCode);
    expect(err.join('')).toBe(text);
    expect(out).toEqual([]);
  });

  test('shows the stack of a defect', () => {
    const { terminal, err } = openTerminal();
    expect(reportError(new TypeError('odd'), terminal)).toBe(3);
    expect(err.join('')).toMatch(/^error CLI_INTERNAL: TypeError: odd\n {4}at /);
  });
});
