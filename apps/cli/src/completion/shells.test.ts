import { spawnSync } from 'node:child_process';
import { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { formatCompletionScript } from './shells.ts';
import { listCompletions } from './vocabulary.ts';

const program = new Command('exoarmur').option('--version').helpCommand(true);
const keys = program.command('keys');
keys.command('generate').requiredOption('--name <name>').requiredOption('--out <file>');
keys.command('show').argument('<file>').option('--trust');
program.command('health').option('--json');
const entries = listCompletions(program);

/** What bash would offer after a typed line, by running the script in it. */
function completeInBash(...words: readonly string[]): string[] {
  const quoted = ['exoarmur', ...words].map((word) => `'${word}'`).join(' ');
  const script = `${formatCompletionScript('bash', entries)}
COMP_WORDS=(${quoted}); COMP_CWORD=${words.length}; _exoarmur; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr, status } = spawnSync('bash', ['--noprofile', '--norc', '-c', script], {
    cwd: import.meta.dirname,
    encoding: 'utf8',
  });
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  return stdout.split('\n').filter((word) => word !== '');
}

describe('listCompletions', () => {
  test('lists every command path with its subcommands and options', () => {
    expect(entries).toEqual([
      { path: '', subcommands: ['keys', 'health', 'help'], options: ['--version', '--help'] },
      { path: 'health', subcommands: [], options: ['--json', '--help'] },
      { path: 'keys', subcommands: ['generate', 'show', 'help'], options: ['--help'] },
      { path: 'keys generate', subcommands: [], options: ['--name', '--out', '--help'] },
      { path: 'keys show', subcommands: [], options: ['--trust', '--help'] },
    ]);
  });
});

describe('the bash script', () => {
  test.each([
    [['he'], ['health', 'help']],
    [
      ['keys', ''],
      ['generate', 'show', 'help', '--help'],
    ],
    [['keys', 'generate', '--n'], ['--name']],
    [['keys', 'generate', '--name', 'x', '--o'], ['--out']],
    [['keys', 'show', 'shells.te'], ['shells.test.ts']],
    [
      ['nothing', 'he'],
      ['health', 'help'],
    ],
  ])('after %j offers %j', (words, offered) => {
    expect(completeInBash(...words)).toEqual(offered);
  });
});

describe('the other scripts', () => {
  test('zsh gets the bash script behind its compatibility layer', () => {
    const script = formatCompletionScript('zsh', entries);
    expect(script.startsWith('#compdef exoarmur\nautoload -U +X bashcompinit && bashcompinit\n')).toBe(true);
    expect(script.endsWith(formatCompletionScript('bash', entries))).toBe(true);
  });

  test('fish gets a line per word', () => {
    const lines = formatCompletionScript('fish', entries).split('\n');
    expect(lines).toContain(`complete -c exoarmur -n "__exoarmur_at 'keys'" -f -a 'generate'`);
    expect(lines).toContain(`complete -c exoarmur -n "__exoarmur_at 'keys generate'" -l 'name'`);
    expect(lines.filter((line) => line.startsWith('complete '))).toHaveLength(
      entries.flatMap(({ subcommands, options }) => [...subcommands, ...options]).length,
    );
  });
});
