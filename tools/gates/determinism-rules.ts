import { isBuiltin } from 'node:module';
import ts from 'typescript';

/** A rule of the determinism lint: says whether one syntax node breaks it. */
export interface DeterminismRule {
  readonly name: string;
  /** Why a pure package may not do this. */
  readonly reason: string;
  matches(node: ts.Node, file: FileScope): boolean;
}

/** What is known about the file around a node. */
export interface FileScope {
  /** Names the file binds itself; a reference to one of them is not a reference to a global. */
  readonly bound: ReadonlySet<string>;
}

/** True when `node` stands for the value of a global variable: not a member name, a key, a type or a binding of the file. */
function isGlobalValue(node: ts.Node, names: ReadonlySet<string>, file: FileScope): node is ts.Identifier {
  if (!ts.isIdentifier(node) || !names.has(node.text) || file.bound.has(node.text)) return false;
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent) && parent.name === node) return false;
  if (ts.isPropertyAssignment(parent) && parent.name === node) return false;
  if (ts.isBindingElement(parent) && parent.propertyName === node) return false;
  if (ts.isImportSpecifier(parent) || ts.isExportSpecifier(parent)) return false;
  if (ts.isMethodDeclaration(parent) || ts.isPropertyDeclaration(parent) || ts.isEnumMember(parent))
    return parent.name !== node;
  if (ts.isTypeNode(parent) || ts.isTypeElement(parent) || ts.isQualifiedName(parent)) return false;
  return !(
    ts.isTypeAliasDeclaration(parent) ||
    ts.isInterfaceDeclaration(parent) ||
    ts.isTypeParameterDeclaration(parent)
  );
}

/** Name read by `a.name`, `a['name']`, `{ name } = a` or `import { name }`; undefined for anything else. */
function readMember(node: ts.Node): string | undefined {
  if (ts.isPropertyAccessExpression(node)) return node.name.text;
  if (ts.isElementAccessExpression(node) && ts.isStringLiteralLike(node.argumentExpression))
    return node.argumentExpression.text;
  if (ts.isBindingElement(node)) return (node.propertyName ?? node.name).getText().replace(/^['"]|['"]$/g, '');
  if (ts.isImportSpecifier(node)) return (node.propertyName ?? node.name).text;
  return undefined;
}

const globals = (name: string, reason: string, list: readonly string[]): DeterminismRule => {
  const names = new Set(list);
  return { name, reason, matches: (node, file) => isGlobalValue(node, names, file) };
};

const members = (name: string, reason: string, pattern: RegExp): DeterminismRule => ({
  name,
  reason,
  matches: (node) => {
    const member = readMember(node);
    return member !== undefined && pattern.test(member);
  },
});

/** `new Date(value)`, `Date.parse` and `Date.UTC` depend on their arguments; the round trip of formats refuses local times. */
function isPureDate(identifier: ts.Identifier): boolean {
  const { parent } = identifier;
  if (ts.isNewExpression(parent)) return parent.expression === identifier && (parent.arguments ?? []).length === 1;
  if (ts.isBinaryExpression(parent)) return parent.operatorToken.kind === ts.SyntaxKind.InstanceOfKeyword;
  return ts.isPropertyAccessExpression(parent) && ['UTC', 'parse'].includes(parent.name.text);
}

/** `Math.floor` is pure; `Math.random`, `Math[name]` and `Math` handed around whole are not known to be. */
function isPureMath(identifier: ts.Identifier): boolean {
  return ts.isPropertyAccessExpression(identifier.parent) && identifier.parent.name.text !== 'random';
}

function specifierOf(node: ts.Node): string | undefined {
  if (!ts.isImportDeclaration(node) && !ts.isExportDeclaration(node)) return undefined;
  const { moduleSpecifier } = node;
  return moduleSpecifier !== undefined && ts.isStringLiteral(moduleSpecifier) ? moduleSpecifier.text : undefined;
}

const DATE = new Set(['Date']);
const MATH = new Set(['Math']);

/** Rules for the packages that must give the same answer everywhere. Each has examples in `fixtures/determinism/<name>`. */
export const DETERMINISM_RULES: readonly DeterminismRule[] = [
  {
    name: 'clock',
    reason: 'a replay at another time must give the same result; take a Clock or a timestamp as an argument',
    matches: (node, file) =>
      isGlobalValue(node, new Set(['performance', 'Temporal']), file) ||
      (isGlobalValue(node, DATE, file) && !isPureDate(node)),
  },
  {
    name: 'randomness',
    reason: 'a replay must give the same result; take a RandomSource as an argument',
    matches: (node, file) => {
      if (isGlobalValue(node, new Set(['crypto', 'Crypto']), file)) return true;
      if (isGlobalValue(node, MATH, file)) return !isPureMath(node);
      const member = readMember(node);
      if (member === undefined) return false;
      if (/^(?:randomBytes|randomUUID|randomInt|getRandomValues|randomSecretKey|randomPrivateKey|keygen)$/.test(member))
        return true;
      const declaration = ts.isImportSpecifier(node) ? node.parent.parent.parent : undefined;
      return (
        declaration !== undefined &&
        specifierOf(declaration) === 'ulid' &&
        /^(?:ulid|monotonicFactory|detectPRNG)$/.test(member)
      );
    },
  },
  globals('environment', 'the machine must not decide; the surface reads it and passes values', [
    ...['process', 'Deno', 'Bun', 'navigator', 'location', 'document', 'localStorage', 'sessionStorage', 'indexedDB'],
    ...['__dirname', '__filename'],
  ]),
  {
    name: 'import-meta',
    reason: 'where the package is installed is part of the machine',
    matches: (node) => ts.isMetaProperty(node) && node.keywordToken === ts.SyntaxKind.ImportKeyword,
  },
  globals('global-object', 'it hides which ambient value is used', [
    'globalThis',
    'window',
    'self',
    'global',
    'frames',
  ]),
  globals('locale', 'formatting and order differ between machines', ['Intl']),
  members(
    'locale-member',
    'the result depends on the locale or the time zone of the machine',
    /^(?:toLocale\w*|localeCompare|toDateString|toTimeString|getTimezoneOffset|getYear|[gs]et(?:FullYear|Month|Date|Day|Hours|Minutes|Seconds|Milliseconds))$/,
  ),
  globals('timer', 'pure code does not wait; deadlines belong to the executor host', [
    ...['setTimeout', 'setInterval', 'setImmediate', 'clearTimeout', 'clearInterval', 'queueMicrotask'],
    ...['requestAnimationFrame', 'requestIdleCallback', 'AbortSignal', 'MessageChannel', 'scheduler'],
  ]),
  globals('network', 'verification works offline', [
    ...['fetch', 'WebSocket', 'XMLHttpRequest', 'EventSource', 'Worker', 'SharedWorker', 'BroadcastChannel'],
  ]),
  globals('output', 'printing is an effect; return a value', ['console', 'alert']),
  globals('memory', 'the garbage collector and other threads have no schedule', [
    ...['WeakRef', 'FinalizationRegistry', 'SharedArrayBuffer', 'Atomics'],
  ]),
  globals('dynamic-code', 'what runs must be what was reviewed', ['eval', 'Function', 'require', 'importScripts']),
  {
    name: 'constructor-call',
    reason: 'the constructor of a function is `Function`, that is, eval',
    matches: (node) =>
      (ts.isCallExpression(node) || ts.isNewExpression(node)) && readMember(node.expression) === 'constructor',
  },
  {
    name: 'dynamic-import',
    reason: 'a pure package is complete when it is loaded',
    matches: (node) => ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword,
  },
  {
    name: 'node-import',
    reason: 'the package also runs in a page; `node:*` stands behind #platform',
    matches: (node) => {
      const specifier = specifierOf(node);
      return specifier !== undefined && isBuiltin(specifier);
    },
  },
];

/** Rules for all shipped code: loading that no import rule can see. */
export const LOADING_RULES: readonly DeterminismRule[] = [
  {
    name: 'opaque-import',
    reason: 'an import whose specifier is computed cannot be checked against the import table',
    matches: (node) =>
      ts.isCallExpression(node) &&
      node.expression.kind === ts.SyntaxKind.ImportKeyword &&
      !(node.arguments[0] !== undefined && ts.isStringLiteral(node.arguments[0])),
  },
  members(
    'loader-access',
    'it loads modules behind the back of the import rules',
    /^(?:createRequire|getBuiltinModule|dlopen|_load|registerHooks|mainModule)$/,
  ),
  globals('code-from-text', 'what runs must be what was reviewed', ['eval', 'Function', 'require']),
];
