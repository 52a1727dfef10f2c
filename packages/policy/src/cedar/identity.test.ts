import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CEDAR_ENGINE, CEDAR_VERSION } from './identity.ts';
import { getCedarVersion } from './wasm.ts';

const folder = dirname(createRequire(import.meta.url).resolve('@cedar-policy/cedar-wasm/nodejs'));

describe('CEDAR_ENGINE', () => {
  it.each(['nodejs', 'esm', 'web'])('names the file that the %s build of the installed package runs', (build) => {
    const bytes = readFileSync(join(folder, '..', build, 'cedar_wasm_bg.wasm'));
    expect(`sha256:${createHash('sha256').update(bytes).digest('hex')}`).toBe(CEDAR_ENGINE.digest);
  });

  it('names the version that the engine says it is', () => {
    expect(getCedarVersion()).toBe(CEDAR_VERSION);
  });

  it('numbers the rules of deciding beside the engine, so that a change of either is another engine', () => {
    expect(CEDAR_ENGINE.version).toBe('4.13.0+decision.1');
  });
});
