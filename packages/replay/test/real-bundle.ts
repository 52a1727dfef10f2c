import { MemoryHeadKeeper, MemoryLogStore } from '@exoarmur/audit/memory';
import { createAuditLog } from '@exoarmur/audit/writer';
import {
  createMemoryGrantStore,
  createMemoryLimitStore,
  createOperatorRegistry,
  createTrustedHost,
  ProxyPipeline,
  signApproval,
  signResolution,
} from '@exoarmur/boundary-v2';
import { concatBytes, encodeUtf8, sha256 } from '@exoarmur/canonical';
import type { ApprovalRequest, Clock, Executor, JsonObject, RandomSource } from '@exoarmur/contracts';
import { createDecisionPoint, formatIntentSchema } from '@exoarmur/policy';
import { intentOf, json, ORIGIN, signerOf } from './bundle-fixture.ts';

const clock: Clock = { now: () => Date.UTC(2024, 0, 1, 12) };
const APPROVER = signerOf(7, 'owner.example');

function countingRandom(label: string): RandomSource {
  let count = 0;
  const block = () => sha256(encodeUtf8(`${label} ${count++}`));
  return { bytes: (length) => concatBytes(block(), block()).slice(0, length) };
}

/** Claims success and does nothing: what a bundle proves does not depend on it. */
const executor: Executor = {
  manifest: { name: 'noop', version: '1.0.0', action_types: ['delete'], target_kinds: ['file'], capabilities: [] },
  validateTarget: async () => ({ result: 'valid', reason: '', evidence: {} }),
  execute: async () => ({ success: true, error_code: null, claimed: { deleted: true }, observed: { exists: false } }),
};

/** Never tells what it did. */
const silent: Executor = { ...executor, execute: () => Promise.reject(new Error('gone')) };

/** Bundle of an action that went through the real boundary: denied, stopped by a budget, permitted, or permitted after a person agreed; or without anybody knowing what happened, found out by a person or not. */
export async function runRealAction(
  kind: 'denied' | 'exhausted' | 'allowed' | 'approved' | 'ambiguous' | 'resolved',
  artifacts?: JsonObject,
): Promise<Uint8Array> {
  const signer = signerOf(1);
  const log = createAuditLog({
    store: new MemoryLogStore(),
    heads: new MemoryHeadKeeper(),
    signer,
    clock,
    random: countingRandom('log'),
    tenant: 't',
    cell: 'c',
    origin: ORIGIN,
  });
  const pipeline = new ProxyPipeline({
    tenant: 't',
    cell: 'c',
    log,
    decisionPoint: createDecisionPoint({
      policySet: {
        schema: 'exoarmur.policy-set/1',
        language: 'cedar',
        policies: {
          'permit-data': 'permit(principal, action, resource in Directory::"/data");',
          'ask-person': '@approval("human")\nforbid(principal, action, resource in Directory::"/data/ask");',
        },
        cedar_schema: formatIntentSchema(['delete']),
      },
    }),
    facts: {
      gather: async () => ({
        policy_verified: true,
        switches: { global: 'clear', tenant: 'clear', actor: 'clear', action_class: 'clear' },
        trust_milli: 900,
        environment: {
          degraded: false,
          cell_load_milli: 100,
          network_health_milli: 1000,
          resource_availability_milli: 1000,
        },
      }),
    },
    host: createTrustedHost({
      executor: kind === 'ambiguous' || kind === 'resolved' ? silent : executor,
      targetTimeoutMs: 1000,
      executionTimeoutMs: 1000,
    }),
    grants: createMemoryGrantStore(),
    operators: createOperatorRegistry([
      { operatorId: 'owner', vkey: APPROVER.vkey, roles: ['admin', 'operator'], isRevoked: false },
    ]),
    ...(kind === 'exhausted'
      ? {
          budgets: {
            declared: [{ id: 'none', counts: 'actions', per: [], maximum: 0, window_seconds: 60 }],
            store: createMemoryLimitStore(),
          },
        }
      : {}),
    clock,
    random: countingRandom('boundary'),
    signer,
  });
  const target = { denied: '/etc/passwd', approved: '/data/ask/x.csv' }[kind as string] ?? '/data/x.csv';
  const intent = intentOf({ target, actor_type: 'human', reason: 'test' });
  const first = await pipeline.execute(intent);
  const options = artifacts === undefined ? {} : { artifacts };
  if (kind === 'resolved' && first.status === 'ambiguous' && first.outcome !== null) {
    const { outcome } = first;
    const resolution = signResolution({
      ...{ outcome, finding: 'happened', resolverId: 'owner', reason: 'the file is gone' },
      ...{ signer: APPROVER, random: countingRandom('resolver') },
    });
    return (await pipeline.resolve(intent.intent_id, json(resolution))).bundle(options);
  }
  if (kind !== 'approved') return first.bundle(options);
  const evidence = await log.collect(intent.intent_id);
  const asked = evidence.records.find((record) => record.kind === 'approval_requested');
  const request = asked && evidence.payloads.get(asked.payload.digest)?.value;
  const envelope = signApproval({
    request: request as unknown as ApprovalRequest,
    verdict: 'approve',
    approverId: 'owner',
    reason: 'fine',
    signer: APPROVER,
    clock,
    random: countingRandom('approver'),
    ttlSeconds: 600,
  });
  const second = await pipeline.submitApproval(intent.intent_id, json(envelope));
  return second.bundle(options);
}
