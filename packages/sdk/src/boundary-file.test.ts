import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createIntent } from '../test/configs.ts';
import { configOf, readBoundaryFile, storeOf } from './index.ts';

let home = '';
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'exoarmur-file-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const FILE = {
  schema: 'exoarmur.boundary-file/1',
  ...{ tenant: 'demo', cell: 'demo', key_file: 'keys/a.key', store: { path: 'a.db', heads: '/elsewhere/heads' } },
  policy: { file: 'policies.json' },
  executors: [],
  facts: {
    switches: { global: 'engaged', tenant: 'clear' },
    trust_milli: { 'agent-1': 900 },
    environment: {
      ...{ degraded: false, cell_load_milli: 100, network_health_milli: 1000 },
      resource_availability_milli: 'measured',
    },
  },
  limits: { approval_ttl_seconds: 60 },
};

function readFile(text: string) {
  const path = join(home, 'boundary.json');
  writeFileSync(path, text);
  return { path, file: readBoundaryFile(path) };
}

describe('a boundary file', () => {
  it('is read with its paths from where it lies', async () => {
    const { path, file } = readFile(JSON.stringify(FILE));
    expect(storeOf(file, path)).toEqual({ path: join(home, 'a.db'), heads: '/elsewhere/heads' });
    const config = configOf(file, path);
    expect(config).toMatchObject({
      ...{ tenant: 'demo', cell: 'demo', key: { file: join(home, 'keys/a.key') }, executors: [] },
      ...{ policy: { file: join(home, 'policies.json') }, limits: { approvalTtlSeconds: 60 } },
    });
    const { trust } = config.facts;
    if (typeof trust !== 'function') throw new Error('trust is stated in this file');
    expect(await trust(createIntent())).toBe(900);
    expect(await trust(createIntent({ actor_id: 'constructor' }))).toBeNull();
    expect(await config.facts.environment()).toMatchObject({ cell_load_milli: 100, network_health_milli: 1000 });
  });

  it.each([
    ['no json', '{', ''],
    ['a member twice', '{"schema":1,"schema":1}', '/schema'],
    ['an unknown member', JSON.stringify({ ...FILE, alowed: true }), '/alowed'],
    ['a wrong tenant', JSON.stringify({ ...FILE, tenant: 'a b' }), '/tenant'],
    ['no facts', JSON.stringify({ ...FILE, facts: undefined }), '/facts'],
  ])('is refused with its place: %s', (_what, text, pointer) => {
    expect(() => readFile(text)).toThrowError(expect.objectContaining({ code: 'SDK_CONFIG_INVALID', pointer }));
  });

  it('is refused when it is missing, or larger than such a file can be', () => {
    expect(() => readBoundaryFile(join(home, 'none.json'))).toThrowError(
      expect.objectContaining({ code: 'SDK_FILE_UNREADABLE' }),
    );
    expect(() => readFile(' '.repeat(20_000_000))).toThrowError(
      expect.objectContaining({ code: 'SDK_FILE_UNREADABLE' }),
    );
  });
});
