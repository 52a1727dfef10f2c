import { defineConfig } from 'vitest/config';
import base from './vitest.config.ts';

// The exhaustive tests alone, under the rules of all others.
export default defineConfig({
  ...base,
  test: {
    ...base.test,
    include: ['{packages,apps}/*/{src,test}/**/*.heavy.test.ts', 'tools/**/*.heavy.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**'],
  },
});
