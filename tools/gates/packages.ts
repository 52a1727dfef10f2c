import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Gate, type GateResult, ROOT, runCommand, runScript, toFindings } from './gate.ts';
import { listWorkspace } from './workspace.ts';

/** Judges the tarball of one package: its entries exist and its types resolve for users of ES modules. */
export function inspectTarball(tarball: string): string[] {
  const lint = runScript('publint/src/cli.js', [tarball, '--strict']);
  const types = runScript('@arethetypeswrong/cli/dist/index.js', [
    tarball,
    '--profile',
    'esm-only',
    '--format',
    'ascii',
    '--no-emoji',
    '--no-color',
  ]);
  return [...toFindings(lint, 8), ...toFindings(types, 12)];
}

/** Packs a package folder into `target` as it would be published, and returns the path of the tarball. */
export function packFolder(folder: string, target: string): { tarball: string; findings: string[] } {
  const outcome = runCommand('pnpm', ['pack', '--pack-destination', target], { cwd: folder });
  const tarball = readdirSync(target).find((name) => name.endsWith('.tgz'));
  return {
    tarball: join(target, tarball ?? ''),
    findings: tarball === undefined ? ['nothing was packed', ...toFindings(outcome, 5)] : toFindings(outcome, 5),
  };
}

/** What users install works: each package is packed as published, and the tarball is inspected. */
export const packageGate: Gate = {
  name: 'packages',
  guards: 'published tarballs resolve, with their types',
  run(): GateResult {
    const packages = listWorkspace().filter(({ manifest, hasSources }) => manifest.private !== true && hasSources);
    const findings = packages.flatMap(({ path }) => {
      const target = mkdtempSync(join(tmpdir(), 'exoarmur-pack-'));
      try {
        const packed = packFolder(join(ROOT, path), target);
        const found = packed.findings.length > 0 ? packed.findings : inspectTarball(packed.tarball);
        return found.map((finding) => `${path}: ${finding}`);
      } finally {
        rmSync(target, { recursive: true, force: true });
      }
    });
    return { examined: packages.length, unit: 'tarballs', findings };
  },
};
