import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canonicalize, ed25519Backends } from '@exoarmur/canonical';
import { createCanonicalProbe, createEd25519Probe, createPolicyEngineProbe } from './evidence-probes.ts';
import { installedPolicyEngine } from './installed-policy-engine.ts';
import type { Probe } from './probe.ts';
import {
  createClockProbe,
  createFolderProbe,
  createNodeProbe,
  createPermissionProbe,
  createSqliteProbe,
} from './runtime-probes.ts';

/** The probes over the machine that this process runs on. */
export function createMachineProbes(): readonly Probe[] {
  return [
    createNodeProbe(process.version),
    createPermissionProbe(process.allowedNodeEnvironmentFlags),
    createSqliteProbe(() => import('node:sqlite')),
    createClockProbe(Date.now, () => performance.timeOrigin + performance.now()),
    createFolderProbe(roundTripInTemporaryFolder),
    createEd25519Probe(Object.values(ed25519Backends)),
    createCanonicalProbe(canonicalize),
    createPolicyEngineProbe(installedPolicyEngine),
  ];
}

async function roundTripInTemporaryFolder(bytes: Uint8Array): Promise<Uint8Array> {
  const folder = await mkdtemp(join(tmpdir(), 'exoarmur-health-'));
  try {
    const path = join(folder, 'probe');
    await writeFile(path, bytes, { flag: 'wx' });
    return await readFile(path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
