// Writes the truth tables in spec/ from the code; with --check, compares instead and exits 1 on a difference.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { formatThreatTables } from '../test/threat-tables.ts';
import { formatTruthTables } from '../test/truth-tables.ts';

const files = [
  ['safety-gate-tables.md', formatTruthTables()],
  ['threat-tables.md', formatThreatTables()],
] as const;
const pathOf = (name: string) => fileURLToPath(new URL(`../../../spec/${name}`, import.meta.url));
const stale = files.filter(([name, text]) => !existsSync(pathOf(name)) || readFileSync(pathOf(name), 'utf8') !== text);
if (process.argv.includes('--check')) {
  for (const [name] of stale) console.error(`out of date: spec/${name}`);
  process.exit(stale.length === 0 ? 0 : 1);
}
for (const [name, text] of stale) writeFileSync(pathOf(name), text);
console.log(`${files.length} files, ${stale.length} written`);
