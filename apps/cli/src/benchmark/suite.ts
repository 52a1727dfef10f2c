import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { canonicalizeToBytes, createSigner, digestValue, parseJson } from '@exoarmur/canonical';
import {
  decisionSchema,
  INTENT_DIGEST_DOMAIN,
  InvariantError,
  MAX_BUNDLE_BYTES,
  proofBundleSchema,
} from '@exoarmur/contracts';
import { createCedarEvaluator, createDecisionPoint, digestPolicySet } from '@exoarmur/policy';
import { ReplayEngine, verifyBundle } from '@exoarmur/replay';
import { prepareDemoFolder } from '../demo/demo-folder.ts';
import { DEMO_POLICY_SET } from '../demo/policy.ts';
import { FIXED_SOURCES, proveAction } from '../demo/prove-action.ts';
import { createDemoFacts, createDemoIntent, DEMO } from '../demo/scenario.ts';
import { createEventTrail, TRAIL_ID } from './event-trail.ts';
import { measureRate } from './measure-rate.ts';

/** One row of the table. */
export interface Measurement {
  readonly name: string;
  /** What one of them includes. */
  readonly includes: string;
  /** Rounded; on one thread. */
  readonly per_second: number;
}

/** What a run of the suite measured, and on what. */
export interface SuiteResult {
  readonly schema: 'exoarmur.benchmark-suite/1';
  readonly machine: string;
  readonly measurements: readonly Measurement[];
}

const EVENTS = 1000;

/** Measures the rows one after the other for about `timeMs` each. Every row checks that what it measures gives the right answer. */
export async function measureSuite(timeMs: number): Promise<SuiteResult> {
  const root = mkdtempSync(join(tmpdir(), 'exoarmur-suite-'));
  try {
    const measurements: Measurement[] = [];
    for (const { name, includes, each, run } of await createTasks(root)) {
      const perSecond = (await measureRate(run, timeMs)) * each;
      measurements.push({ name, includes, per_second: Math.round(perSecond) });
    }
    const machine = `node ${process.version}, ${cpus()[0]?.model.trim() ?? 'unknown processor'}, ${cpus().length} processors`;
    return { schema: 'exoarmur.benchmark-suite/1', machine, measurements };
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** The table for a person. */
export function formatMeasurements({ machine, measurements }: SuiteResult): string {
  const width = Math.max(...measurements.map(({ name }) => name.length));
  const lines = measurements.map(
    ({ name, includes, per_second }) =>
      `${name.padEnd(width)}  ${per_second.toLocaleString('en').padStart(10)}/s  ${includes}`,
  );
  return `${lines.join('\n')}\n${machine}\n`;
}

interface Task {
  readonly name: string;
  readonly includes: string;
  /** How many of the thing one call does. */
  readonly each: number;
  readonly run: () => unknown;
}

async function createTasks(root: string): Promise<readonly Task[]> {
  const sources = FIXED_SOURCES;
  const signer = createSigner(DEMO.origin, sources.random('key').bytes(32));
  const decisionPoint = createDecisionPoint({ policySet: DEMO_POLICY_SET });
  const trust = `log ${signer.vkey}\nquorum none\n`;
  let folders = 0;
  const prove = async (isAllowed: boolean): Promise<Uint8Array> => {
    const folder = join(root, String(folders++));
    mkdirSync(folder);
    prepareDemoFolder(folder);
    const bundle = await proveAction(createDemoIntent(isAllowed), folder, { signer, decisionPoint, sources });
    rmSync(folder, { recursive: true });
    return bundle;
  };
  const bundle = await prove(true);
  const { records, payloads } = proofBundleSchema.parse(parseJson(bundle, { maxBytes: MAX_BUNDLE_BYTES }));
  const [record] = records;
  const decided = records.find(({ kind }) => kind === 'verdict_resolved');
  const recorded = decisionSchema.parse(decided && payloads[decided.payload.digest]?.value);
  const evaluator = createCedarEvaluator();
  const policySet = Object.freeze({ ...DEMO_POLICY_SET, policies: Object.freeze({ ...DEMO_POLICY_SET.policies }) });
  const policyDigest = digestPolicySet(policySet);
  const intent = createDemoIntent(true);
  const intentDigest = digestValue(INTENT_DIGEST_DOMAIN, intent);
  const facts = createDemoFacts();
  const trail = createEventTrail(EVENTS);
  const engine = new ReplayEngine({ auditStore: new Map([[TRAIL_ID, trail]]) });
  const expectPass = async (options: Parameters<typeof verifyBundle>[1]): Promise<void> => {
    const report = await verifyBundle(bundle, options);
    if (report.verify_verdict !== 'PASS') throw new InvariantError('the bundle of the measurement does not verify');
  };
  return [
    {
      name: 'action denied and proven',
      includes: 'a real file at stake, decision, records in a log in memory, signatures, bundle',
      each: 1,
      run: () => prove(false),
    },
    {
      name: 'action carried out and proven',
      includes: 'the same with grant, a real deletion and its outcome',
      each: 1,
      run: () => prove(true),
    },
    {
      name: 'bundle verified',
      includes: 'structure, hashes, proofs, signatures, trusted key, lifecycle; no decision',
      each: 1,
      run: () => expectPass({ trust }),
    },
    {
      name: 'bundle verified and re-executed',
      includes: 'the same and the decision taken again',
      each: 1,
      run: () => expectPass({ trust, evaluator }),
    },
    {
      name: 'decision re-executed',
      includes: 'Cedar, safety gate, resolution, digests; compared with the recorded verdict',
      each: 1,
      run: async () => {
        const decision = await evaluator.evaluate({ intent, intentDigest, facts, policySet, policyDigest });
        if (decision.verdict !== recorded.verdict) throw new InvariantError('a decision came out another way');
      },
    },
    {
      name: 'event replayed',
      includes: `payload hash, order and rules, in a trail of ${EVENTS.toLocaleString('en')} events of the ancestor`,
      each: EVENTS,
      run: () => {
        if (engine.replayCorrelation(TRAIL_ID).result !== 'success') throw new InvariantError('a sound trail failed');
      },
    },
    {
      name: 'record written as canonical JSON',
      includes: 'one sealed record',
      each: 1,
      run: () => canonicalizeToBytes(record),
    },
  ];
}
