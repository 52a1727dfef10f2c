import { MemoryHeadKeeper, MemoryLogStore } from '@exoarmur/audit/memory';
import { type AuditLog, createAuditLog } from '@exoarmur/audit/writer';
import { createSigner } from '@exoarmur/canonical';
import type {
  ActionIntent,
  AppendReceipt,
  AuditSink,
  CellAuditSink,
  CellDraft,
  Clock,
  Executor,
  ExecutorReport,
  PolicyDecisionPoint,
  RandomSource,
  RecordDraft,
  StreamEvidenceSource,
  TargetCheck,
} from '@exoarmur/contracts';
import { createTestExecutor } from '@exoarmur/executors';
import { createDecisionPoint, formatIntentSchema } from '@exoarmur/policy';
import {
  type BoundaryOptions,
  createFactSource,
  createMemoryGrantStore,
  createOperatorRegistry,
  createTrustedHost,
  type FactSource,
  ProxyPipeline,
} from '../src/index.ts';

/** 2024-01-01T12:00:00.000Z. */
export const START_MS = 1_704_110_400_000;
export const ORIGIN = 'cell.test/demo';
export const BOUNDARY_SIGNER = createSigner(ORIGIN, new Uint8Array(32).fill(1));

/** Approvers with keys of their own. */
export const OPERATORS = ['alice', 'bob', 'carol'].map((operatorId, index) => ({
  operatorId,
  signer: createSigner(`${operatorId}.test`, new Uint8Array(32).fill(100 + index)),
  roles: operatorId === 'carol' ? ['auditor'] : ['admin', 'operator'],
}));

/** A clock that a test moves. */
export interface TestClock extends Clock {
  nowMs: number;
}

export function createTestClock(): TestClock {
  return {
    nowMs: START_MS,
    now() {
      return this.nowMs;
    },
  };
}

/** Bytes that count: never the same twice, the same in every run. */
export function countingRandom(): RandomSource {
  let count = 0;
  return {
    bytes: (length) => {
      const bytes = new Uint8Array(length);
      new DataView(bytes.buffer).setUint32(0, ++count);
      return bytes;
    },
  };
}

/** An intent that the test policies permit. */
export function createIntent(change: Partial<ActionIntent> = {}): ActionIntent {
  return {
    schema: 'exoarmur.intent/1',
    intent_id: 'intent-1',
    correlation_id: 'correlation-1',
    trace_id: null,
    tenant_id: 'demo',
    cell_id: 'demo',
    actor_id: 'agent-1',
    actor_type: 'human',
    action_type: 'test.act',
    action_class: 'A1_soft_containment',
    target: '/data/report.csv',
    parameters: {},
    safety_context: {},
    reason: 'test',
    idempotency_key: null,
    timestamp: '2024-01-01T12:00:00.000Z',
    ...change,
  };
}

/** Facts against which the safety gate has nothing. */
export function clearFacts(): FactSource {
  return createFactSource({
    policyVerified: true,
    switches: { read: async () => ({ global: 'clear', tenant: 'clear', actor: 'clear', action_class: 'clear' }) },
    trust: () => 900,
    environment: () => ({
      degraded: false,
      cell_load_milli: 100,
      network_health_milli: 1000,
      resource_availability_milli: 1000,
    }),
  });
}

// It holds no state, and building one compiles the policies.
let decisionPoint: PolicyDecisionPoint | undefined;

/** Permits below /data, forbids below /data/locked, asks one person below /data/ask and two admins below /data/quorum. */
export function createTestDecisionPoint(): PolicyDecisionPoint {
  decisionPoint ??= createDecisionPoint({
    policySet: {
      schema: 'exoarmur.policy-set/1',
      language: 'cedar',
      policies: {
        'permit-data': 'permit(principal, action, resource in Directory::"/data");',
        'no-locked': 'forbid(principal, action, resource in Directory::"/data/locked");',
        'ask-person': '@approval("human")\nforbid(principal, action, resource in Directory::"/data/ask");',
        'ask-quorum':
          '@approval("quorum")\n@quorum("2")\n@roles("admin")\nforbid(principal, action, resource in Directory::"/data/quorum");',
      },
      cedar_schema: formatIntentSchema(['test.act', 'delete', 'write', 'read']),
    },
  });
  return decisionPoint;
}

/** A log that writes down what it is asked, and can be told to fail or to act just before or after an append. */
export interface ProbedLog extends AuditSink, CellAuditSink, StreamEvidenceSource {
  readonly appended: RecordDraft[];
  /** Facts of the cell, in order. */
  readonly facts: CellDraft[];
  before: (draft: RecordDraft) => void | Promise<void>;
  after: (draft: RecordDraft) => void | Promise<void>;
}

export function probeLog(log: AuditLog): ProbedLog {
  return {
    appended: [],
    facts: [],
    before: () => undefined,
    after: () => undefined,
    async append(draft): Promise<AppendReceipt> {
      await this.before(draft);
      const receipt = await log.append(draft);
      this.appended.push(draft);
      await this.after(draft);
      return receipt;
    },
    async appendCell(draft): Promise<AppendReceipt> {
      const receipt = await log.appendCell(draft);
      this.facts.push(draft);
      return receipt;
    },
    collect: (stream) => log.collect(stream),
  };
}

/** A boundary over a real in-memory log and real policies, with every part replaceable. */
export function createTestBoundary(
  change: Partial<BoundaryOptions> & { readonly executor?: Executor; readonly executionTimeoutMs?: number } = {},
) {
  const { executor = createTestExecutor(), executionTimeoutMs = 1000, ...options } = change;
  const clock = createTestClock();
  const random = countingRandom();
  const log = probeLog(
    createAuditLog({
      store: new MemoryLogStore(),
      heads: new MemoryHeadKeeper(),
      signer: BOUNDARY_SIGNER,
      clock,
      random,
      tenant: 'demo',
      cell: 'demo',
      origin: ORIGIN,
    }),
  );
  const boundaryOptions: BoundaryOptions = {
    tenant: 'demo',
    cell: 'demo',
    log,
    decisionPoint: createTestDecisionPoint(),
    facts: clearFacts(),
    host: createTrustedHost({ executor, targetTimeoutMs: 1000, executionTimeoutMs }),
    grants: createMemoryGrantStore(),
    operators: createOperatorRegistry(
      OPERATORS.map(({ operatorId, signer, roles }) => ({ operatorId, vkey: signer.vkey, roles, isRevoked: false })),
    ),
    clock,
    random,
    signer: BOUNDARY_SIGNER,
    ...options,
  };
  return { pipeline: new ProxyPipeline(boundaryOptions), options: boundaryOptions, log, clock, random };
}

/** Kinds of the records of a stream, in order. */
export async function kindsOf(log: StreamEvidenceSource, stream = 'intent-1'): Promise<string[]> {
  return (await log.collect(stream)).records.map(({ kind }) => kind);
}

/** Kinds of record of an action that a decision ended, whose target was refused, and that went all the way. */
export const DENIED = ['intent_received', 'verdict_resolved', 'stream_closed'];
export const REFUSED = ['intent_received', 'verdict_resolved', 'target_validated', 'stream_closed'];
export const EXECUTED = [...REFUSED.slice(0, 3), 'execution_authorized', 'execution_completed', 'stream_closed'];

/** A report of success, changed. */
export function report(change: Partial<ExecutorReport> = {}): ExecutorReport {
  return { success: true, error_code: null, claimed: {}, observed: {}, ...change };
}

/** An executor that reports just this, whatever it is. */
export const reporting = (answer: unknown) => createTestExecutor({ onExecute: () => answer as ExecutorReport });

/** An executor that says just this of any target. */
export const validating = (answer: unknown) => createTestExecutor({ onValidate: () => answer as TargetCheck });

/** From the record after the first of a kind on the log takes nothing more, as if the process had died there. */
export function loseAfter(log: ProbedLog, kind: string): void {
  let isDead = false;
  log.before = (draft) => {
    if (isDead) throw new Error('crash');
    isDead = draft.kind === kind;
  };
  log.after = (draft) => {
    if (draft.kind === kind) throw new Error('crash');
  };
}

/** A proxy that throws at each way of looking at it. */
export function createTrap(): object {
  const trap = () => {
    throw new TypeError('trap');
  };
  const traps = { get: trap, has: trap, ownKeys: trap, getPrototypeOf: trap, getOwnPropertyDescriptor: trap };
  return new Proxy({}, traps);
}

/** What a part of somebody else's may do instead of answering. */
export const BABBLE: readonly (readonly [string, () => unknown])[] = [
  ['answers nothing', () => undefined],
  ['answers null', () => null],
  ['answers an object', () => ({})],
  ['answers a list of null', () => [null]],
  ['answers a trap', () => createTrap()],
  ['rejects with a trap', () => Promise.reject(createTrap())],
  [
    'throws',
    () => {
      throw new TypeError('babble');
    },
  ],
];
