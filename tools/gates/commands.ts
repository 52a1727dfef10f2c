import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Gate, type GateResult, ROOT, runScript, toFindings } from './gate.ts';
import { listFiles, listWorkspace } from './workspace.ts';

/** Formatting and lint of every file; warnings count. */
export const formatGate: Gate = {
  name: 'format',
  guards: 'one form, no lint warning',
  run(): GateResult {
    const outcome = runScript('@biomejs/biome/bin/biome', [
      'check',
      '--error-on-warnings',
      '--max-diagnostics=30',
      '--colors=off',
      '.',
    ]);
    const examined = Number(/Checked (\d+) files?/.exec(`${outcome.stdout}${outcome.stderr}`)?.[1] ?? 0);
    const places = toFindings(outcome, 400).filter((line) =>
      /^\S+(?::\d+:\d+)? (?:lint|format|parse|assist|suppressions|organizeImports)/.test(line),
    );
    return {
      examined,
      unit: 'files',
      findings: outcome.status === 0 ? [] : places.length > 0 ? places : toFindings(outcome),
    };
  },
};

/** Types of sources, tests and tools. */
export const typeGate: Gate = {
  name: 'types',
  guards: 'strict types everywhere, tests and tools included',
  run(): GateResult {
    const outcome = runScript('typescript/bin/tsc', ['-p', 'tsconfig.json', '--noEmit', '--listFilesOnly']);
    const examined = outcome.stdout
      .split('\n')
      .filter((path) => path.startsWith(ROOT.replaceAll('\\', '/')) && !path.includes('node_modules')).length;
    return {
      examined,
      unit: 'files',
      findings: toFindings(runScript('typescript/bin/tsc', ['-p', 'tsconfig.json', '--noEmit', '--pretty', 'false'])),
    };
  },
};

/** Unused files, exports and dependencies. */
export const unusedGate: Gate = {
  name: 'unused',
  guards: 'no file, export or dependency without a user',
  run(): GateResult {
    const outcome = runScript('knip/bin/knip.js', ['--no-progress', '--reporter', 'compact']);
    const examined = ['packages', 'apps', 'tools'].flatMap((folder) =>
      listFiles(ROOT, folder, (path) => path.endsWith('.ts')),
    ).length;
    return { examined, unit: 'files', findings: toFindings(outcome) };
  },
};

/** Says which published packages no changeset and no changelog entry of their version mentions. */
export function findUnannounced(
  packages: readonly { readonly name: string; readonly version: string; readonly changelog: string }[],
  changesets: readonly string[],
): string[] {
  const announced = new Set(
    changesets.flatMap((text) =>
      [...(text.split('---')[1] ?? '').matchAll(/['"]([^'"]+)['"]\s*:/g)].map((match) => match[1]),
    ),
  );
  return packages
    .filter(({ name, version, changelog }) => !announced.has(name) && !changelog.split('\n').includes(`## ${version}`))
    .map(({ name, version }) => `${name}@${version}: neither a changeset nor a changelog entry tells users about it`);
}

/** Every publishable package is announced to its users. */
export const changesetGate: Gate = {
  name: 'changesets',
  guards: 'every published change is told to users',
  run(): GateResult {
    const changesets = listFiles(ROOT, '.changeset', (path) => path.endsWith('.md') && !path.endsWith('README.md'));
    const packages = listWorkspace()
      .filter(({ manifest, hasSources }) => manifest.private !== true && hasSources)
      .map(({ path, manifest }) => {
        const [changelog] = listFiles(ROOT, path, (file) => file === `${path}/CHANGELOG.md`);
        return { ...manifest, changelog: changelog === undefined ? '' : readFileSync(join(ROOT, changelog), 'utf8') };
      });
    return {
      examined: packages.length,
      unit: 'packages',
      findings: findUnannounced(
        packages,
        changesets.map((path) => readFileSync(join(ROOT, path), 'utf8')),
      ),
    };
  },
};
