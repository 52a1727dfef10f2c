import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createIntent, createTestBoundary } from '../../test/boundary.ts';
import { writeBundle } from './index.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'exoarmur-bundle-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('writeBundle', () => {
  it('puts the whole file in the place of an older one, and leaves nothing else', async () => {
    const path = join(folder, 'proof.json');
    writeFileSync(path, 'old');
    const bytes = await (await createTestBoundary().pipeline.execute(createIntent())).bundle();
    await writeBundle(path, bytes);
    expect(new Uint8Array(readFileSync(path))).toEqual(new Uint8Array(bytes));
    expect(readdirSync(folder)).toEqual(['proof.json']);
  });

  it('can be read by its owner only, where files have modes', async () => {
    const path = join(folder, 'proof.json');
    await writeBundle(path, new Uint8Array([10]));
    const expected = process.platform === 'win32' ? 0o666 : 0o600;
    expect(statSync(path).mode & 0o777).toBe(expected);
  });

  it('leaves the old file and nothing else when it fails', async () => {
    const path = join(folder, 'proof.json');
    mkdirSync(join(path, 'in the way'), { recursive: true });
    await expect(writeBundle(path, new Uint8Array([10]))).rejects.toThrow();
    expect(readdirSync(folder)).toEqual(['proof.json']);
    await expect(writeBundle(join(folder, 'none', 'proof.json'), new Uint8Array([10]))).rejects.toThrow();
  });

  it('is what many writers at once leave whole', async () => {
    const path = join(folder, 'proof.json');
    const contents = Array.from({ length: 10 }, (_, n) => new Uint8Array(50_000).fill(n));
    await Promise.all(contents.map((content) => writeBundle(path, content)));
    const written = readFileSync(path);
    expect(contents.some((content) => Buffer.from(content).equals(written))).toBe(true);
    expect(readdirSync(folder)).toEqual(['proof.json']);
  });
});
