import { createAuditLog } from '@exoarmur/audit/writer';
import { createMemoryGrantStore, createTrustedHost, ProxyPipeline } from '@exoarmur/boundary-v2';
import { createSigner, digestValue } from '@exoarmur/canonical';
import { type Executor, INTENT_DIGEST_DOMAIN, type PolicySet } from '@exoarmur/contracts';
import { createDecisionPoint } from '@exoarmur/policy';
import { openHeadFiles, openSqliteLogStore } from '@exoarmur/store-sqlite';
import { DEMO_POLICY_SET } from '../src/demo/policy.ts';
import { FIXED_SOURCES } from '../src/demo/prove-action.ts';
import { createDemoFacts, createDemoIntent, DEMO, LOGICAL_ROOTS } from '../src/demo/scenario.ts';

export const ALLOWED = `${LOGICAL_ROOTS.authorized}/old.csv`;
export const DENIED = `${LOGICAL_ROOTS.private}/secret.csv`;

/** Says that it deleted, and deletes nothing: what is tested is what the log says. */
const executor: Executor = {
  manifest: { name: 'noop', version: '1.0.0', action_types: ['delete'], target_kinds: ['file'], capabilities: [] },
  validateTarget: async () => ({ result: 'valid', reason: '', evidence: {} }),
  execute: async () => ({ success: true, error_code: null, claimed: { deleted: true }, observed: { exists: false } }),
};

/** A log on disk that says of one denied action what nobody decided: the reason is another, or a record follows that may not. */
export async function createLyingLog(path: string, lie: 'rationale' | 'order'): Promise<void> {
  const { tenant, cell, origin } = DEMO;
  const store = openSqliteLogStore({ path });
  const heads = openHeadFiles(`${path}.heads`);
  const signer = createSigner(origin, FIXED_SOURCES.random('key').bytes(32));
  const { clock } = FIXED_SOURCES;
  const log = createAuditLog({
    tenant,
    cell,
    origin,
    clock,
    signer,
    store,
    heads,
    random: FIXED_SOURCES.random('log'),
  });
  const intent = { ...createDemoIntent(false), intent_id: 'action-1', correlation_id: 'session-1' };
  const intentDigest = digestValue(INTENT_DIGEST_DOMAIN, intent);
  const point = createDecisionPoint({ policySet: DEMO_POLICY_SET });
  const decision = await point.decide({ intent, intentDigest, facts: createDemoFacts() });
  const told = lie === 'order' ? decision : { ...decision, pdp: { ...decision.pdp, rationale: 'nobody was there' } };
  const common = { stream: 'action-1', correlation: 'session-1', trace: null };
  const actor = { type: 'human', id: intent.actor_id } as const;
  await log.append({ ...common, actor, kind: 'intent_received', payload: intent, expectedSeq: 0 });
  const boundary = {
    ...common,
    actor: { type: 'boundary', id: cell },
    kind: 'verdict_resolved',
    payload: told,
  } as const;
  await log.append({ ...boundary, expectedSeq: 1 });
  if (lie === 'order') await log.append({ ...boundary, expectedSeq: 2 });
  await log.close();
  await heads.close();
  await store.close();
}

/** Puts actions through the real boundary into a log on disk, one second apart; stream `action-<n>`, correlation `session-1`. */
export async function createGovernedLog(
  path: string,
  targets: readonly string[],
  policySet: PolicySet = DEMO_POLICY_SET,
): Promise<void> {
  const { tenant, cell, origin } = DEMO;
  let time = DEMO.timeMs;
  const clock = { now: () => time };
  const store = openSqliteLogStore({ path });
  const heads = openHeadFiles(`${path}.heads`);
  const signer = createSigner(origin, FIXED_SOURCES.random('key').bytes(32));
  const scope = { tenant, cell, clock, signer };
  const log = createAuditLog({ ...scope, origin, store, heads, random: FIXED_SOURCES.random('log') });
  const { policy_verified, switches, trust_milli, environment } = createDemoFacts();
  const pipeline = new ProxyPipeline({
    ...scope,
    log,
    decisionPoint: createDecisionPoint({ policySet }),
    facts: { gather: async () => ({ policy_verified, switches, trust_milli, environment }) },
    host: createTrustedHost({ executor, targetTimeoutMs: 30_000, executionTimeoutMs: 30_000 }),
    grants: createMemoryGrantStore(),
    random: FIXED_SOURCES.random('boundary'),
  });
  for (const [index, target] of targets.entries()) {
    time = DEMO.timeMs + index * 1000;
    const ids = { intent_id: `action-${index + 1}`, correlation_id: 'session-1' };
    await pipeline.execute({ ...createDemoIntent(true), ...ids, target });
  }
  await log.close();
  await heads.close();
  await store.close();
}
