import type { Completions } from './vocabulary.ts';

/** Shells that a completion script can be made for. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** The completion script of a shell. Words are command and option names of our own, letters and dashes only. */
export function formatCompletionScript(shell: Shell, entries: readonly Completions[]): string {
  switch (shell) {
    case 'bash':
      return formatBash(entries);
    case 'zsh':
      return `#compdef exoarmur\nautoload -U +X bashcompinit && bashcompinit\n${formatBash(entries)}`;
    case 'fish':
      return formatFish(entries);
  }
}

function formatBash(entries: readonly Completions[]): string {
  const paths = entries.map(({ path }) => `'${path}'`).join('|');
  const cases = entries.map(
    ({ path, subcommands, options }) => `    '${path}') words='${[...subcommands, ...options].join(' ')}' ;;`,
  );
  return `_exoarmur() {
  local current="\${COMP_WORDS[COMP_CWORD]}" path='' words='' word next
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    next="\${path:+$path }$word"
    case "$next" in
      ${paths}) path="$next" ;;
    esac
  done
  case "$path" in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  if [ \${#COMPREPLY[@]} -eq 0 ]; then COMPREPLY=($(compgen -f -- "$current")); fi
}
complete -o filenames -F _exoarmur exoarmur
`;
}

function formatFish(entries: readonly Completions[]): string {
  const lines = entries.flatMap(({ path, subcommands, options }) => {
    const condition = `__exoarmur_at '${path}'`;
    return [
      ...subcommands.map((word) => `complete -c exoarmur -n "${condition}" -f -a '${word}'`),
      ...options.map((flag) => `complete -c exoarmur -n "${condition}" -l '${flag.replace(/^--/, '')}'`),
    ];
  });
  const paths = entries.filter(({ path }) => path !== '').map(({ path }) => `'${path}'`);
  return `function __exoarmur_at
  set -l path ''
  for word in (commandline -opc)[2..-1]
    set -l next (string trim "$path $word")
    if contains -- "$next" ${paths.join(' ')}
      set path "$next"
    end
  end
  test "$path" = "$argv[1]"
end
${lines.join('\n')}
`;
}
