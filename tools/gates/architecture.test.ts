import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type CruiseReport,
  cruiseWorkspace,
  findMissingModules,
  findUndeclaredEdges,
  type ImportRules,
  importRules,
} from './architecture.ts';
import { createMiniatureWorkspace, overlayFixtures } from './fixture-workspace.ts';

const fixtures = fileURLToPath(new URL('./fixtures/imports', import.meta.url));

/** Rules that fire besides the one under test, because they forbid the same edge for another reason. */
const ALSO: Readonly<Record<string, readonly string[]>> = {
  'federation-cannot-execute': ['federation-cannot-reach-executor'],
  'no-provider-import': ['npm-allow-list'],
  'no-undeclared-dependency': ['npm-allow-list'],
  'not-to-dev-dependency': ['npm-allow-list'],
  'only-surface-imports-governance-artifacts': ['boundary-no-observers'],
  'only-surface-imports-sdk': ['audit-kernel-only'],
  'only-surface-opens-stores': ['audit-kernel-only'],
  'only-surface-wires-executors': ['boundary-no-observers'],
  'replay-reads-audit-only': ['replay-cannot-reach-effect'],
};

let root: string;
let rules: string[];
let clean: CruiseReport;
let report: CruiseReport;

/** The rules that fired on the violating module of one fixture; default deny, which refuses most of them too, apart. */
function firedOn(fixture: string, seen: CruiseReport): string[] {
  const files = fixture === 'no-circular' ? /\/(?:violation|step)-no-circular\.ts$/ : `/violation-${fixture}.ts`;
  const own = seen.violations.filter(({ from }) =>
    typeof files === 'string' ? from.endsWith(files) : files.test(from),
  );
  const fired = new Set(own.map(({ rule }) => rule));
  if (fixture !== 'not-in-allowed') fired.delete('not-in-allowed');
  return [...fired].sort();
}

function without(rule: string): ImportRules {
  if (rule === 'not-in-allowed') return { ...importRules, allowedSeverity: 'ignore' };
  return { ...importRules, forbidden: importRules.forbidden.filter(({ name }) => name !== rule) };
}

beforeAll(async () => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'exoarmur-imports-')));
  createMiniatureWorkspace(root);
  clean = await cruiseWorkspace(root);
  rules = overlayFixtures(fixtures, root);
  report = await cruiseWorkspace(root);
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

describe('import rules', () => {
  it('finds nothing in a lawful workspace, and sees all of it', () => {
    expect(clean.violations).toEqual([]);
    expect(clean.modules.filter((module) => module.includes('/src/')).length).toBeGreaterThanOrEqual(25);
  });

  it('has a violating example for every rule and a rule for every example', () => {
    const names = new Set(importRules.forbidden.map(({ name }) => name));
    expect(rules).toEqual([...names, 'not-in-allowed'].sort());
    expect(names.size).toBeGreaterThanOrEqual(23);
  });

  it('says in a comment why each rule exists', () => {
    for (const rule of importRules.forbidden) expect(rule.comment, rule.name).toMatch(/^\p{Lu}.{20,}\.$/u);
  });

  it('reports each example under its own rule', () => {
    const fired = Object.fromEntries(rules.map((rule) => [rule, firedOn(rule, report)]));
    const expected = Object.fromEntries(
      rules.map((rule) => [rule, [...new Set([rule, ...(ALSO[rule] ?? [])])].sort()]),
    );
    expect(fired).toEqual(expected);
  });

  it('loses exactly one report when a rule is deleted', async () => {
    for (const rule of rules) {
      const weaker = await cruiseWorkspace(root, without(rule));
      expect(firedOn(rule, weaker), rule).not.toContain(rule);
      for (const other of rules.filter((name) => name !== rule))
        expect(firedOn(other, weaker), `${other} without ${rule}`).toContain(other);
    }
  }, 120_000);
});

describe('floor of modules', () => {
  const modules = ['packages/audit/src/a.ts', 'packages/audit/src/a.test.ts'];

  it('fails for a cruise that saw nothing', () => {
    expect(findMissingModules({ modules: [] }, [], { total: 1 })).toEqual([
      'total: 0 modules seen, at least 1 expected',
    ]);
  });

  it('fails for a package with sources of which no module was seen', () => {
    const folders = [
      { path: 'packages/audit', hasSources: true },
      { path: 'packages/policy', hasSources: true },
      { path: 'packages/replay', hasSources: false },
    ];
    expect(findMissingModules({ modules }, folders, { total: 1 })).toEqual([
      'packages/policy: 0 modules seen, at least 1 expected',
    ]);
  });

  it('does not count tests', () => {
    expect(findMissingModules({ modules }, [], { 'packages/audit': 2 })).toHaveLength(1);
  });
});

describe('declared dependencies', () => {
  const folder = (path: string, dependencies: Record<string, string>) => ({
    path,
    hasSources: true,
    manifest: { name: path, version: '1.0.0', dependencies },
  });

  it.each([
    ['a plane the table does not list', 'packages/policy', '@exoarmur/audit', 'not in the import table'],
    ['an npm package that is not allowed', 'packages/policy', 'left-pad', 'npm package left-pad is not allowed'],
    ['an npm package in the leaf of shapes', 'packages/contracts', 'ulid', 'npm package ulid is not allowed'],
    ['a package missing from the table', 'packages/telemetry', 'zod', 'not in tools/gates/planes.json'],
  ])('refuses %s', (_, path, dependency, message) => {
    expect(findUndeclaredEdges([folder(path, { [dependency]: '1.0.0' })]).join()).toContain(message);
  });

  it('refuses an app as a dependency of an app', () => {
    const findings = findUndeclaredEdges([
      folder('apps/gateway', { '@exoarmur/cli': '1.0.0' }),
      folder('apps/cli', {}),
    ]);
    expect(findings).toEqual(['apps/gateway: dependency on the app @exoarmur/cli']);
  });

  it('accepts what the table lists', () => {
    const lawful = { '@exoarmur/contracts': '1', '@exoarmur/audit': '1', '@exoarmur/canonical': '1' };
    expect(
      findUndeclaredEdges([folder('packages/replay', lawful), folder('packages/contracts', { zod: '4' })]),
    ).toEqual([]);
  });
});
