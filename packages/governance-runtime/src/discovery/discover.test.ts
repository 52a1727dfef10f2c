import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { canonicalize, encodeUtf8 } from '@exoarmur/canonical';
import { type ProviderRun, parseProviderTrust } from '@exoarmur/governance-artifacts';
import { afterAll, describe, expect, it, vi } from 'vitest';
import {
  createProject,
  installNpm,
  installPnpm,
  type PackageDraft,
  removeProjects,
  trustIn,
  trustOf,
  writePackage,
} from '../../test/install.ts';
import { answering } from '../../test/wasm-builder.ts';
import type { ProviderRuntimes } from '../runtimes.ts';
import { RUN_DEADLINE_MS } from './deadline.ts';
import { discoverProviders } from './discover.ts';

const DRAFT: PackageDraft = { bytes: answering(encodeUtf8('{}')) };

afterAll(removeProjects);

let runs = 0;
const counted = async () => {
  runs += 1;
  return { outcome: 'crashed' as const };
};
const runtimes: ProviderRuntimes = { wasm: counted, process: counted };
const discover = (projectRoot: string, ...trusted: Parameters<typeof trustOf>) =>
  discoverProviders({ projectRoot, trust: trustOf(...trusted), runtimes });
const codeOf = (projectRoot: string, ...trusted: Parameters<typeof trustOf>) =>
  discover(projectRoot, ...trusted).providers.map(({ denied }) => denied);

describe('discovery', () => {
  it.each([
    ['npm', installNpm],
    ['pnpm', installPnpm],
  ])('finds a trusted package in the layout of %s', (_layout, install) => {
    const root = createProject();
    install(root, DRAFT);
    const directory = discover(root, trustIn(DRAFT, { configuration: { keys: ['k'] } }));
    expect(directory.providers).toEqual([
      {
        package: '@acme/provider',
        version: '1.2.3',
        artifact_type: 'policy_snapshot',
        runtime: 'wasm',
        digest: trustIn(DRAFT).files['provider.wasm'],
        denied: null,
      },
    ]);
    const found = directory.find('policy_snapshot');
    expect(found).toMatchObject({
      status: 'available',
      provider: { version: '1.2.3', configuration: { keys: ['k'] } },
    });
    expect(directory.find('risk_assessment')).toEqual({ status: 'unavailable' });
    expect(Object.isFrozen(directory.providers) && Object.isFrozen(directory)).toBe(true);
  });

  it('takes nothing that the operator does not name, keywords or not', () => {
    const root = createProject();
    installNpm(root, DRAFT);
    expect(discover(root).providers).toEqual([]);
    expect(discover(root).find('policy_snapshot')).toEqual({ status: 'unavailable' });
  });

  it('runs nothing, and a hostile file on disk has no chance to', () => {
    const root = createProject();
    const marker = join(root, 'marker');
    const bytes = encodeUtf8(`require('node:fs').writeFileSync(${JSON.stringify(marker)}, '')`);
    const draft: PackageDraft = { bytes, runtime: 'process', entry: 'index.cjs' };
    const folder = installNpm(root, draft);
    writeFileSync(join(folder, 'index.js'), bytes);
    runs = 0;
    expect(codeOf(root, trustIn(draft))).toEqual([null]);
    expect(runs).toBe(0);
    expect(() => truncateSync(marker)).toThrow(/ENOENT/);
  });

  it('holds the bytes that it hashed, whatever becomes of the file', async () => {
    const root = createProject();
    const folder = installNpm(root, DRAFT);
    let ran: Uint8Array | undefined;
    const wasm = async (entry: Uint8Array) => {
      ran = entry;
      return { outcome: 'crashed' as const };
    };
    const directory = discoverProviders({
      projectRoot: root,
      trust: trustOf(trustIn(DRAFT)),
      runtimes: { ...runtimes, wasm },
    });
    writeFileSync(join(folder, 'provider.wasm'), 'swapped');
    const listing = directory.find('policy_snapshot');
    if (listing.status === 'available') await listing.provider.run(new Uint8Array());
    expect(ran).toEqual(DRAFT.bytes);
  });

  it('waits for a runtime until it must have ended by its own bounds, and not for ever', async () => {
    const root = createProject();
    installNpm(root, DRAFT);
    const told: unknown[] = [];
    const ask = (wasm: () => Promise<ProviderRun>) => {
      const trust = trustOf(trustIn(DRAFT));
      const listing = discoverProviders({ projectRoot: root, trust, runtimes: { ...runtimes, wasm } }).find(
        'policy_snapshot',
      );
      if (listing.status === 'available') listing.provider.run(new Uint8Array()).then(keep, keep);
    };
    const keep = (value: unknown) => told.push(value);
    vi.useFakeTimers();
    try {
      ask(() => new Promise(() => undefined));
      ask(async () => ({ outcome: 'malformed' }));
      ask(() => Promise.reject('out'));
      await vi.advanceTimersByTimeAsync(RUN_DEADLINE_MS - 1);
      expect(told).toEqual([{ outcome: 'malformed' }, 'out']);
      expect(vi.getTimerCount()).toBe(1);
      await vi.advanceTimersByTimeAsync(1);
      expect(told[2]).toEqual({ outcome: 'timed_out' });
    } finally {
      vi.useRealTimers();
    }
  });

  it('takes the one package of two that is installed', () => {
    const root = createProject();
    installNpm(root, DRAFT);
    const other: PackageDraft = { ...DRAFT, name: '@acme/other' };
    expect(codeOf(root, trustIn(other), trustIn(DRAFT))).toEqual(['PROVIDER_PACKAGE_MISSING', null]);
    expect(discover(root, trustIn(other), trustIn(DRAFT)).find('policy_snapshot').status).toBe('available');
  });

  it('does not depend on the order of the list or of the installation', () => {
    const a: PackageDraft = { ...DRAFT, name: '@acme/a', artifactType: 'type_a' };
    const b: PackageDraft = { ...DRAFT, name: '@acme/b', artifactType: 'type_b' };
    const [first, second] = [createProject(), createProject()];
    for (const draft of [a, b]) installNpm(first, draft);
    for (const draft of [b, a]) installPnpm(second, draft);
    expect(canonicalize(discover(first, trustIn(a), trustIn(b)).providers)).toBe(
      canonicalize(discover(second, trustIn(b), trustIn(a)).providers),
    );
  });
});

describe('a provider is denied', () => {
  it.each<[string, Partial<PackageDraft>, Parameters<typeof trustIn>[1]]>([
    ['PROVIDER_NAME_MISMATCH', { name: '@acme/other' }, {}],
    ['PROVIDER_VERSION_MISMATCH', { version: '1.2.4' }, {}],
    ['PROVIDER_DESCRIPTOR_INVALID', { exoarmur: { governanceArtifacts: { descriptorVersion: 2, providers: [] } } }, {}],
    ['PROVIDER_DESCRIPTOR_INVALID', { exoarmur: 7 }, {}],
    ['PROVIDER_DESCRIPTOR_INVALID', { schemaVersions: ['another.v1'] }, {}],
    ['PROVIDER_RUNTIME_NOT_ALLOWED', {}, { runtime: 'process' }],
    ['PROVIDER_FILE_UNLISTED', {}, { files: {} }],
    ['PROVIDER_DIGEST_MISMATCH', { bytes: encodeUtf8('altered') }, {}],
  ])('%s', (code, installed, trusted) => {
    const root = createProject();
    const folder = join(root, 'node_modules', '@acme', 'provider');
    mkdirSync(folder, { recursive: true });
    writePackage(folder, { ...DRAFT, ...installed });
    const directory = discover(root, trustIn(DRAFT, trusted));
    expect(directory.providers.map(({ denied, digest }) => [denied, digest])).toEqual([[code, null]]);
    expect(directory.find('policy_snapshot')).toEqual({ status: 'untrusted' });
  });

  it('PROVIDER_PACKAGE_MISSING, which leaves the type unavailable', () => {
    const root = createProject();
    expect(codeOf(root, trustIn(DRAFT))).toEqual(['PROVIDER_PACKAGE_MISSING']);
    expect(discover(root, trustIn(DRAFT)).find('policy_snapshot')).toEqual({ status: 'unavailable' });
  });

  it('PROVIDER_LAYOUT_UNSUPPORTED under Yarn PnP', () => {
    const root = createProject();
    writeFileSync(join(root, '.pnp.cjs'), '');
    expect(codeOf(root, trustIn(DRAFT))).toEqual(['PROVIDER_LAYOUT_UNSUPPORTED']);
  });

  it('PROVIDER_TYPE_NOT_ALLOWED and PROVIDER_TYPE_NOT_DECLARED when list and package differ', () => {
    const root = createProject();
    installNpm(root, DRAFT);
    expect(codeOf(root, trustIn(DRAFT, { artifact_types: ['risk_assessment'] }))).toEqual([
      'PROVIDER_TYPE_NOT_ALLOWED',
      'PROVIDER_TYPE_NOT_DECLARED',
    ]);
  });

  it('PROVIDER_CONFLICT when two packages claim one type, whichever is listed first', () => {
    const root = createProject();
    const other: PackageDraft = { ...DRAFT, name: '@acme/other' };
    for (const draft of [DRAFT, other]) installNpm(root, draft);
    for (const trusted of [
      [trustIn(DRAFT), trustIn(other)],
      [trustIn(other), trustIn(DRAFT)],
      [trustIn(DRAFT), trustIn(DRAFT)],
    ]) {
      const directory = discover(root, ...trusted);
      expect(directory.providers.map(({ denied }) => denied)).toEqual(['PROVIDER_CONFLICT', 'PROVIDER_CONFLICT']);
      expect(directory.find('policy_snapshot')).toEqual({ status: 'conflict' });
    }
  });

  it('PROVIDER_PACKAGE_UNREADABLE for a manifest that is no strict JSON, is too large or is a folder', () => {
    const root = createProject();
    const folder = installNpm(root, DRAFT);
    const manifest = join(folder, 'package.json');
    for (const text of ['{"name":"a","name":"b"}', '[]', 'null', ' '.repeat(300_000)]) {
      writeFileSync(manifest, text);
      expect(codeOf(root, trustIn(DRAFT))).toEqual(['PROVIDER_PACKAGE_UNREADABLE']);
    }
    renameSync(manifest, `${manifest}.old`);
    mkdirSync(manifest);
    expect(codeOf(root, trustIn(DRAFT))).toEqual(['PROVIDER_PACKAGE_UNREADABLE']);
  });

  it('and nobody waits for a manifest that is a pipe without a writer', () => {
    const root = createProject();
    const folder = installNpm(root, DRAFT);
    const manifest = join(folder, 'package.json');
    rmSync(manifest);
    // Where there are no pipes in the file system a folder has to do.
    if (process.platform === 'win32') mkdirSync(manifest);
    else execFileSync('mkfifo', [manifest]);
    // In a process of its own: whoever waits here would wait for ever.
    const script = `
      import { discoverProviders } from ${JSON.stringify(new URL('./discover.ts', import.meta.url).href)};
      const directory = discoverProviders(${JSON.stringify({ projectRoot: root, trust: trustOf(trustIn(DRAFT)), runtimes: {} })});
      console.log(directory.providers[0].denied);
    `;
    const options = ['--conditions=@exoarmur/source', '--no-warnings', '--input-type=module', '--eval', script];
    const { stdout } = spawnSync(process.execPath, options, { encoding: 'utf8', timeout: 25_000 });
    expect(stdout).toBe('PROVIDER_PACKAGE_UNREADABLE\n');
  });

  it('PROVIDER_FILE_UNREADABLE for an entry that is not there or too large', () => {
    const root = createProject();
    const folder = installNpm(root, DRAFT);
    writeFileSync(join(folder, 'provider.wasm'), new Uint8Array(1_048_577));
    expect(codeOf(root, trustIn(DRAFT))).toEqual(['PROVIDER_FILE_UNREADABLE']);
    renameSync(join(folder, 'provider.wasm'), join(folder, 'elsewhere.wasm'));
    expect(codeOf(root, trustIn(DRAFT))).toEqual(['PROVIDER_FILE_UNREADABLE']);
  });

  it('PROVIDER_OUTSIDE_ROOT when the package is a link out of the project', () => {
    const [root, outside] = [createProject(), createProject()];
    writePackage(outside, DRAFT);
    mkdirSync(join(root, 'node_modules', '@acme'), { recursive: true });
    symlinkSync(outside, join(root, 'node_modules', '@acme', 'provider'), 'junction');
    expect(codeOf(root, trustIn(DRAFT))).toEqual(['PROVIDER_OUTSIDE_ROOT']);
    // A sibling whose name starts like the root is outside as well.
    const sibling = `${root}-sibling`;
    renameSync(outside, sibling);
    symlinkSync(sibling, join(root, 'node_modules', '@acme', 'sibling'), 'junction');
    expect(codeOf(root, trustIn({ ...DRAFT, name: '@acme/sibling' }))).toEqual(['PROVIDER_OUTSIDE_ROOT']);
  });

  it('PROVIDER_OUTSIDE_ROOT when the entry lies behind a link out of the package', () => {
    const [root, outside] = [createProject(), createProject()];
    const draft = { ...DRAFT, entry: 'dist/provider.wasm' };
    writeFileSync(join(outside, 'provider.wasm'), DRAFT.bytes);
    const folder = installNpm(root, draft);
    renameSync(join(folder, 'dist'), join(folder, 'own'));
    symlinkSync(outside, join(folder, 'dist'), 'junction');
    expect(codeOf(root, trustIn(draft))).toEqual(['PROVIDER_OUTSIDE_ROOT']);
  });
});

describe('a trust file', () => {
  const parse = (value: unknown) => parseProviderTrust(encodeUtf8(JSON.stringify(value)));
  it('is read as it was written', () => {
    expect(parse(trustOf(trustIn(DRAFT)))).toEqual(trustOf(trustIn(DRAFT)));
  });
  it.each<[string, Record<string, unknown>, string]>([
    ['a range of versions', { version: '^1.2.3' }, '/providers/0/version'],
    ['a tag', { version: 'latest' }, '/providers/0/version'],
    ['a name that climbs', { package: '../outside' }, '/providers/0/package'],
    [
      'a file that climbs',
      { files: { '../a.js': trustIn(DRAFT).files['provider.wasm'] } },
      '/providers/0/files/../a.js',
    ],
    ['an absolute file', { files: { '/a.js': trustIn(DRAFT).files['provider.wasm'] } }, '/providers/0/files/~1a.js'],
    ['a runtime in process', { runtime: 'import' }, '/providers/0/runtime'],
    ['no type', { artifact_types: [] }, '/providers/0/artifact_types'],
  ])('is refused with %s', (_what, change, pointer) => {
    const trusted = { ...trustIn(DRAFT), ...change };
    const refused = () => parse({ schema: 'exoarmur.provider-trust/1', providers: [trusted] });
    expect(refused).toThrow(expect.objectContaining({ code: 'GOVERNANCE_TRUST_MALFORMED' }));
    expect(refused).toThrow(expect.objectContaining({ pointer: expect.stringContaining(pointer.slice(0, 18)) }));
  });
});
