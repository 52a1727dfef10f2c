import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { type Gate, type GateResult, ROOT, runCommand } from './gate.ts';
import { listWorkspace } from './workspace.ts';

/** A fenced block that a reader would try: commands with their output, or a program. */
export interface DocumentBlock {
  readonly kind: 'console' | 'ts';
  /** Line of the opening fence, from 1. */
  readonly line: number;
  readonly text: string;
}

/** Finds the blocks fenced as ```` ```console ```` or ```` ```ts run ````. */
export function parseBlocks(markdown: string): DocumentBlock[] {
  const blocks: DocumentBlock[] = [];
  let open: { kind: DocumentBlock['kind'] | undefined; line: number; lines: string[] } | undefined;
  markdown.split(/\r?\n/).forEach((text, index) => {
    const fence = /^```\s*(.*)$/.exec(text);
    if (open === undefined && fence !== null) {
      const info = (fence[1] ?? '').trim();
      open = {
        kind: info === 'console' ? 'console' : info === 'ts run' ? 'ts' : undefined,
        line: index + 1,
        lines: [],
      };
    } else if (open !== undefined && fence !== null) {
      if (open.kind !== undefined) blocks.push({ kind: open.kind, line: open.line, text: open.lines.join('\n') });
      open = undefined;
    } else open?.lines.push(text);
  });
  return blocks;
}

/** One command of a console block with the output that the document shows. */
export interface ConsoleStep {
  readonly command: string;
  readonly expected: readonly string[];
}

/** Splits a console block at its `$ ` lines; a trailing backslash continues the command. */
export function parseConsole(text: string): ConsoleStep[] {
  const steps: { command: string; expected: string[] }[] = [];
  for (const line of text.split('\n')) {
    const last = steps.at(-1);
    if (line.startsWith('$ ')) steps.push({ command: line.slice(2), expected: [] });
    else if (last?.command.endsWith('\\') && last.expected.length === 0)
      last.command = `${last.command.slice(0, -1)}${line.replace(/^>?\s*/, '')}`;
    else last?.expected.push(line);
  }
  for (const step of steps) while (step.expected.at(-1)?.trim() === '') step.expected.pop();
  return steps;
}

const escapePattern = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** True when the output is what the document shows; `...` alone on a line stands for any lines, inside one for any text. */
export function isShownOutput(expected: readonly string[], output: string): boolean {
  if (expected.length === 0) return true;
  const lines = expected.map((line) =>
    line.trim() === '...' ? '(?:.*\\n)*?' : `${line.trimEnd().split('...').map(escapePattern).join('.*')}\\n`,
  );
  const actual = output
    .replaceAll('\r\n', '\n')
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
  return new RegExp(`^${lines.join('')}$`).test(`${actual.replace(/\n+$/, '')}\n`);
}

/** Runs the blocks of one document. `folder` is where commands start, `snippetFolder` where programs resolve imports from. */
export function runBlocks(blocks: readonly DocumentBlock[], folder: string, snippetFolder: string): string[] {
  const findings: string[] = [];
  const env = {
    ...process.env,
    PATH: [join(folder, '.bin'), dirname(process.execPath), process.env.PATH ?? ''].join(delimiter),
    NO_COLOR: '1',
    CI: 'true',
  };
  for (const { kind, line, text } of blocks) {
    if (kind === 'ts') {
      const path = join(snippetFolder, `snippet-${line}.ts`);
      writeFileSync(path, `${text}\n`);
      const compilerOptions = {
        noEmit: true,
        types: ['node'],
        lib: ['ES2023', 'ES2024.String', 'DOM'],
        rewriteRelativeImportExtensions: false,
      };
      writeFileSync(
        join(snippetFolder, 'tsconfig.snippet.json'),
        JSON.stringify({
          extends: join(ROOT, 'tsconfig.base.json'),
          compilerOptions: { ...compilerOptions, typeRoots: [join(ROOT, 'node_modules/@types')] },
          files: [path],
        }),
      );
      const compiled = runCommand(
        process.execPath,
        [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', join(snippetFolder, 'tsconfig.snippet.json')],
        { env },
      );
      if (compiled.status !== 0) findings.push(`${line}: does not compile: ${compiled.stdout.split('\n')[0] ?? ''}`);
      const ran = runCommand(
        process.execPath,
        ['--conditions=@exoarmur/source', '--disable-warning=ExperimentalWarning', path],
        { cwd: folder, env },
      );
      if (ran.status !== 0)
        findings.push(`${line}: exit code ${ran.status}: ${ran.stderr.trim().split('\n').at(-1) ?? ''}`);
      continue;
    }
    for (const { command, expected } of parseConsole(text)) {
      const ran = runCommand('bash', ['-c', command], { cwd: folder, env });
      if (ran.status !== 0)
        findings.push(
          `${line}: \`${command}\`: exit code ${ran.status}: ${ran.stderr.trim().split('\n').at(-1) ?? ''}`,
        );
      else if (!isShownOutput(expected, ran.stdout))
        findings.push(`${line}: \`${command}\`: other output: ${JSON.stringify(ran.stdout.slice(0, 200))}`);
    }
  }
  return findings;
}

/** Copies the tracked and new files of the work tree; installed and built folders are linked. Commands may write there. */
function copyWorkTree(target: string): void {
  const listed = runCommand('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard']).stdout.split('\0');
  for (const path of listed.filter((name) => name !== '' && existsSync(join(ROOT, name)))) {
    mkdirSync(dirname(join(target, path)), { recursive: true });
    copyFileSync(join(ROOT, path), join(target, path));
  }
  for (const folder of ['', ...listWorkspace().map(({ path }) => path)]) {
    for (const name of ['node_modules', 'dist', '.toolchain']) {
      if (existsSync(join(ROOT, folder, name)))
        symlinkSync(join(ROOT, folder, name), join(target, folder, name), 'junction');
    }
  }
}

/** Puts the `exoarmur` command on the path of the documents, as installing the package would. */
function installCommand(target: string): void {
  mkdirSync(join(target, '.bin'));
  const main = join(target, 'apps/cli/dist/main.js');
  writeFileSync(join(target, '.bin/exoarmur'), `#!/bin/sh\nexec "${process.execPath}" "${main}" "$@"\n`, {
    mode: 0o755,
  });
}

/** The documents a reader follows: the README, `docs/` and each package's README. */
export function listDocuments(): string[] {
  const docs = existsSync(join(ROOT, 'docs'))
    ? readdirSync(join(ROOT, 'docs'))
        .filter((name) => name.endsWith('.md'))
        .sort()
    : [];
  return [
    'README.md',
    ...docs.map((name) => `docs/${name}`),
    ...listWorkspace().map(({ path }) => `${path}/README.md`),
  ].filter((path) => existsSync(join(ROOT, path)));
}

/** What the documents show is what happens. */
export const documentGate: Gate = {
  name: 'documents',
  guards: 'commands and programs in the documents do what is shown',
  run(): GateResult {
    const copy = realpathSync(mkdtempSync(join(tmpdir(), 'exoarmur-docs-')));
    try {
      copyWorkTree(copy);
      installCommand(copy);
      let examined = 0;
      const findings = listDocuments().flatMap((path) => {
        const blocks = parseBlocks(readFileSync(join(ROOT, path), 'utf8'));
        examined += blocks.length;
        const home = dirname(path);
        const snippets = /^(?:packages|apps)\//.test(path) ? home : 'apps/cli';
        return runBlocks(blocks, copy, join(copy, snippets)).map((finding) => `${path}:${finding}`);
      });
      return { examined, unit: 'blocks', findings };
    } finally {
      rmSync(copy, { recursive: true, force: true });
    }
  },
};
