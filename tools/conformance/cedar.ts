import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parseJson } from '../../packages/canonical/src/index.ts';
import {
  createPolicyShelf,
  type EngineAnswer,
  policySetTextToParts,
  policyToJson,
  preparseSchema,
} from '../../packages/policy/src/cedar/index.ts';
import type { CedarRequest } from '../../packages/policy/src/index.ts';
import { type SuiteOptions, type SuiteResult, suiteFolder, Tally } from './suite.ts';

/** One file of the published corpus. */
interface CedarCase {
  readonly policies: string;
  readonly entities: string;
  readonly schema: string;
  readonly requests: readonly (Omit<CedarRequest, 'entities'> & {
    readonly decision: 'allow' | 'deny';
    readonly reason: readonly string[];
    readonly errors: readonly string[];
  })[];
}

/**
 * The public corpus of cedar-policy/cedar-integration-tests through the engine of the policy package: every request once
 * against the slice of the policies that the index gives and once against all of them. Both must give the published
 * decision, reasons and errors. A case that our strict reader refuses is counted as refused, never as right.
 */
export function runCedar({ folder }: SuiteOptions): SuiteResult {
  const root = suiteFolder(folder, 'cedar');
  const work = mkdtempSync(join(tmpdir(), 'exoarmur-cedar-'));
  try {
    const archive = join(root, 'corpus-tests.tar.gz');
    if (existsSync(archive)) execFileSync('tar', ['-xzf', archive, '-C', work]);
    const tally = new Tally();
    const refused: string[] = [];
    for (const [base, path] of listCases(root, work)) runCase(base, path, tally, refused);
    const requests = refused.length === 0 ? '' : `, ${refused.length} requests refused: ${summarize(refused)}`;
    return tally.result('cedar corpus', `each request sliced and unsliced${requests}`);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function listCases(root: string, work: string): (readonly [base: string, path: string])[] {
  const folders = [
    ...readdirSync(join(root, 'tests')).map((name) => [root, join(root, 'tests', name)] as const),
    [work, join(work, 'corpus-tests')] as const,
  ];
  return folders
    .filter(([, folder]) => existsSync(folder))
    .flatMap(([base, folder]) =>
      readdirSync(folder)
        .filter((name) => name.endsWith('.json') && !name.endsWith('.entities.json'))
        .sort()
        .map((name) => [base, join(folder, name)] as const),
    );
}

function runCase(base: string, path: string, tally: Tally, refused: string[]): void {
  const name = basename(path, '.json');
  // The expectations are read leniently, what goes to the engine strictly.
  const lenient = JSON.parse(readFileSync(path, 'utf8')) as CedarCase;
  let test: CedarCase;
  let entities: CedarRequest['entities'];
  try {
    test = parseJson(readFileSync(path)) as unknown as CedarCase;
    entities = parseJson(readFileSync(join(base, lenient.entities))) as unknown as CedarRequest['entities'];
  } catch (error) {
    for (const _ of lenient.requests) refused.push((error as { readonly code: string }).code);
    return;
  }
  const policies = readPolicies(readFileSync(join(base, test.policies), 'utf8'));
  if (preparseSchema('conformance', readFileSync(join(base, test.schema), 'utf8')).type === 'failure') {
    tally.check(`${name}: the schema is not read`, false);
    return;
  }
  const options = { schema: 'conformance' } as const;
  const sliced = createPolicyShelf(policies, { ...options, name: 'conformance/sliced' });
  const whole = createPolicyShelf(policies, { ...options, name: 'conformance/whole', unsliced: true });
  test.requests.forEach((expected, index) => {
    const { principal, action, resource, context } = expected;
    const request: CedarRequest = { principal, action, resource, context, entities };
    const want = [expected.decision, sorted(expected.reason), sorted(expected.errors)].join(' | ');
    const got = [describe(sliced.ask(request)), describe(whole.ask(request))];
    const isRight = got.every((answer) => answer === want);
    tally.check(`${name} request ${index}: expected ${want}, found ${got.join(' and ')}`, isRight);
  });
  sliced.release();
  whole.release();
}

/** Policies of one text get their names by position, as the corpus names them; the engine lists them sorted by name. */
function readPolicies(text: string) {
  const parts = policySetTextToParts(text);
  if (parts.type === 'failure') throw new Error('a policy text of the cedar suite does not parse');
  const names = parts.policies.map((_, position) => `policy${position}`).sort();
  return parts.policies.map((policy, position) => {
    const answer = policyToJson(policy);
    if (answer.type === 'failure') throw new Error('a policy of the cedar suite does not parse');
    return { id: names[position] ?? '', text: policy, json: answer.json };
  });
}

function describe(answer: EngineAnswer): string {
  if (answer.outcome === 'failed') return 'no answer';
  return [answer.allowed ? 'allow' : 'deny', sorted(answer.reasons), sorted(answer.errored)].join(' | ');
}

function sorted(ids: readonly string[]): string {
  return [...ids].sort().join(' ');
}

function summarize(codes: readonly string[]): string {
  return [...new Set(codes)]
    .sort()
    .map((code) => `${codes.filter((other) => other === code).length} ${code}`)
    .join(', ');
}
