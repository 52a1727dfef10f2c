// Writes spec/execution-gate-table.md from the code; with --check, compares instead and exits 1 on a difference.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { formatExecutionGate } from '../test/execution-gate-table.ts';

const path = fileURLToPath(new URL('../../../spec/execution-gate-table.md', import.meta.url));
const text = await formatExecutionGate();
const isCurrent = existsSync(path) && readFileSync(path, 'utf8') === text;
if (process.argv.includes('--check')) {
  if (!isCurrent) console.error('out of date: spec/execution-gate-table.md');
  process.exit(isCurrent ? 0 : 1);
}
if (!isCurrent) writeFileSync(path, text);
console.log(`1 file, ${isCurrent ? 0 : 1} written`);
