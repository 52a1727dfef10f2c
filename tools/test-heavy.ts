// npm run test:heavy [-- filter...]: runs the exhaustive tests that the plain suite leaves out (`*.heavy.test.ts`).
import { join } from 'node:path';
import { REPORTS, runVitest } from './test-report.ts';

const args = ['--config', 'vitest.heavy.config.ts', ...process.argv.slice(2)];
const { status } = runVitest({ output: join(REPORTS, 'tests-heavy.json'), args, isVerbose: true });
process.exit(status === 0 ? 0 : 1);
