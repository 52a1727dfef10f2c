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
    const { environment } = config.facts;
    if (typeof environment !== 'function') throw new Error('the environment is stated in this file');
    expect(await environment()).toMatchObject({ cell_load_milli: 100, network_health_milli: 1000 });
    expect(config).not.toHaveProperty('switchClearThreshold');
    expect(config.facts).not.toHaveProperty('threat');
  });

  it('can have the environment measured, state a threat, and ask for two to clear a switch', async () => {
    const threat = { threat_type: 'malware', severity: 'high', confidence_milli: 510 };
    const environment = { measured: 'machine', network_health_milli: 990 };
    const describe = (change: object) => {
      const facts = { ...FILE.facts, threat, environment: { ...environment, ...change } };
      const { file, path } = readFile(JSON.stringify({ ...FILE, facts, switch_clear_threshold: 2 }));
      return configOf(file, path);
    };
    const config = describe({ thresholds: { disk_free_milli: 10, full_lag_ms: 5 } });
    expect(config).toMatchObject({
      switchClearThreshold: 2,
      facts: { environment: { measured: 'machine', thresholds: { diskFreeMilli: 10, fullLagMs: 5 } } },
    });
    const measured = config.facts.environment;
    if (typeof measured === 'function') throw new Error('the environment is measured in this file');
    expect(Object.keys(measured.thresholds ?? {})).toEqual(['diskFreeMilli', 'fullLagMs']);
    expect(await measured.networkHealthMilli()).toBe(990);
    expect(describe({}).facts.environment).not.toHaveProperty('thresholds');
    expect(await config.facts.threat?.(createIntent())).toEqual(threat);
  });

  it.each([
    [{ ...FILE, switch_clear_threshold: 0 }, '/switch_clear_threshold'],
    [{ ...FILE, switch_clear_threshold: 9 }, '/switch_clear_threshold'],
    [{ ...FILE, facts: { ...FILE.facts, threat: { threat_type: 'worm' } } }, '/facts/threat/threat_type'],
  ])('is refused with what could not be meant: %#', (file, pointer) => {
    expect(() => readFile(JSON.stringify(file))).toThrowError(
      expect.objectContaining({ code: 'SDK_CONFIG_INVALID', pointer }),
    );
  });

  it.each([
    ['no json', '{', ''],
    ['a member twice', '{"schema":1,"schema":1}', '/schema'],
    ['an unknown member', JSON.stringify({ ...FILE, alowed: true }), '/alowed'],
    ['a wrong tenant', JSON.stringify({ ...FILE, tenant: 'a b' }), '/tenant'],
    [
      'trust in a member that no map holds',
      JSON.stringify(FILE).replace('"agent-1":900', '"__proto__":900'),
      '/facts/trust_milli',
    ],
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
