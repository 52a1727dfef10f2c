import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseCanonicalJson } from '@exoarmur/canonical';
import { MAX_PROVIDER_RESPONSE_BYTES } from '@exoarmur/contracts';
import type { ProviderRun } from '@exoarmur/governance-artifacts';
import { type ConfinedLimits, confine, digestCode } from '@exoarmur/sandbox';
import { readConfinedResult, readConfinementError } from './confined-outcome.ts';

/** What one run of a provider may use. What it prints is thrown away, up to `outputBytes`. */
const LIMITS: ConfinedLimits = Object.freeze({
  wallClockMs: 30_000,
  memoryBytes: 201_326_592,
  outputBytes: 65_536,
  // The sandbox puts the response into the one member `answer`.
  answerBytes: MAX_PROVIDER_RESPONSE_BYTES + 11,
});

/** The host as this package carries it: source in the workspace, JavaScript when installed. */
const HOST = fileURLToPath(new URL(`./host${extname(import.meta.url)}`, import.meta.url));

/**
 * Runs a provider of one ES module in a confined process of its own (`@exoarmur/sandbox`): empty environment, no network, and no file
 * but a folder that holds the provider and its host, and a fresh one to work in. The file that runs is made of the bytes that were
 * hashed. A machine that cannot confine it does not start it. Never rejects.
 */
export async function runProcessProvider(
  entry: Uint8Array,
  request: Uint8Array,
  deadlineMs = LIMITS.wallClockMs,
): Promise<ProviderRun> {
  let folder: string | undefined;
  try {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'exoarmur-provider-')));
    const host = join(folder, `host.m${extname(HOST).slice(1)}`);
    writeFileSync(host, readFileSync(HOST));
    writeFileSync(join(folder, 'provider.mjs'), entry);
    const code = { entry: host, folders: [folder] };
    const { run } = await confine({
      code: { ...code, digest: digestCode(code) },
      mode: 'function',
      network: 'denied',
      limits: { ...LIMITS, wallClockMs: deadlineMs },
    });
    return readConfinedResult(await run(parseCanonicalJson(request)));
  } catch (error) {
    return readConfinementError(error);
  } finally {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  }
}
