import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const GUIDE = join(ROOT, 'docs/providers.md');
const TEMPLATE = fileURLToPath(new URL('../templates/wasm/provider.wasm', import.meta.url));
let folder = '';
let project = '';

/** Folders of the asked packages and of all of the workspace that they need, by name. */
function closureOf(names: readonly string[]): Map<string, string> {
  const packages = new Map<string, { readonly path: string; readonly needs: readonly string[] }>();
  for (const parent of ['packages', 'apps']) {
    for (const entry of readdirSync(join(ROOT, parent))) {
      const path = join(ROOT, parent, entry);
      const { name, dependencies = {} } = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8')) as {
        name: string;
        dependencies?: Record<string, string>;
      };
      packages.set(name, { path, needs: Object.keys(dependencies) });
    }
  }
  const closure = new Map<string, string>();
  const visit = (name: string): void => {
    const found = packages.get(name);
    if (found === undefined || closure.has(name)) return;
    closure.set(name, found.path);
    found.needs.forEach(visit);
  };
  names.forEach(visit);
  return closure;
}

function pnpm(args: readonly string[], cwd: string): void {
  const shell = process.platform === 'win32';
  execFileSync('pnpm', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], shell });
}

const blocksOf = (info: string): string[] =>
  [...readFileSync(GUIDE, 'utf8').matchAll(/^```(sh[^\n]*)\n([\s\S]*?)^```$/gm)]
    .filter((match) => match[1] === info)
    .map((match) => match[2] ?? '');

/** What the guide tells to install from the registry: packages of the workspace, and others with their exact version. */
function readInstalls(): { readonly own: readonly string[]; readonly others: Readonly<Record<string, string>> } {
  const words = blocksOf('sh install').flatMap((text) => text.trim().split(/\s+/));
  const names = words.filter((word) => !['npm', 'install', '--save-dev'].includes(word));
  const others = names
    .filter((name) => !name.startsWith('@exoarmur/'))
    .map((name) => name.split('@') as [string, string]);
  return { own: names.filter((name) => name.startsWith('@exoarmur/')), others: Object.fromEntries(others) };
}

/** The other commands of the guide, in order, as a reader would type them. */
function readCommands(): string {
  const blocks = blocksOf('sh');
  expect(blocks.length).toBeGreaterThanOrEqual(8);
  // What the guide takes from the registry was installed from tarballs; `npx` would look there as well.
  return blocks
    .join('')
    .replaceAll(/npm install --save-dev \.\/(\S+)/g, 'pnpm add --offline --save-dev link:./$1')
    .replaceAll(/\bnpx /g, '');
}

beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'exoarmur-fresh-')));
  const tarballs = join(folder, 'tarballs');
  project = join(folder, 'project');
  for (const made of [tarballs, project]) mkdirSync(made);
  const overrides: Record<string, string> = {};
  const { own, others } = readInstalls();
  expect([own, Object.keys(others)]).toEqual([
    ['@exoarmur/cli', '@exoarmur/governance-provider-kit'],
    ['assemblyscript'],
  ]);
  for (const [name, path] of closureOf(own)) {
    const before = new Set(readdirSync(tarballs));
    pnpm(['pack', '--pack-destination', tarballs], path);
    const packed = readdirSync(tarballs).find((file) => !before.has(file));
    overrides[name] = `file:${join(tarballs, packed ?? '')}`;
  }
  const devDependencies = { ...Object.fromEntries(own.map((name) => [name, overrides[name]])), ...others };
  const manifest = { name: 'verifier', private: true, type: 'module', devDependencies };
  writeFileSync(join(project, 'package.json'), JSON.stringify(manifest));
  const settings = { packages: ['.'], overrides, hoist: false, minimumReleaseAge: 0 };
  writeFileSync(join(project, 'pnpm-workspace.yaml'), JSON.stringify(settings));
  // Only the compiler is not in the store.
  pnpm(['install', '--prefer-offline', '--ignore-scripts'], project);
}, 300_000);

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('the guide for providers', () => {
  it('goes as written, outside of the workspace and with packed packages, to a provider that is enforced', () => {
    const path = [join(project, 'node_modules/.bin'), process.env.PATH ?? ''].join(delimiter);
    const env = { ...process.env, PATH: path };
    const run = spawnSync('sh', ['-e', '-c', readCommands()], { cwd: project, env, encoding: 'utf8' });
    expect(run.stderr).toBe('');
    expect(run.status).toBe(0);
    expect(run.stdout).toMatch(/PASS {2}@acme\/level-provider 0\.1\.0, \d+ checks/);
    expect(run.stdout).toMatch(/risk_level\.v1 +SEMANTIC_VALID {2}\(provider 0\.1\.0\)/);
    // The module that comes with the template is what its sources compile to.
    expect(readFileSync(join(project, 'level-provider/provider.wasm'))).toEqual(readFileSync(TEMPLATE));
    expect(run.stdout).toMatch(/PASS {2}@acme\/risk-provider 0\.1\.0, \d+ checks/);
    expect(run.stdout).toMatch(/risk_assessment\.v1 +SEMANTIC_VALID {2}\(provider 0\.1\.0\)/);
    expect(run.stdout).toContain('Enforcement: PASS, 1 of 1 required satisfied, core verdict PASS');
    expect(run.stdout).toContain('MANIFEST_ABSENT  risk_assessment');
    expect(run.stdout).toContain('refused with exit code 1');
  }, 240_000);
});
