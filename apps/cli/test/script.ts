/** One command of a script with what it must print and return. */
export interface ScriptStep {
  /** Line of the script file, from 1. */
  readonly line: number;
  readonly words: readonly string[];
  /** Variables set for this command alone. */
  readonly env: Readonly<Record<string, string>>;
  /** File that gets standard output, null when it is compared. */
  readonly redirect: string | null;
  readonly stdout: readonly string[];
  readonly stderr: readonly string[];
  readonly exitCode: number;
}

/** A script: files to start from, and steps. */
export interface Script {
  readonly files: ReadonlyMap<string, string>;
  readonly steps: readonly ScriptStep[];
}

type Draft = { -readonly [Key in keyof ScriptStep]: ScriptStep[Key] } & { stdout: string[]; stderr: string[] };

/**
 * Parses a script test:
 *
 *     # remark
 *     $ exoarmur keys show me.key > me.vkey     a command; `NAME=value` may stand before it
 *     text                                      a line of standard output, verbatim
 *     ! text                                    a line of standard error
 *     ? 2                                       the exit code, 0 when not stated
 *
 *     -- notes.txt --                           from here: the text of an input file
 *
 * In an expected line `[..]` stands for any text; a line `...` stands for any lines. A blank line ends an output.
 * An expected line that would be read as something else starts with `\`.
 */
export function parseScript(text: string): Script {
  const files = new Map<string, string>();
  const steps: Draft[] = [];
  const [script = '', ...sections] = text.split(/^-- (?=[^\n]+ --$)/m);
  for (const section of sections) {
    const end = section.indexOf(' --\n');
    files.set(section.slice(0, end), section.slice(end + 4));
  }
  for (const [index, line] of script.split('\n').entries()) {
    const step = steps.at(-1);
    if (line.startsWith('$ ')) steps.push(parseCommand(line.slice(2), index + 1));
    else if (line.startsWith('#') || line === '') continue;
    else if (step === undefined) throw new SyntaxError(`line ${index + 1}: output before the first command`);
    else if (line.startsWith('! ')) step.stderr.push(line.slice(2));
    else if (line.startsWith('? ')) step.exitCode = Number(line.slice(2));
    else step.stdout.push(line.startsWith('\\') ? line.slice(1) : line);
  }
  return { files, steps };
}

function parseCommand(command: string, line: number): Draft {
  const words = [...command.matchAll(/'([^']*)'|(\S+)/g)].map((match) => match[1] ?? match[2] ?? '');
  const env: Record<string, string> = {};
  for (; /^[A-Z_]+=/.test(words[0] ?? ''); words.shift()) {
    const [name = '', value = ''] = (words[0] ?? '').split('=', 2);
    env[name] = value;
  }
  const redirect = words.at(-2) === '>' ? (words.splice(-2)[1] ?? null) : null;
  return { line, words, env, redirect, stdout: [], stderr: [], exitCode: 0 };
}

/** Whether an output is the expected one, with `...` for any lines and `[..]` for any text in a line. */
export function matchesOutput(expected: readonly string[], found: string): boolean {
  const pattern = expected.map((line) => (line === '...' ? '(?:[^\\n]*\\n)*?' : `${escapeLine(line)}\\n`)).join('');
  // Blank lines stand between commands in a script, so they are not compared.
  return new RegExp(`^${pattern}$`).test(found.replace(/\n+/g, '\n').replace(/^\n/, ''));
}

function escapeLine(line: string): string {
  return line
    .split('[..]')
    .map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
    .join('[^\\n]*');
}
