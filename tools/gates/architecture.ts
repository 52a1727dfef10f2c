import { createRequire } from 'node:module';
import { cruise, type ICruiseOptions, type ICruiseResult, type IForbiddenRuleType } from 'dependency-cruiser';
import floors from './floors.json' with { type: 'json' };
import { type Gate, type GateResult, ROOT } from './gate.ts';
import planes from './planes.json' with { type: 'json' };
import { listWorkspace, type WorkspaceFolder } from './workspace.ts';

/** The part of `.dependency-cruiser.cjs` that gates read. */
export interface ImportRules {
  readonly forbidden: readonly (IForbiddenRuleType & { name: string; comment?: string })[];
  readonly allowed: readonly object[];
  readonly allowedSeverity: string;
  readonly options: ICruiseOptions & { enhancedResolveOptions: object };
}

/** The rules every cruise uses; there is one copy, and the fixtures are judged by it too. */
export const importRules = createRequire(import.meta.url)('../../.dependency-cruiser.cjs') as ImportRules;

/** One refused edge, or a refused module when `to` equals `from`. */
export interface Violation {
  readonly rule: string;
  readonly from: string;
  readonly to: string;
}

/** What a cruise saw. */
export interface CruiseReport {
  readonly modules: readonly string[];
  readonly violations: readonly Violation[];
}

/** Cruises packages/ and apps/ below `root` with `rules`. */
export async function cruiseWorkspace(root: string, rules: ImportRules = importRules): Promise<CruiseReport> {
  const { enhancedResolveOptions, ...options } = rules.options;
  const ruleSet = { forbidden: rules.forbidden, allowed: rules.allowed, allowedSeverity: rules.allowedSeverity };
  const result = await cruise(
    ['packages', 'apps'],
    { ...options, baseDir: root, validate: true, ruleSet, outputType: 'json' } as ICruiseOptions,
    enhancedResolveOptions,
  );
  const report = JSON.parse(result.output as string) as ICruiseResult;
  return {
    modules: report.modules.map((module) => module.source),
    violations: report.summary.violations.map(({ rule, from, to }) => ({ rule: rule.name, from, to })),
  };
}

const SHIPPED = /^((?:packages|apps)\/[^/]+)\/src\/(?!.*\.(?:test|test-d|bench)\.ts$)/;

/** Says where a cruise saw fewer modules than it must: a cruiser that cannot parse TypeScript reports no error at all. */
export function findMissingModules(
  report: Pick<CruiseReport, 'modules'>,
  folders: readonly Pick<WorkspaceFolder, 'path' | 'hasSources'>[],
  floor: Readonly<Record<string, number>>,
): string[] {
  const counts = new Map<string, number>([['total', 0]]);
  for (const source of report.modules) {
    const path = SHIPPED.exec(source)?.[1];
    if (path === undefined) continue;
    for (const key of ['total', path]) counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const least = new Map(Object.entries(floor));
  for (const { path, hasSources } of folders) if (hasSources) least.set(path, Math.max(1, least.get(path) ?? 1));
  return [...least]
    .filter(([path, minimum]) => (counts.get(path) ?? 0) < minimum)
    .map(([path, minimum]) => `${path}: ${counts.get(path) ?? 0} modules seen, at least ${minimum} expected`);
}

/** Compares the dependencies declared in package.json files with the import table, workspace and npm packages alike. */
export function findUndeclaredEdges(folders: readonly WorkspaceFolder[]): string[] {
  const findings: string[] = [];
  const isSurface = (name: string): boolean => planes.surface.some((pattern) => new RegExp(`^${pattern}$`).test(name));
  const rows = Object.entries(planes.packages).map(([pattern, row]) => ({
    pattern: new RegExp(`^${pattern}$`),
    ...row,
  }));
  for (const { path, manifest } of folders) {
    const [parent, name = ''] = path.split('/');
    const row = rows.find(({ pattern }) => pattern.test(name));
    if (row === undefined && parent === 'packages' && !isSurface(name)) {
      findings.push(`${path}: not in tools/gates/planes.json`);
      continue;
    }
    for (const dependency of Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })) {
      const ours = /^@exoarmur\/(.+)$/.exec(dependency)?.[1];
      if (ours === undefined) {
        if (!(row?.npm ?? ([] as readonly string[])).some((allowed) => allowed === dependency))
          findings.push(`${path}: npm package ${dependency} is not allowed`);
      } else if (parent === 'packages' && !isSurface(name) && Array.isArray(row?.imports)) {
        const allowed = row.imports.some((specifier) => specifier.split('/')[0] === ours);
        if (!allowed) findings.push(`${path}: dependency on @exoarmur/${ours} is not in the import table`);
      } else if (folders.some((folder) => folder.path === `apps/${ours}`)) {
        findings.push(`${path}: dependency on the app @exoarmur/${ours}`);
      }
    }
  }
  return findings;
}

/** The import rules over the sources, the floor of modules and the declared dependencies. */
export const architectureGate: Gate = {
  name: 'architecture',
  guards: 'which module may import which',
  async run(): Promise<GateResult> {
    const folders = listWorkspace();
    const report = await cruiseWorkspace(ROOT);
    return {
      examined: report.modules.length,
      unit: 'modules',
      findings: [
        ...findMissingModules(report, folders, floors.modules),
        ...findUndeclaredEdges(folders),
        ...report.violations.map(({ rule, from, to }) => `${rule}: ${from} -> ${to}`),
      ],
    };
  },
};
