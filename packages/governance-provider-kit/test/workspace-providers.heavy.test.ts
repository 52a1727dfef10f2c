import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkProvider } from '../src/check-provider.ts';

const PACKAGES = fileURLToPath(new URL('../../', import.meta.url));
let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'exoarmur-kit-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('the providers of the workspace', () => {
  it.each(['provider-policy-snapshot', 'provider-tool-invocation-proof'])(
    '%s answers its golden cases',
    async (name) => {
      const copy = join(folder, name);
      mkdirSync(join(copy, 'dist'), { recursive: true });
      mkdirSync(join(copy, 'golden'));
      const origin = join(PACKAGES, name);
      cpSync(join(origin, 'golden'), join(copy, 'golden'), { recursive: true });
      cpSync(join(origin, 'package.json'), join(copy, 'package.json'));
      writeFileSync(
        join(copy, 'dist/index.js'),
        stripTypeScriptTypes(readFileSync(join(origin, 'src/index.ts'), 'utf8')),
      );
      const { cases, isPassed } = await checkProvider(copy);
      expect(cases.filter((one) => !one.isPassed)).toEqual([]);
      expect(isPassed).toBe(true);
      expect(cases.filter(({ name: label }) => label.startsWith('golden/')).length).toBeGreaterThanOrEqual(4);
    },
  );
});
