// Which module may import which. The table is tools/gates/planes.json; what it does not list is refused (`allowed`, error).
// The named rules repeat its most important refusals on purpose: widening the table does not switch them off, and
// each says why the edge must not exist. Every rule has a violating example in tools/gates/fixtures/imports/<rule>.
const { existsSync, readdirSync, readFileSync } = require('node:fs');
const { join } = require('node:path');
const planes = require('./tools/gates/planes.json');

const group = (names) => `(?:${names.join('|')})`;
const kernel = planes.kernel;
const surface = group(planes.surface);
const pure = group(Object.keys(planes.packages).filter((name) => planes.packages[name].pure));

const TESTS = '\\.(?:test|test-d|bench)\\.ts$';
/** Shipped modules of packages: under src/, tests beside them excepted. */
const inPackage = (name) => ({ path: `^packages/${name}/src/`, pathNot: TESTS });
const PRODUCT = { path: '^(?:packages|apps)/[^/]+/src/', pathNot: TESTS };
const NOT_PRODUCT = `^(?:packages|apps|tools|bench)/.*${TESTS}|^(?:packages|apps)/[^/]+/(?!src/)`;

/** `name` may import itself and `others`; anything else of ours is a violation. */
const only = (name, from, others, comment) => ({
  name,
  comment,
  severity: 'error',
  from: inPackage(from),
  to: { path: `^(?:packages/(?!${group([from, ...others])}/)|apps/)` },
});

/** Public entries of a package: what its exports map names. Folders that do not exist yet have `src/index.ts`. */
const entriesOf = (name) => {
  const manifest = join(__dirname, 'packages', name, 'package.json');
  if (!existsSync(manifest)) return ['src/index\\.ts'];
  const targets = Object.values(JSON.parse(readFileSync(manifest, 'utf8')).exports ?? {});
  const sources = targets.map((target) => target['@exoarmur/source']).filter((source) => source !== undefined);
  return sources.map((source) => source.replace(/^\.\//, '').replaceAll('.', '\\.'));
};
const packageNames = readdirSync(join(__dirname, 'packages'));
const entryPattern = `(?:${[
  ...packageNames.map((name) => `${name}/${group(entriesOf(name))}`),
  `(?!${group(packageNames)}/)[^/]+/src/index\\.ts`,
].join('|')})$`;
const targetOf = (specifier) => {
  const [name, entry] = specifier.split('/');
  return `^packages/${name}/${entry === undefined ? group(entriesOf(name)) : `src/${entry}/index\\.ts`}$`;
};
/** A package as npm lays it out (`node_modules/zod/…`), hoisted or in the store of pnpm. */
const npmPattern = (names) => `(?:^|/)node_modules/${group(names.map((name) => name.replaceAll('/', '\\/')))}/`;
const folderOf = (name) =>
  existsSync(join(__dirname, 'apps', name)) ? `^apps/${name}/src/` : `^packages/${name}/src/`;

const named = [
  {
    name: 'no-circular',
    comment:
      'A cycle joins two parts into one; types, and what an app loads late, may refer back within their package.',
    severity: 'error',
    from: {},
    to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only', 'dynamic-import'] } },
  },
  {
    name: 'no-orphans',
    comment: 'A module that nothing reaches is neither tested nor shipped on purpose: delete it or use it.',
    severity: 'error',
    from: { orphan: true, path: '^(?:packages|apps)/[^/]+/src/', pathNot: `${TESTS}|/src/index\\.ts$|\\.d\\.ts$` },
    to: {},
  },
  only('contracts-is-leaf', 'contracts', [], 'Shapes must not acquire behaviour: everything depends on them.'),
  only('canonical-is-leaf', 'canonical', [], 'The code that makes bytes and digests must be auditable alone.'),
  only('audit-kernel-only', 'audit', kernel, 'Evidence must not depend on who decides or who acts.'),
  only('policy-cannot-act-or-remember', 'policy', kernel, 'A decision reads only the facts handed to it.'),
  only('federation-cannot-execute', 'federation', kernel, 'A peer can never trigger an effect.'),
  {
    name: 'federation-cannot-reach-executor',
    comment: 'The same through any number of steps, should somebody widen the direct rule.',
    severity: 'error',
    from: inPackage('federation'),
    to: { path: '^packages/(?:boundary-v2|executors)/src/', reachable: true },
  },
  only(
    'governance-artifacts-diagnostic-only',
    'governance-artifacts',
    kernel,
    'A diagnosis cannot touch replay or effects.',
  ),
  {
    name: 'only-surface-imports-governance-artifacts',
    comment: 'The core never depends on an optional integration.',
    severity: 'error',
    from: {
      path: '^packages/[^/]+/src/',
      pathNot: `^packages/(?:governance-(?:artifacts|runtime|provider-kit)|provider-[a-z0-9-]+|${surface})/|${TESTS}`,
    },
    to: { path: '^packages/governance-(?:artifacts|runtime|provider-kit)/' },
  },
  only(
    'replay-cannot-execute',
    'replay',
    [...kernel, 'audit'],
    'A verifier can never act: checking is free of effects.',
  ),
  {
    name: 'replay-cannot-reach-effect',
    comment: 'The same through any number of steps; replay reaches no writer of the log either.',
    severity: 'error',
    from: inPackage('replay'),
    to: { path: '^packages/(?:boundary-v2/|executors/|store-[a-z0-9-]+/|audit/src/writer/)', reachable: true },
  },
  {
    name: 'replay-reads-audit-only',
    comment: 'A finished trail in, a report out: replay sees the reader and the trail, nothing that appends.',
    severity: 'error',
    from: inPackage('replay'),
    to: { path: '^packages/audit/src/(?!reader/|trail/)' },
  },
  only(
    'boundary-no-observers',
    'boundary-v2',
    [...kernel, 'policy', 'audit'],
    'What observes cannot feed back into execution.',
  ),
  {
    name: 'boundary-writes-audit-only',
    comment: 'Execution is not steered by past evidence, except through the facts a decision records.',
    severity: 'error',
    from: inPackage('boundary-v2'),
    to: { path: '^packages/audit/src/(?!writer/|trail/)' },
  },
  only(
    'executors-see-contracts-only',
    'executors',
    ['contracts'],
    'An executor is untrusted: no log, no keys, no policy.',
  ),
  only('stores-implement-ports-only', 'store-[a-z0-9-]+', kernel, 'A driver implements ports; it knows no plane.'),
  {
    name: 'only-surface-opens-stores',
    comment: 'Planes speak to storage through ports of contracts; the surface chooses the driver.',
    severity: 'error',
    from: { path: '^packages/[^/]+/src/', pathNot: `^packages/(?:store-[a-z0-9-]+|${surface})/|${TESTS}` },
    to: { path: '^packages/store-[a-z0-9-]+/' },
  },
  {
    name: 'only-surface-wires-executors',
    comment: 'A module that can import an executor can bypass the pipeline in front of it.',
    severity: 'error',
    from: { path: '^packages/[^/]+/src/', pathNot: `^packages/(?:executors|${surface})/|${TESTS}` },
    to: { path: '^packages/executors/' },
  },
  {
    name: 'nobody-imports-apps',
    comment: 'Apps compose the system and stay on top of it.',
    severity: 'error',
    from: { path: '^(?:packages|apps)/([^/]+)/' },
    to: { path: '^apps/', pathNot: '^apps/$1/' },
  },
  {
    name: 'only-surface-imports-sdk',
    comment: 'The facade is for users of the system; a plane behind it would close a circle.',
    severity: 'error',
    from: { path: '^packages/[^/]+/src/', pathNot: `^packages/${surface}/|${TESTS}` },
    to: { path: '^packages/sdk/' },
  },
  {
    name: 'no-deep-import',
    comment: 'Planes meet at their public entries; what lies behind one may change any day.',
    severity: 'error',
    from: { path: '^(?:packages|apps)/([^/]+)/' },
    to: { path: '^packages/', pathNot: [`^packages/$1/`, `^packages/${entryPattern}`] },
  },
  {
    name: 'no-relative-import-across-packages',
    comment: 'A path out of the package escapes its exports map and its declared dependencies.',
    severity: 'error',
    from: { path: '^(packages|apps)/([^/]+)/src/' },
    to: { path: '^(?:packages|apps|tools|bench)/', pathNot: '^$1/$2/', dependencyTypes: ['local'] },
  },
  {
    name: 'not-to-unresolvable',
    comment: 'An edge that does not resolve is an edge nobody checks.',
    severity: 'error',
    from: {},
    to: { couldNotResolve: true },
  },
  {
    name: 'pure-packages-import-no-node',
    comment: 'The same verifier runs in Node and in a page; clock, files and network come in through ports.',
    severity: 'error',
    from: { path: `^packages/${pure}/src/`, pathNot: `${TESTS}|^packages/canonical/src/platform/` },
    to: { dependencyTypes: ['core'] },
  },
  {
    name: 'platform-only-through-subpath-import',
    comment: 'Naming one platform twin directly would take the other from the browser build.',
    severity: 'error',
    from: { path: '^packages/canonical/src/', pathNot: `${TESTS}|^packages/canonical/src/platform/` },
    to: {
      path: '^packages/canonical/src/platform/(?:node|browser)\\.ts$',
      dependencyTypesNot: ['aliased-subpath-import'],
    },
  },
  {
    name: 'boundary-node-only-in-executor-host',
    comment: 'Deadlines and worker processes are the host of executors; deciding and recording need no machine.',
    severity: 'error',
    from: {
      path: '^packages/boundary-v2/src/',
      pathNot: `${TESTS}|^packages/boundary-v2/src/(?:executor-host|node)(?:/|[a-z-]*\\.ts$)`,
    },
    to: { dependencyTypes: ['core'] },
  },
  {
    name: 'dynamic-import-only-in-provider-loader',
    comment: 'Foreign code is loaded inside a confined child only, by the one file that runs there.',
    severity: 'error',
    from: {
      path: '^packages/[^/]+/src/',
      pathNot: `${TESTS}|^packages/(?:governance-runtime/src/process/host|sandbox/src/confined-child)\\.ts$`,
    },
    to: { dynamic: true },
  },
  {
    name: 'apps-lazy-load-own-modules-only',
    comment:
      'A command may load its own modules and those of Node late to start fast; nothing else is loaded at run time.',
    severity: 'error',
    from: { path: '^apps/([^/]+)/src/', pathNot: TESTS },
    to: { dynamic: true, pathNot: '^apps/$1/src/', dependencyTypesNot: ['core'] },
  },
  {
    name: 'no-provider-import',
    comment: 'The core works with zero providers and never names one.',
    severity: 'error',
    from: {
      path: '^(?:packages|apps)/',
      pathNot: `^packages/(?:provider-[a-z0-9-]+|governance-provider-kit)/|${TESTS}`,
    },
    to: { path: '(?:governance-(?:provider|module)s?|^packages/provider)(?:-|/|$)' },
  },
  {
    name: 'no-undeclared-dependency',
    comment: 'A dependency missing from package.json is an edge nobody reviewed.',
    severity: 'error',
    from: PRODUCT,
    to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
  },
  ...Object.entries(planes.packages).map(([name, { npm }]) => ({
    name: 'npm-allow-list',
    comment: 'Each npm package that can reach evidence is named, one by one, in tools/gates/planes.json.',
    severity: 'error',
    from: { path: folderOf(name), pathNot: TESTS },
    to: { path: '(?:^|/)node_modules/', pathNot: npm.length === 0 ? undefined : npmPattern(npm) },
  })),
  {
    name: 'not-to-dev-dependency',
    comment: 'A tool of development is not installed where the product runs.',
    severity: 'error',
    from: PRODUCT,
    to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['npm', 'type-only'] },
  },
  {
    name: 'product-not-to-test',
    comment: 'Test doubles allow everything; one of them in a release would too.',
    severity: 'error',
    from: PRODUCT,
    to: { path: `${TESTS}|^(?:packages|apps)/[^/]+/(?:test|fuzz|scripts)/|^(?:tools|bench)/` },
  },
];

for (const rule of named) for (const key of Object.keys(rule.to)) if (rule.to[key] === undefined) delete rule.to[key];

const allowed = [
  { from: { path: NOT_PRODUCT }, to: {} },
  { from: { path: '^(packages|apps)/([^/]+)/' }, to: { path: '^$1/$2/' } },
  ...Object.entries(planes.packages).flatMap(([name, { imports, npm }]) => [
    imports === 'surface'
      ? { from: { path: folderOf(name) }, to: { path: `^packages/${entryPattern}` } }
      : { from: { path: folderOf(name) }, to: { path: imports.length === 0 ? '(?!)' : group(imports.map(targetOf)) } },
    ...(npm.length === 0 ? [] : [{ from: { path: folderOf(name) }, to: { path: npmPattern(npm) } }]),
  ]),
  { from: { path: `^packages/${surface}/src/` }, to: { path: `^packages/${entryPattern}` } },
  { from: { path: '^(?:packages|apps)/' }, to: { dependencyTypes: ['core'] } },
];

module.exports = {
  forbidden: named,
  allowed,
  allowedSeverity: 'error',
  options: {
    doNotFollow: { path: ['(?:^|/)node_modules/', '/dist/'] },
    tsPreCompilationDeps: true,
    combinedDependencies: false,
    detectProcessBuiltinModuleCalls: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['@exoarmur/source', 'node', 'import', 'default'],
      extensions: ['.ts', '.js', '.json'],
    },
  },
};
