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
  },
});
