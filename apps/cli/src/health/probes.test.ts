import { canonicalize, ed25519Backends, encodeUtf8, formatDigest, sha256 } from '@exoarmur/canonical';
import { describe, expect, test } from 'vitest';
import { createCanonicalProbe, createEd25519Probe, createPolicyEngineProbe } from './evidence-probes.ts';
import { type Probe, runProbes } from './probe.ts';
import {
  createClockProbe,
  createFolderProbe,
  createNodeProbe,
  createPermissionProbe,
  createSqliteProbe,
  EARLIEST_TIME_MS,
} from './runtime-probes.ts';

const sqlite = () => import('node:sqlite');
const code = encodeUtf8('engine');
const pinnedDigest = formatDigest(sha256(code));
const engine = {
  pinnedDigest,
  readCode: async () => code,
  decide: async () => ({ permitted: 'allow', denied: 'deny' }),
};
const yes = { name: 'yes', verify: () => true };

class OddDatabase {
  prepare() {
    return { get: () => ({ product: 41 }) };
  }
  close() {}
}

const cases: readonly (readonly [rule: string, probe: Probe, isPassed: boolean])[] = [
  ['node passes the oldest version', createNodeProbe('v22.18.0'), true],
  ['node passes a newer major version', createNodeProbe('v24.0.0'), true],
  ['node fails an older minor version', createNodeProbe('v22.17.9'), false],
  ['node fails an older major version', createNodeProbe('v20.19.0'), false],
  ['node fails what is no version', createNodeProbe('latest'), false],
  ['permission_model passes with the flag', createPermissionProbe(new Set(['--permission'])), true],
  ['permission_model fails without the flag', createPermissionProbe(new Set(['--test'])), false],
  ['sqlite passes with the built-in module', createSqliteProbe(sqlite), true],
  ['sqlite fails without the module', createSqliteProbe(() => Promise.reject(new Error('no module'))), false],
  ['sqlite fails on a wrong answer', createSqliteProbe(async () => ({ DatabaseSync: OddDatabase })), false],
  [
    'clock passes when both clocks agree',
    createClockProbe(
      () => EARLIEST_TIME_MS,
      () => EARLIEST_TIME_MS + 59_999,
    ),
    true,
  ],
  [
    'clock fails before any release',
    createClockProbe(
      () => EARLIEST_TIME_MS - 1,
      () => EARLIEST_TIME_MS - 1,
    ),
    false,
  ],
  [
    'clock fails when it jumped',
    createClockProbe(
      () => EARLIEST_TIME_MS + 60_000,
      () => EARLIEST_TIME_MS,
    ),
    false,
  ],
  ['temporary_folder passes on the same bytes', createFolderProbe(async (bytes) => bytes.slice()), true],
  ['temporary_folder fails on fewer bytes', createFolderProbe(async (bytes) => bytes.slice(1)), false],
  ['temporary_folder fails on other bytes', createFolderProbe(async (bytes) => bytes.map((byte) => byte & 127)), false],
  ['temporary_folder fails when it cannot write', createFolderProbe(() => Promise.reject(new Error('EROFS'))), false],
  ['ed25519 passes with every backend', createEd25519Probe(Object.values(ed25519Backends)), true],
  ['ed25519 fails with no backend', createEd25519Probe([]), false],
  ['ed25519 fails when one accepts everything', createEd25519Probe([ed25519Backends.noble, yes]), false],
  ['ed25519 fails when one refuses everything', createEd25519Probe([{ name: 'no', verify: () => false }]), false],
  ['canonical_json passes with the writer', createCanonicalProbe(canonicalize), true],
  ['canonical_json fails with plain JSON', createCanonicalProbe(JSON.stringify), false],
  ['policy_engine passes when pinned and deciding', createPolicyEngineProbe(engine), true],
  [
    'policy_engine fails on other code',
    createPolicyEngineProbe({ ...engine, readCode: async () => encodeUtf8('other') }),
    false,
  ],
  [
    'policy_engine fails when it permits everything',
    createPolicyEngineProbe({ ...engine, decide: async () => ({ permitted: 'allow', denied: 'allow' }) }),
    false,
  ],
  [
    'policy_engine fails when it denies everything',
    createPolicyEngineProbe({ ...engine, decide: async () => ({ permitted: 'deny', denied: 'deny' }) }),
    false,
  ],
];

describe('probes', () => {
  test.each(cases)('%s', async (rule, probe, isPassed) => {
    const [result] = await runProbes([probe]);
    expect(result).toMatchObject({ name: rule.split(' ')[0], isPassed });
    expect(result?.detail).toMatch(/./);
  });

  test('a probe that throws has failed with the first line of its error', async () => {
    const probe = { name: 'odd', run: () => Promise.reject(new Error('first\nsecond')) };
    expect(await runProbes([probe])).toEqual([{ name: 'odd', isPassed: false, detail: 'first' }]);
  });
});
