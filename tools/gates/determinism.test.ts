import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { findOffences } from './determinism.ts';
import { DETERMINISM_RULES, type DeterminismRule, LOADING_RULES } from './determinism-rules.ts';

const fixtures = fileURLToPath(new URL('./fixtures/determinism/', import.meta.url));
const read = (path: string): string => readFileSync(`${fixtures}${path}`, 'utf8');
const SETS: readonly (readonly [string, readonly DeterminismRule[]])[] = [
  ['determinism', DETERMINISM_RULES],
  ['loading', LOADING_RULES],
];
const cases = SETS.flatMap(([, rules]) =>
  rules.flatMap(({ name }) =>
    readdirSync(`${fixtures}${name}`).map((file) => ({ name, rules, path: `${name}/${file}` })),
  ),
);

describe('determinism lint', () => {
  it('has examples for exactly the rules there are', () => {
    const folders = readdirSync(fixtures, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    const names = SETS.flatMap(([, rules]) => rules.map(({ name }) => name));
    expect(folders.map(({ name }) => name).sort()).toEqual([...names].sort());
  });

  it.each(cases)('refuses $path', ({ name, rules, path }) => {
    expect(findOffences(read(path), rules).map(({ rule }) => rule)).toContain(name);
  });

  it.each(cases)('does not refuse $path once its rule is deleted', ({ name, rules, path }) => {
    const weaker = rules.filter((rule) => rule.name !== name);
    expect(findOffences(read(path), weaker)).toEqual([]);
  });

  it('accepts values that only depend on their arguments', () => {
    expect(findOffences(read('lawful.ts'), [...DETERMINISM_RULES, ...LOADING_RULES])).toEqual([]);
  });

  it('reports the line of the offence', () => {
    expect(findOffences('\n\nDate.now();\n', DETERMINISM_RULES)).toEqual([{ rule: 'clock', line: 3, text: 'Date' }]);
  });
});
