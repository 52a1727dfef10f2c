import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { digestPolicySet, POLICY_SET_LIMITS } from '@exoarmur/policy';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { policiesWith } from '../test/bundles.ts';
import { POLICY_SET } from '../test/configs.ts';
import { PolicyArchive } from './policy-archive.ts';

const DIGEST = digestPolicySet(POLICY_SET);
const OTHER = policiesWith('closed', 'forbid(principal, action, resource);');

let home: string;
let folder: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'exoarmur-archive-'));
  folder = join(home, 'policies');
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const fileOf = (digest = DIGEST) => join(folder, `${digest.slice('sha256:'.length)}.json`);
const keep = () => new PolicyArchive(folder).keep(DIGEST, POLICY_SET);

describe('PolicyArchive', () => {
  it('finds a set again by its digest, also when another one has opened it', () => {
    keep();
    expect(new PolicyArchive(folder).find(DIGEST)).toEqual(POLICY_SET);
    expect(new PolicyArchive(folder).find(digestPolicySet(OTHER))).toBeUndefined();
    const inMemory = new PolicyArchive(undefined);
    expect(inMemory.find(DIGEST)).toBeUndefined();
    inMemory.keep(DIGEST, POLICY_SET);
    expect(inMemory.find(DIGEST)).toBe(POLICY_SET);
  });

  it('knows nothing where nobody has kept anything', () => {
    expect(new PolicyArchive(folder).find(DIGEST)).toBeUndefined();
    expect(readdirSync(home)).toEqual([]);
  });

  it('keeps it from the eyes of others', () => {
    // Windows has no such bits.
    if (process.platform === 'win32') return;
    keep();
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(statSync(fileOf()).mode & 0o777).toBe(0o600);
  });

  it.each<[string, () => string | Buffer]>([
    ['another set', () => JSON.stringify(OTHER)],
    ['no set', () => '{"schema":'],
    [
      'more than a set can be',
      () => Buffer.concat([readFileSync(fileOf()), Buffer.alloc(POLICY_SET_LIMITS.maxBytes, ' ')]),
    ],
  ])('takes %s under its name for none, and puts the set there again', (_, content) => {
    keep();
    writeFileSync(fileOf(), content());
    expect(new PolicyArchive(folder).find(DIGEST)).toBeUndefined();
    keep();
    expect(new PolicyArchive(folder).find(DIGEST)).toEqual(POLICY_SET);
    expect(readdirSync(folder)).toHaveLength(1);
  });

  it('leaves a set that is there as it is', () => {
    keep();
    const { ino, mtimeMs } = statSync(fileOf());
    keep();
    expect(statSync(fileOf())).toMatchObject({ ino, mtimeMs });
  });

  it('tells of a fault that says nothing about the set', () => {
    writeFileSync(join(home, 'file'), '');
    expect(() => new PolicyArchive(join(home, 'file', 'x')).keep(DIGEST, POLICY_SET)).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^E/) }),
    );
  });
});
