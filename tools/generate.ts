// npm run generate [-- --check]: writes every generated file, or only says which is out of date.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, runCommand } from './gates/gate.ts';
import { listFiles } from './gates/workspace.ts';

const args = process.argv.slice(2);
const generators = ['packages', 'apps', 'spec']
  .filter((folder) => existsSync(join(ROOT, folder)))
  .flatMap((folder) =>
    listFiles(ROOT, folder, (path) => /\/(?:scripts|generate)\/generate(?:-[a-z-]+)?\.ts$/.test(path)),
  );

let failures = 0;
for (const generator of generators) {
  const outcome = runCommand(process.execPath, [
    '--conditions=@exoarmur/source',
    '--disable-warning=ExperimentalWarning',
    join(ROOT, generator),
    ...args,
  ]);
  const text = `${outcome.stdout}${outcome.stderr}`.trim();
  console.log(`${generator}: ${text === '' ? (outcome.status === 0 ? 'ok' : `exit code ${outcome.status}`) : text}`);
  if (outcome.status !== 0) failures += 1;
}
console.log(`${generators.length} generators, ${failures} failed`);
process.exit(failures > 0 || generators.length === 0 ? 1 : 0);
