import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { askProvider, hashArtifact, parseProviderTrust } from '@exoarmur/governance-artifacts';
import { PROVIDER_RUNTIMES, readProviderPackage } from '@exoarmur/governance-runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runKit } from './run-kit.ts';

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'exoarmur-kit-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

async function kit(...args: string[]) {
  const written = { out: '', err: '' };
  const exitCode = await runKit(args, {
    cwd: folder,
    out: (text) => {
      written.out += text;
    },
    err: (text) => {
      written.err += text;
    },
  });
  return { exitCode, ...written };
}

describe('exoarmur-provider', () => {
  it('creates a package that passes its test, and fails when the provider changes its mind', async () => {
    expect(await kit('create', 'risk', '--type', 'risk_assessment', '--name', '@acme/risk')).toMatchObject({
      exitCode: 0,
    });
    const passed = await kit('test', 'risk');
    expect(passed).toMatchObject({ exitCode: 0, err: '' });
    expect(passed.out).toContain('ok    golden/refused.json: level_not_accepted');
    const provider = join(folder, 'risk/provider.js');
    const source = readFileSync(provider, 'utf8');
    // It accepts every level, and falls over what is no text.
    const sloppy = source.replace(/if \(typeof artifact.level[\s\S]*?\n {4}\}\n/, 'artifact.level.trim();\n');
    writeFileSync(provider, sloppy.replace('accepted.includes(artifact.level)', 'accepted.includes("low")'));
    const failed = await kit('test', 'risk');
    expect(failed.exitCode).toBe(1);
    expect(failed.out).toContain('FAIL  golden/refused.json: expected level_not_accepted, found valid');
    expect(failed.out).toContain('FAIL  risk_assessment: hostile, empty: expected an answer, found PROVIDER_CRASHED');
  });

  it('finds a package without a case that is refused', async () => {
    await kit('create', 'one-sided', '--type', 'risk_assessment', '--runtime', 'wasm');
    rmSync(join(folder, 'one-sided/golden/refused.json'));
    const { out, exitCode } = await kit('test', 'one-sided');
    expect(out).toContain('a golden case that is not: expected present, found absent');
    expect(exitCode).toBe(1);
  });

  it('creates a compiled package that passes the same test with the same golden cases', async () => {
    const created = await kit(
      'create',
      'compiled',
      '--type',
      'risk_assessment',
      '--name',
      '@acme/compiled',
      '--runtime',
      'wasm',
    );
    expect(created).toMatchObject({ exitCode: 0, err: '' });
    expect(created.out).toContain('compiled/assembly/provider.ts\n');
    const { out, exitCode } = await kit('test', 'compiled');
    expect(out).toContain('ok    golden/accepted.json: valid');
    expect(out).toContain('ok    golden/refused.json: level_not_accepted');
    expect(out).toContain('ok    risk_assessment: hostile, text of many scripts: valid');
    expect(out).toMatch(/PASS {2}@acme\/compiled 0\.1\.0, 12 checks\n$/);
    expect(exitCode).toBe(0);
    const trust = parseProviderTrust(new TextEncoder().encode((await kit('trust', 'compiled')).out));
    expect(trust.providers).toMatchObject([{ runtime: 'wasm', files: { 'provider.wasm': expect.any(String) } }]);
  });

  it.each(['process', 'wasm'] as const)(
    'creates one that takes an artifact of the largest size: %s',
    async (runtime) => {
      const name = `largest-${runtime}`;
      await kit('create', name, '--type', 'risk_assessment', '--runtime', runtime);
      const { version, providers } = readProviderPackage(join(folder, name));
      const [provider] = providers;
      if (provider === undefined) throw new Error('the template declares no provider');
      const artifact = { assessed_by: 'operator-1', level: 'low', text: '' };
      artifact.text = 'x'.repeat(1_048_576 - JSON.stringify(artifact).length);
      const run = (request: Uint8Array) => PROVIDER_RUNTIMES[runtime](provider.bytes, request);
      const configuration = { accepted_levels: ['low'] };
      const artifactHash = hashArtifact('risk_assessment.v1', artifact);
      const question = { schemaVersion: 'risk_assessment.v1', artifact, artifactHash, subject: null };
      const answer = await askProvider({ ...provider, package: name, version, configuration, run }, question);
      expect(answer).toEqual({ code: 'SEMANTIC_VALID', reason: null });
    },
  );

  it('proposes a trust file that the verifier reads, with the words of the operator', async () => {
    await kit('create', 'trusted', '--type', 'risk_assessment');
    writeFileSync(join(folder, 'words.json'), '{"accepted_levels":["low"]}');
    const { out } = await kit('trust', 'trusted', '--configuration', 'words.json');
    expect(parseProviderTrust(new TextEncoder().encode(out)).providers).toMatchObject([
      { package: 'trusted', version: '0.1.0', runtime: 'process', configuration: { accepted_levels: ['low'] } },
    ]);
  });

  it.each<[string, string[], string]>([
    ['no type', ['create', 'x'], 'KIT_USAGE'],
    ['a runtime of its own', ['create', 'x', '--type', 'risk', '--runtime', 'import'], 'KIT_USAGE'],
    ['an unknown option', ['create', 'x', '--kind', 'y'], 'KIT_USAGE'],
    ['two folders', ['test', 'x', 'y'], 'KIT_USAGE'],
    ['a type in capitals', ['create', 'x', '--type', 'Risk'], 'KIT_NAME_MALFORMED'],
    ['a name that climbs', ['create', 'x', '--type', 'risk', '--name', '../x'], 'KIT_NAME_MALFORMED'],
    ['a folder that exists', ['create', '.', '--type', 'risk', '--name', 'x'], 'KIT_FOLDER_EXISTS'],
    ['no package', ['trust', 'nowhere'], 'PROVIDER_PACKAGE_MISSING'],
    ['no configuration', ['trust', '.', '--configuration', 'none.json'], 'KIT_FILE_UNREADABLE'],
    ['no command', [], 'usage:'],
  ])('refuses %s', async (_what, args, code) => {
    expect(await kit(...args)).toMatchObject({ exitCode: 2, out: '', err: expect.stringContaining(code) });
  });

  it.each([[['--help']], [['-h']], [['create', '--help']]])('prints its usage for %j', async (args) => {
    expect(await kit(...args)).toMatchObject({ exitCode: 0, out: expect.stringMatching(/^usage: /), err: '' });
  });

  it('refuses golden cases that are malformed', async () => {
    await kit('create', 'golden', '--type', 'risk_assessment');
    for (const text of [
      '{',
      '[]',
      '{"schema_version":"risk_assessment.v1","artifact":{},"expected":"Valid!"}',
      '{"note":1}',
    ]) {
      writeFileSync(join(folder, 'golden/golden/bad.json'), text);
      expect(await kit('test', 'golden')).toMatchObject({
        exitCode: 2,
        err: expect.stringContaining('KIT_GOLDEN_MALFORMED'),
      });
    }
  });
});
