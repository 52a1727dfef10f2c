import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { DETERMINISM_RULES, type DeterminismRule, LOADING_RULES } from './determinism-rules.ts';
import { type Gate, type GateResult, ROOT } from './gate.ts';
import planes from './planes.json' with { type: 'json' };
import { listFiles } from './workspace.ts';

/** One place where a rule is broken; `line` counts from 1. */
export interface Offence {
  readonly rule: string;
  readonly line: number;
  readonly text: string;
}

/** Collects every name the file binds itself: imports, variables, parameters, functions, classes. */
function collectBound(source: ts.SourceFile): Set<string> {
  const bound = new Set<string>();
  const visit = (node: ts.Node): void => {
    const isBinding =
      ts.isVariableDeclaration(node) ||
      ts.isParameter(node) ||
      ts.isBindingElement(node) ||
      ts.isFunctionDeclaration(node) ||
      ts.isClassDeclaration(node) ||
      ts.isImportSpecifier(node) ||
      ts.isImportClause(node) ||
      ts.isNamespaceImport(node);
    if (isBinding && node.name !== undefined && ts.isIdentifier(node.name)) bound.add(node.name.text);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return bound;
}

/** Finds where the source text breaks one of the rules. Types are ignored: they do not run. */
export function findOffences(text: string, rules: readonly DeterminismRule[]): Offence[] {
  const source = ts.createSourceFile('source.ts', text, ts.ScriptTarget.Latest, true);
  const file = { bound: collectBound(source) };
  const offences: Offence[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isTypeNode(node) && !ts.isExpressionWithTypeArguments(node)) return;
    if (ts.isImportDeclaration(node) && node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword) return;
    for (const rule of rules) {
      if (!rule.matches(node, file)) continue;
      const { line } = source.getLineAndCharacterOfPosition(node.getStart());
      offences.push({ rule: rule.name, line: line + 1, text: node.getText().split('\n')[0] ?? '' });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return offences;
}

const isShipped = (path: string): boolean => /\.ts$/.test(path) && !/\.(?:test|test-d|bench)\.ts$/.test(path);
const PLATFORM = /^packages\/canonical\/src\/platform\//;
/** Places where a loading rule is broken for a reason, each with it. */
const LOADING_EXCEPTIONS: ReadonlyMap<string, readonly string[]> = new Map([
  // The health command hashes the installed policy engine: it needs the path of a file, and loads nothing with it.
  ['apps/cli/src/health/installed-policy-engine.ts', ['loader-access']],
  // The host of providers runs in a confined child and loads the one provider that was put beside it.
  ['packages/governance-runtime/src/process/host.ts', ['opaque-import']],
  // Likewise for executors; specifiers there stand for files of the code that was digested.
  ['packages/sandbox/src/confined-child.ts', ['opaque-import', 'loader-access']],
]);
const LOADER = 'packages/governance-artifacts/src/providers/loader.ts';

/** No clock, randomness, environment, locale, timer, network or dynamic code in the pure packages; no hidden loading anywhere. */
export const determinismGate: Gate = {
  name: 'determinism',
  guards: 'same input, same answer, on any machine',
  run(): GateResult {
    const pure = Object.entries(planes.packages).filter(([, row]) => row.pure);
    const pureFiles = pure.flatMap(([name]) => listFiles(ROOT, `packages/${name}/src`, isShipped));
    const checked = pureFiles.filter((path) => !PLATFORM.test(path) && path !== LOADER);
    const shipped = ['packages', 'apps'].flatMap((parent) => listFiles(ROOT, parent, isShipped));
    const scanned = shipped.filter((path) => path.includes('/src/') && path !== LOADER);
    const report = (path: string, rules: readonly DeterminismRule[]): string[] =>
      findOffences(readFileSync(join(ROOT, path), 'utf8'), rules).map(
        ({ rule, line, text }) => `${path}:${line}: ${rule}: \`${text.slice(0, 60)}\``,
      );
    return {
      examined: checked.length,
      unit: 'pure modules',
      findings: [
        ...checked.flatMap((path) => report(path, DETERMINISM_RULES)),
        ...scanned.flatMap((path) =>
          report(
            path,
            LOADING_RULES.filter(({ name }) => LOADING_EXCEPTIONS.get(path)?.includes(name) !== true),
          ),
        ),
      ],
    };
  },
};
