// Says which relative links of the Markdown documents point at nothing.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const documents = execFileSync('git', ['ls-files', '-z', '*.md'], { encoding: 'utf8' }).split('\0').filter(Boolean);
let links = 0;
const broken = [];
for (const path of documents) {
  if (path.includes('/fixtures/')) continue;
  const text = readFileSync(path, 'utf8')
    .replace(/^```[\s\S]*?^```/gm, '')
    .replace(/`[^`\n]*`/g, '');
  for (const [, target] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
    if (/^(?:[a-z]+:|#)/.test(target)) continue;
    links += 1;
    if (!existsSync(join(dirname(path), decodeURIComponent(target.split('#')[0])))) broken.push(`${path}: ${target}`);
  }
}
for (const line of broken) console.error(line);
console.log(`${links} links in ${documents.length} documents, ${broken.length} broken`);
process.exit(broken.length > 0 || documents.length === 0 ? 1 : 0);
