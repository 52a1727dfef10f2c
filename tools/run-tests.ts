// npm test [-- filter...]: runs the tests and leaves the JSON report and the golden digests in reports/.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { digestInputs, formatGoldens, parseTestReport, REPORTS, runVitest } from './test-report.ts';

const args = process.argv.slice(2);
const isWhole = args.length === 0;
const output = join(REPORTS, isWhole ? 'tests.json' : 'tests-selected.json');
const stamp = join(REPORTS, 'tests.inputs');

if (isWhole) rmSync(stamp, { force: true });
const inputs = isWhole ? digestInputs() : '';
const { status } = runVitest({ output, args, isVerbose: true });
if (isWhole) {
  const report = parseTestReport(readFileSync(output, 'utf8'));
  writeFileSync(join(REPORTS, 'golden-digests.json'), formatGoldens(report));
  if (status === 0 && report.passed > 0) writeFileSync(stamp, inputs);
}
process.exit(status === 0 ? 0 : 1);
