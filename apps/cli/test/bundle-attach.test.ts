import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { attachArtifacts } from '@exoarmur/boundary-v2';
import { canonicalizeToBytes, createSigner, decodeUtf8, encodeUtf8 } from '@exoarmur/canonical';
import { MAX_BUNDLE_BYTES } from '@exoarmur/contracts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readKeyFile } from '../src/key-file.ts';
import { GovernanceDesk } from './governance-desk.ts';

const desk = new GovernanceDesk();

beforeAll(async () => {
  await desk.open();
  await desk.attach('attached.json', '--artifact', 'a.v1=receipt.json');
});

afterAll(() => {
  desk.close();
});

describe('bundle attach', () => {
  test.each<[string, readonly string[], number, string]>([
    [
      'a second time',
      ['attached.json', '--key', 'demo/boundary.key', '--artifact', 'a.v1=receipt.json'],
      2,
      'BOUNDARY_ARTIFACTS_PRESENT',
    ],
    [
      'with the key of somebody else',
      ['demo/proof-bundle.json', '--key', 'other.key', '--artifact', 'a.v1=receipt.json'],
      2,
      'BOUNDARY_SIGNER_FOREIGN',
    ],
    [
      'without a version',
      ['demo/proof-bundle.json', '--key', 'demo/boundary.key', '--artifact', 'receipt.json'],
      2,
      'CLI_ARTIFACT_MALFORMED',
    ],
    [
      'a list',
      ['demo/proof-bundle.json', '--key', 'demo/boundary.key', '--artifact', 'a.v1=list.json'],
      2,
      'CLI_ARTIFACT_MALFORMED',
    ],
    [
      'under a malformed version',
      ['demo/proof-bundle.json', '--key', 'demo/boundary.key', '--artifact', 'a.1=receipt.json'],
      2,
      'GOVERNANCE_MANIFEST_MALFORMED',
    ],
    [
      'the same twice',
      [
        'demo/proof-bundle.json',
        '--key',
        'demo/boundary.key',
        '--artifact',
        'a.v1=receipt.json',
        '--artifact',
        'a.v1=receipt.json',
      ],
      2,
      'GOVERNANCE_MANIFEST_MALFORMED',
    ],
  ])('refuses %s', async (_what, args, exitCode, code) => {
    writeFileSync(desk.path('list.json'), '[]');
    if (!existsSync(desk.path('other.key'))) {
      await desk.run(['keys', 'generate', '--name', 'demo.exoarmur.example/demo', '--out', 'other.key']);
    }
    expect(await desk.run(['bundle', 'attach', ...args, '--out', 'refused.json'])).toMatchObject({
      exitCode,
      err: expect.stringContaining(code),
    });
    expect(existsSync(desk.path('refused.json'))).toBe(false);
  });

  test('leaves an existing file alone and signs nothing that does not verify', async () => {
    expect(await desk.attach('attached.json', '--artifact', 'a.v1=receipt.json')).toMatchObject({
      exitCode: 2,
      err: expect.stringContaining('CLI_OUTPUT_EXISTS'),
    });
    const text = readFileSync(desk.path('demo/proof-bundle.json'), 'utf8');
    writeFileSync(desk.path('altered.json'), encodeUtf8(text.replace('free some space', 'free some spice')));
    const args = [
      'altered.json',
      '--key',
      'demo/boundary.key',
      '--artifact',
      'a.v1=receipt.json',
      '--out',
      'refused.json',
    ];
    expect(await desk.run(['bundle', 'attach', ...args])).toMatchObject({ exitCode: 1 });
    expect(existsSync(desk.path('refused.json'))).toBe(false);
  });

  test('covers what it attaches by the signed statement', async () => {
    const report = await desk.verify('attached.json', {});
    expect([report.verify_verdict, report.governance_artifacts?.artifact_count]).toEqual(['PASS', 1]);
    const text = readFileSync(desk.path('attached.json'), 'utf8');
    writeFileSync(
      desk.path('swapped.json'),
      text.replace('"required_for_verdict":false', '"required_for_verdict":true'),
    );
    const swapped = await desk.verify('swapped.json', {});
    expect(swapped.verify_verdict).toBe('FAIL');
    expect(swapped.checks.find(({ name }) => name === 'integrity')?.status).toBe('failed');
  });

  test('refuses a sound bundle of the ancestor, whose statement nobody signed', async () => {
    const ancestor = fileURLToPath(
      new URL('../../../spec/vectors/legacy-python/legacy-bundles/allow-plain.json', import.meta.url),
    );
    const args = ['bundle', 'attach', ancestor, '--key', 'demo/boundary.key', '--artifact', 'a.v1=receipt.json'];
    expect(await desk.run([...args, '--out', 'refused.json'])).toMatchObject({
      exitCode: 2,
      err: expect.stringContaining('BOUNDARY_BUNDLE_MALFORMED'),
    });
    expect(existsSync(desk.path('refused.json'))).toBe(false);
  });
});

describe('attachArtifacts', () => {
  const signer = () => {
    const { name, seed } = readKeyFile(desk.path('demo/boundary.key'));
    return createSigner(name, seed);
  };
  const bundle = () => new Uint8Array(readFileSync(desk.path('demo/proof-bundle.json')));

  test.each<[string, () => Uint8Array]>([
    ['no JSON', () => encodeUtf8('{')],
    ['nothing', () => new Uint8Array()],
    ['JSON of another shape', () => encodeUtf8('{}\n')],
    ['a bundle in another spelling', () => encodeUtf8(JSON.stringify(JSON.parse(decodeUtf8(bundle())), null, 1))],
    [
      'a bundle whose statement is none',
      () => {
        const parsed = JSON.parse(decodeUtf8(bundle()));
        parsed.statement.payload = Buffer.from('{}').toString('base64');
        return canonicalizeToBytes(parsed);
      },
    ],
    [
      'a bundle whose statement is no base64',
      () => {
        const parsed = JSON.parse(decodeUtf8(bundle()));
        parsed.statement.payload = '????';
        return canonicalizeToBytes(parsed);
      },
    ],
    ['a bundle with bytes after its end', () => encodeUtf8(`${decodeUtf8(bundle())}\n`)],
  ])('takes %s for no bundle', async (_what, file) => {
    const attaching = attachArtifacts({ bundle: file(), artifacts: {}, signer: signer() });
    await expect(attaching).rejects.toMatchObject({ code: 'BOUNDARY_BUNDLE_MALFORMED' });
  });

  test('takes a bundle without the end of the line, too', async () => {
    const attached = await attachArtifacts({ bundle: bundle().slice(0, -1), artifacts: {}, signer: signer() });
    expect(attached).toEqual(await attachArtifacts({ bundle: bundle(), artifacts: {}, signer: signer() }));
  });

  test.each<[string, (vkeys: string[], foreign: string) => string[]]>([
    ['that the bundle names and that did not sign', (vkeys, foreign) => [...vkeys, foreign]],
    ['that signed and that the bundle does not name', (_vkeys, foreign) => [foreign]],
  ])('refuses a key %s', async (what, change) => {
    const foreign = createSigner('demo.exoarmur.example/demo', new Uint8Array(32).fill(9));
    const parsed = JSON.parse(decodeUtf8(bundle()));
    parsed.log.vkeys = change(parsed.log.vkeys, foreign.vkey).sort();
    const key = what.startsWith('that signed') ? signer() : foreign;
    const attaching = attachArtifacts({ bundle: canonicalizeToBytes(parsed), artifacts: {}, signer: key });
    await expect(attaching).rejects.toMatchObject({ code: 'BOUNDARY_SIGNER_FOREIGN' });
  });

  test('makes no bundle that nobody would read', async () => {
    const artifacts = { text: 'x'.repeat(MAX_BUNDLE_BYTES) };
    const attaching = attachArtifacts({ bundle: bundle(), artifacts, signer: signer() });
    await expect(attaching).rejects.toMatchObject({ code: 'BOUNDARY_BUNDLE_TOO_LARGE' });
  });

  test('makes one of the largest size, and none of a byte more', async () => {
    const small = await attachArtifacts({ bundle: bundle(), artifacts: { text: '' }, signer: signer() });
    const sized = (bytes: number) =>
      attachArtifacts({ bundle: bundle(), artifacts: { text: 'x'.repeat(bytes - small.length) }, signer: signer() });
    expect((await sized(MAX_BUNDLE_BYTES)).length).toBe(MAX_BUNDLE_BYTES);
    await expect(sized(MAX_BUNDLE_BYTES + 1)).rejects.toMatchObject({ code: 'BOUNDARY_BUNDLE_TOO_LARGE' });
  });

  test('refuses artifacts without a canonical form', async () => {
    const attaching = attachArtifacts({ bundle: bundle(), artifacts: { n: Number.NaN }, signer: signer() });
    await expect(attaching).rejects.toMatchObject({ code: 'BOUNDARY_EVIDENCE_UNLAWFUL' });
  });
});
