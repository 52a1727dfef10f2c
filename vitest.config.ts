import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

const conditions = ['@exoarmur/source', 'node', 'import', 'module', 'default'];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: ['packages/*/{src,test}/**/*.test.ts', 'apps/*/{src,test}/**/*.test.ts', 'tools/**/*.test.ts'],
    // Exhaustive tests that take minutes are run by `npm run test:heavy`.
    exclude: ['**/node_modules/**', '**/dist/**', 'tools/gates/fixtures/**', '**/*.heavy.test.ts'],
    allowOnly: false,
    passWithNoTests: false,
    testTimeout: 30_000,
    // One more than vitest would take: on a machine with two processors it leaves one idle.
    maxWorkers: availableParallelism(),
    // Files share the modules of their worker: loading them anew for each took half of the time. The stability gate runs
    // files and tests in shuffled orders, so that one that leaves something behind is noticed.
    isolate: false,
    restoreMocks: true,
    unstubEnvs: true,
    unstubGlobals: true,
  },
});
