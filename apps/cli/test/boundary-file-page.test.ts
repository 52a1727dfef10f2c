import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BoundaryFile, readBoundaryFile } from '@exoarmur/sdk';
import { afterEach, beforeEach, expect, test } from 'vitest';

const page = readFileSync(join(import.meta.dirname, '../../../docs/boundary-file.md'), 'utf8');
const [whole = '{}', ...others] = Array.from(page.matchAll(/```json\n(.*?)```/gs), ([, text = '']) => text);

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'exoarmur-page-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function read(value: object): BoundaryFile {
  writeFileSync(join(folder, 'boundary.json'), JSON.stringify(value));
  return readBoundaryFile(join(folder, 'boundary.json'));
}

test('docs/boundary-file.md shows files that are read, and names every member that they have', () => {
  expect(others).toHaveLength(2);
  const file = JSON.parse(whole);
  expect(read(file)).toMatchObject(file);
  for (const other of others) {
    const changed = { ...file, ...JSON.parse(other) };
    expect(read(changed)).toMatchObject(changed);
    for (const name of namesOf(changed)) expect(page, name).toContain(`\`${name}\``);
  }
});

/** Members by their path. What an operator names, and what another page describes, is left out. */
function namesOf(value: unknown, path = ''): readonly string[] {
  if (['budgets', 'facts.threat', 'facts.trust_milli', 'facts.environment.thresholds', 'flags'].includes(path))
    return [path];
  if (Array.isArray(value))
    return value.flatMap((one) => (typeof one === 'object' ? namesOf(one, `${path}[]`) : [path]));
  if (typeof value !== 'object' || value === null)
    return [path.replace('facts.environment.measured', 'facts.environment')];
  return Object.entries(value).flatMap(([name, one]) => namesOf(one, path === '' ? name : `${path}.${name}`));
}
