import { expect, test } from 'vitest';
import { approvalDecidedSchema, approvalRequestSchema, approvalSchema } from '../src/approval.ts';
import { proofBundleSchema, statementSchema } from '../src/bundle.ts';
import { decisionSchema, factsSchema } from '../src/decision.ts';
import { dsseEnvelopeSchema } from '../src/envelope.ts';
import { grantSchema } from '../src/grant.ts';
import { actionIntentSchema } from '../src/intent.ts';
import { outcomeSchema, targetValidationSchema } from '../src/outcome.ts';
import { streamClosedSchema, trailPayloadSchemas } from '../src/payloads.ts';
import { policySetSchema } from '../src/policy-set.ts';
import { recordKindSchema, sealedRecordSchema } from '../src/record.ts';
import { findIssuePointers, testModel } from './model-laws.ts';

const DIGEST = `sha256:${'0a'.repeat(32)}`;
const TIME = '2024-01-01T12:00:00.000Z';
const NONCE = '00'.repeat(16);

const order = (value: object): string => Object.keys(value).join(' ');

const intent = {
  schema: 'exoarmur.intent/1',
  intent_id: 'i-1',
  correlation_id: 'c-1',
  trace_id: 't-1',
  tenant_id: 'tenant',
  cell_id: 'cell-a',
  actor_id: 'agent-1',
  actor_type: 'agent',
  action_type: 'file.delete',
  action_class: 'A3_irreversible',
  target: '/tmp/x',
  parameters: {},
  safety_context: {},
  reason: '',
  idempotency_key: 'k',
  timestamp: TIME,
};

testModel('ActionIntent', {
  schema: actionIntentSchema,
  required: intent,
  order: order(intent),
  nullable: ['trace_id', 'idempotency_key'],
  invalid: [
    [{ schema: 'exoarmur.intent/2' }, '/schema'],
    [{ intent_id: 'a b' }, '/intent_id'],
    [{ tenant_id: 'Tenant' }, '/tenant_id'],
    [{ actor_type: 'boundary' }, '/actor_type'],
    [{ action_type: 'Delete' }, '/action_type'],
    [{ action_class: 'A4' }, '/action_class'],
    [{ target: '' }, '/target'],
    [{ target: 'a\nb' }, '/target'],
    [{ timestamp: '2024-01-01T12:00:00Z' }, '/timestamp'],
  ],
});

test('parameters of an intent keep members named like a prototype', () => {
  const parameters: unknown = JSON.parse('{"__proto__":{"path":"/"},"constructor":1}');
  expect(actionIntentSchema.parse({ ...intent, parameters }).parameters).toBe(parameters);
});

const facts = {
  schema: 'exoarmur.facts/1',
  time: TIME,
  policy_verified: true,
  switches: { global: 'clear', tenant: 'clear', actor: 'engaged', action_class: 'unknown' },
  trust_milli: 850,
  environment: {
    degraded: false,
    cell_load_milli: 500,
    network_health_milli: null,
    resource_availability_milli: 1000,
  },
  approvals: [],
};

testModel('Facts', {
  schema: factsSchema,
  required: facts,
  order: order(facts),
  nullable: ['trust_milli'],
  invalid: [
    [{ trust_milli: 0.85 }, '/trust_milli'],
    [{ switches: { ...facts.switches, global: 'off' } }, '/switches/global'],
    [{ switches: { global: 'clear', tenant: 'clear', actor: 'clear' } }, '/switches/action_class'],
    [{ environment: { ...facts.environment, cell_load_milli: 1001 } }, '/environment/cell_load_milli'],
    [{ policy_verified: null }, '/policy_verified'],
  ],
});

const decision = {
  schema: 'exoarmur.decision/1',
  intent_digest: DIGEST,
  verdict: 'require_human',
  pdp: {
    verdict: 'require_approval',
    rationale: 'r',
    determining_policies: ['p'],
    errored_policies: [],
    approval_requirement: { kind: 'human', quorum: 1, roles: ['operator'], ttl_seconds: 3600 },
  },
  safety: { verdict: 'allow', rationale: 'r', rule_ids: [] },
  resolution_rules_applied: ['rule'],
  policy_digest: DIGEST,
  engine: { name: 'cedar', version: '4', digest: DIGEST },
  facts,
};

testModel('Decision', {
  schema: decisionSchema,
  required: decision,
  order: order(decision),
  invalid: [
    [{ verdict: 'defer' }, '/verdict'],
    [{ resolution_rules_applied: [] }, '/resolution_rules_applied'],
    [{ pdp: { ...decision.pdp, verdict: 'require_quorum' } }, '/pdp/verdict'],
    [{ safety: { ...decision.safety, verdict: 'skipped' } }, '/safety/verdict'],
    [{ engine: { ...decision.engine, extra: 1 } }, '/engine'],
    [{ policy_digest: DIGEST.slice(7) }, '/policy_digest'],
  ],
});

const approval = {
  schema: 'exoarmur.approval/1',
  intent_digest: DIGEST,
  decision_digest: DIGEST,
  policy_digest: DIGEST,
  verdict: 'approve',
  approver_id: 'op-1',
  reason: 'looked at it',
  nonce: NONCE,
  expires_at: TIME,
};

testModel('Approval', {
  schema: approvalSchema,
  required: approval,
  order: order(approval),
  invalid: [
    [{ verdict: 'APPROVE' }, '/verdict'],
    [{ nonce: NONCE.slice(2) }, '/nonce'],
    [{ nonce: NONCE.replace('0', 'A') }, '/nonce'],
    [{ reason: 'x'.repeat(1025) }, '/reason'],
  ],
});

const envelope = { payload: 'e30=', payloadType: 'a/b', signatures: [{ keyid: '0011aabb', sig: 'AAAA' }] };

testModel('DsseEnvelope', {
  schema: dsseEnvelopeSchema,
  required: envelope,
  order: order(envelope),
  invalid: [
    [{ payload: 'A'.repeat(1_048_580) }, '/payload'],
    [{ signatures: [{ keyid: '0011aabb', sig: 'A'.repeat(92) }] }, '/signatures/0/sig'],
    [{ signatures: [] }, '/signatures'],
    [{ signatures: [{ keyid: 'x', sig: 'AAAA' }] }, '/signatures/0/keyid'],
    [{ payloadType: 'a b' }, '/payloadType'],
    [{ payload: 'e30' }, '/payload'],
  ],
});

const decided = { schema: 'exoarmur.approval-decided/1', approval_digest: DIGEST, envelope };
testModel('ApprovalDecided', { schema: approvalDecidedSchema, required: decided, order: order(decided) });

const request = {
  schema: 'exoarmur.approval-request/1',
  intent_digest: DIGEST,
  decision_digest: DIGEST,
  policy_digest: DIGEST,
  requirement: { kind: 'quorum', quorum: 2, roles: [], ttl_seconds: 60 },
  expires_at: TIME,
};

testModel('ApprovalRequest', {
  schema: approvalRequestSchema,
  required: request,
  order: order(request),
  invalid: [
    [{ requirement: { ...request.requirement, quorum: 0 } }, '/requirement/quorum'],
    [{ requirement: { ...request.requirement, kind: 'nobody' } }, '/requirement/kind'],
    [{ requirement: { ...request.requirement, ttl_seconds: 2_592_001 } }, '/requirement/ttl_seconds'],
  ],
});

const executor = { name: 'filesystem', version: '1', digest: DIGEST };
const grant = {
  schema: 'exoarmur.grant/1',
  intent_digest: DIGEST,
  decision_digest: DIGEST,
  approval_digests: [DIGEST],
  executor,
  nonce: NONCE,
  expires_at: TIME,
};

testModel('Grant', {
  schema: grantSchema,
  required: grant,
  order: order(grant),
  invalid: [
    [{ approval_digests: ['x'] }, '/approval_digests/0'],
    [{ executor: { ...executor, version: '' } }, '/executor/version'],
    [{ nonce: '' }, '/nonce'],
  ],
});

const outcome = {
  schema: 'exoarmur.outcome/1',
  intent_digest: DIGEST,
  grant_digest: DIGEST,
  status: 'failed',
  error_code: 'EXECUTOR_FAILED',
  result_digest: DIGEST,
  claimed: {},
  observed: {},
};

testModel('Outcome', {
  schema: outcomeSchema,
  required: outcome,
  order: order(outcome),
  nullable: ['error_code'],
  invalid: [
    [{ status: 'ok' }, '/status'],
    [{ error_code: 'lower' }, '/error_code'],
  ],
});

const validation = {
  schema: 'exoarmur.target-validation/1',
  intent_digest: DIGEST,
  executor,
  result: 'valid',
  reason: '',
  evidence: {},
};

testModel('TargetValidation', {
  schema: targetValidationSchema,
  required: validation,
  order: order(validation),
  invalid: [[{ result: 'maybe' }, '/result']],
});

const closed = {
  schema: 'exoarmur.stream-closed/1',
  intent_digest: DIGEST,
  reason: 'denied',
  final_verdict: 'deny',
  outcome: 'failed',
  record_count: 3,
  detail: '',
};

testModel('StreamClosed', {
  schema: streamClosedSchema,
  required: closed,
  order: order(closed),
  nullable: ['outcome'],
  invalid: [
    [{ record_count: 1 }, '/record_count'],
    [{ reason: 'bored' }, '/reason'],
  ],
});

const policySet = { schema: 'exoarmur.policy-set/1', language: 'cedar', policies: { p: 'permit;' }, cedar_schema: '' };

testModel('PolicySet', {
  schema: policySetSchema,
  required: policySet,
  order: order(policySet),
  invalid: [
    [{ language: 'rego' }, '/language'],
    [{ policies: { 'a b': '' } }, '/policies/a b'],
    [{ policies: { p: 1 } }, '/policies/p'],
  ],
});

const sealed = {
  schema: 'exoarmur.record/1',
  tenant: 'tenant',
  cell: 'cell-a',
  correlation: 'c',
  stream: 's',
  seq: 1,
  prev: DIGEST,
  kind: 'intent_received',
  time: TIME,
  actor: { type: 'boundary', id: 'b' },
  trace: 't',
  payload: { digest: DIGEST, size: 2 },
};

testModel('SealedRecord', {
  schema: sealedRecordSchema,
  required: sealed,
  order: order(sealed),
  nullable: ['prev', 'trace'],
  invalid: [
    [{ seq: -1 }, '/seq'],
    [{ seq: 1_000_001 }, '/seq'],
    [{ kind: 'intent_created' }, '/kind'],
    [{ actor: { type: 'robot', id: 'b' } }, '/actor/type'],
    [{ payload: { digest: DIGEST, size: 1 } }, '/payload/size'],
  ],
});

test('every kind of record that belongs to an action has a payload', () => {
  const kinds = recordKindSchema.options.slice(0, recordKindSchema.options.indexOf('ambiguity_resolved') + 1);
  expect(Object.keys(trailPayloadSchemas)).toEqual(kinds);
});

const statement = {
  _type: 'https://in-toto.io/Statement/v1',
  subject: [{ name: 'i-1', digest: { sha256: '0a'.repeat(32) } }],
  predicateType: 'urn:exoarmur:predicate:governed-action:1',
  predicate: {
    schema: 'exoarmur.governed-action/1',
    tenant: 'tenant',
    cell: 'cell-a',
    stream: 's',
    final_verdict: 'deny',
    outcome: null,
    record_count: 3,
    head: DIGEST,
    policy_digest: DIGEST,
    engine_digest: DIGEST,
    checkpoint: { origin: 'cell.example/tenant', size: 3, root: DIGEST },
    governance_evidence_digest: null,
  },
};

testModel('Statement', {
  schema: statementSchema,
  required: statement,
  order: order(statement),
  invalid: [
    [{ subject: [] }, '/subject'],
    [{ subject: [...statement.subject, ...statement.subject] }, '/subject'],
    [{ predicate: { ...statement.predicate, record_count: 1 } }, '/predicate/record_count'],
    [{ predicateType: 'https://example.com' }, '/predicateType'],
  ],
});

const proof = { index: 0, path: [] };
const bundle = {
  media_type: 'application/vnd.exoarmur.proof-bundle.v3+json',
  statement: envelope,
  records: [sealed, sealed],
  payloads: { [DIGEST]: { salt: `${'A'.repeat(22)}==`, value: {} } },
  policies: { [DIGEST]: policySet },
  log: { checkpoint: 'note', proofs: [proof, proof], vkeys: ['key'] },
};

testModel('ProofBundle', {
  schema: proofBundleSchema,
  required: bundle,
  order: order(bundle),
  invalid: [
    [{ media_type: 'application/json' }, '/media_type'],
    [{ records: [sealed] }, '/records'],
    [{ payloads: { x: bundle.payloads[DIGEST] } }, '/payloads/x'],
    [{ payloads: { [DIGEST]: { salt: 'AAAA', value: {} } } }, `/payloads/${DIGEST}/salt`],
    [{ log: { ...bundle.log, vkeys: [] } }, '/log/vkeys'],
    [{ log: { ...bundle.log, proofs: [{ index: -1, path: [] }, proof] } }, '/log/proofs/0/index'],
    [{ artifacts: [] }, '/artifacts'],
  ],
});

test('a bundle may do without artifacts', () => {
  expect(findIssuePointers(proofBundleSchema, { ...bundle, artifacts: {} })).toEqual([]);
  expect(Object.hasOwn(proofBundleSchema.parse(bundle), 'artifacts')).toBe(false);
});
