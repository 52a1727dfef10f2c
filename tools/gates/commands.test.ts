import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findUnannounced } from './commands.ts';
import { isPassed, runCommand, toFindings } from './gate.ts';
import { inspectTarball } from './packages.ts';

const audit = { name: '@exoarmur/audit', version: '0.2.0', changelog: '' };

describe('changesets', () => {
  it('refuses a package that nothing announces', () => {
    expect(findUnannounced([audit], ['---\n"@exoarmur/replay": patch\n---\n\nAbout @exoarmur/audit'])).toHaveLength(1);
  });

  it('accepts a changeset or a changelog entry of the very version', () => {
    expect(findUnannounced([audit], ["---\n'@exoarmur/audit': minor\n---\n\nNew."])).toEqual([]);
    expect(findUnannounced([{ ...audit, changelog: '# x\n\n## 0.2.0\n' }], [])).toEqual([]);
    expect(findUnannounced([{ ...audit, changelog: '# x\n\n## 0.2.0-rc.1\n' }], [])).toHaveLength(1);
  });
});

describe('a gate', () => {
  it('has not passed when it examined nothing', () => {
    expect(isPassed({ examined: 0, unit: 'files', findings: [] })).toBe(false);
    expect(isPassed({ examined: 1, unit: 'files', findings: ['x'] })).toBe(false);
    expect(isPassed({ examined: 1, unit: 'files', findings: [] })).toBe(true);
  });

  it('reports a tool that failed without a word, and one that could not start', () => {
    expect(toFindings(runCommand(process.execPath, ['-e', 'process.exit(4)']))).toEqual([
      'exit code 4 without a message',
    ]);
    expect(toFindings(runCommand('no-such-program', []))).not.toEqual([]);
  });
});

describe('tarballs', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'exoarmur-tarball-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function pack(exports: object, files: Record<string, string>): string {
    mkdirSync(join(folder, 'package', 'dist'), { recursive: true });
    const manifest = { name: 'sample', version: '1.0.0', license: 'Apache-2.0', type: 'module', exports };
    for (const [path, text] of Object.entries({ 'package.json': JSON.stringify(manifest), ...files }))
      writeFileSync(join(folder, 'package', path), text);
    runCommand('tar', ['-czf', 'sample-1.0.0.tgz', 'package'], { cwd: folder });
    return join(folder, 'sample-1.0.0.tgz');
  }
  const exports = { '.': { types: './dist/index.d.ts', default: './dist/index.js' } };
  const types = { 'dist/index.d.ts': 'export declare const answer: number;\n' };
  const code = { 'dist/index.js': 'export const answer = 42;\n' };

  it(
    'refuses an export whose file is missing',
    () => expect(inspectTarball(pack(exports, types))).not.toEqual([]),
    60_000,
  );
  it('refuses an export without types', () => expect(inspectTarball(pack(exports, code))).not.toEqual([]), 60_000);
  it(
    'accepts an export that is there with its types',
    () => expect(inspectTarball(pack(exports, { ...types, ...code }))).toEqual([]),
    60_000,
  );
});
