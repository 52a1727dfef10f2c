import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { type Gate, type GateResult, ROOT } from './gate.ts';
import { listFiles } from './workspace.ts';

const RUNNERS = new Set(['it', 'test', 'describe', 'suite', 'bench']);
const MARKERS = new Set(['skip', 'only', 'todo', 'fails', 'skipIf', 'runIf']);
const PREFIXED = new Set(['xit', 'xtest', 'xdescribe', 'fit', 'fdescribe', 'ftest']);

/** The leftmost name of a chain such as `it.concurrent.skip`. */
function rootOf(node: ts.Expression): string | undefined {
  if (ts.isIdentifier(node)) return node.text;
  if (ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node)) return rootOf(node.expression);
  return ts.isCallExpression(node) ? rootOf(node.expression) : undefined;
}

function memberOf(node: ts.Node): string | undefined {
  if (ts.isPropertyAccessExpression(node)) return node.name.text;
  return ts.isElementAccessExpression(node) && ts.isStringLiteralLike(node.argumentExpression)
    ? node.argumentExpression.text
    : undefined;
}

/** True for a function handed to `it` or `test`: its first parameter is the context of the test. */
function isTestBody(node: ts.Node): boolean {
  const isFunction = ts.isArrowFunction(node) || ts.isFunctionExpression(node);
  return isFunction && ts.isCallExpression(node.parent) && RUNNERS.has(rootOf(node.parent.expression) ?? '');
}

/** Finds tests that do not run, run alone, or may fail: by member, prefix, option or the context's `skip`. */
export function findMarkers(text: string): string[] {
  const source = ts.createSourceFile('test.ts', text, ts.ScriptTarget.Latest, true);
  const contexts = new Set<string>();
  const findings: string[] = [];
  const add = (node: ts.Node): void => {
    const { line } = source.getLineAndCharacterOfPosition(node.getStart());
    findings.push(`${line + 1}: \`${(node.getText().split('\n')[0] ?? '').slice(0, 60)}\``);
  };
  const visit = (node: ts.Node): void => {
    if ((ts.isArrowFunction(node) || ts.isFunctionExpression(node)) && isTestBody(node)) {
      const parameter = node.parameters[0]?.name;
      if (parameter !== undefined && ts.isIdentifier(parameter)) contexts.add(parameter.text);
      if (parameter !== undefined && ts.isObjectBindingPattern(parameter)) {
        for (const element of parameter.elements)
          if ((element.propertyName ?? element.name).getText() === 'skip') add(element);
      }
    }
    const member = memberOf(node);
    if (
      member !== undefined &&
      MARKERS.has(member) &&
      (ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node))
    ) {
      const root = rootOf(node.expression) ?? '';
      if (RUNNERS.has(root) || (member === 'skip' && contexts.has(root))) add(node);
    }
    if (ts.isIdentifier(node) && PREFIXED.has(node.text)) add(node);
    if (ts.isBindingElement(node) && MARKERS.has((node.propertyName ?? node.name).getText())) {
      const declaration = node.parent.parent;
      if (
        ts.isVariableDeclaration(declaration) &&
        declaration.initializer &&
        RUNNERS.has(rootOf(declaration.initializer) ?? '')
      )
        add(node);
    }
    if (ts.isPropertyAssignment(node) && MARKERS.has(node.name.getText())) {
      const call = node.parent.parent;
      if (ts.isCallExpression(call) && RUNNERS.has(rootOf(call.expression) ?? '')) add(node);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return findings;
}

/** Every written test runs, in every run, and is expected to pass. */
export const testMarkerGate: Gate = {
  name: 'test-markers',
  guards: 'no skipped, lone, pending or expected-to-fail test',
  run(): GateResult {
    const accepts = (path: string): boolean => /\.(?:test|test-d)\.ts$/.test(path);
    const paths = ['packages', 'apps', 'tools'].flatMap((folder) => listFiles(ROOT, folder, accepts));
    const findings = paths.flatMap((path) =>
      findMarkers(readFileSync(join(ROOT, path), 'utf8')).map((finding) => `${path}:${finding}`),
    );
    return { examined: paths.length, unit: 'test files', findings };
  },
};
