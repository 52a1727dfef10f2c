import {
  canonicalizeToBytes,
  commitPayload,
  concatBytes,
  createSigner,
  createTree,
  digestValue,
  encodeBase64,
  encodeUtf8,
  formatCheckpoint,
  formatDigest,
  formatNote,
  formatVerifierKey,
  hashLeaf,
  isDigest,
  type JsonObject,
  type NamedSigner,
  parseNote,
  SIGNATURE_TYPES,
  sha256,
  signCheckpoint,
  signCosignature,
  signEnvelope,
} from '@exoarmur/canonical';
import {
  type ActionIntent,
  APPROVAL_DIGEST_DOMAIN,
  APPROVAL_PAYLOAD_TYPE,
  ARTIFACTS_DIGEST_DOMAIN,
  BUNDLE_MEDIA_TYPE,
  DECISION_DIGEST_DOMAIN,
  type Digest,
  GOVERNED_ACTION_PREDICATE_TYPE,
  GRANT_DIGEST_DOMAIN,
  INTENT_DIGEST_DOMAIN,
  type ProofBundle,
  RESULT_DIGEST_DOMAIN,
  type SealedRecord,
  STATEMENT_PAYLOAD_TYPE,
  type Statement,
  type TrailKind,
} from '@exoarmur/contracts';
import { decide, ENGINE, POLICY_SET } from './evaluator.ts';

/** Origin and key name of the fixture's log. */
export const ORIGIN = 'c.example/t';

/** A signer whose key follows from a number. */
export function signerOf(seed: number, name = ORIGIN): NamedSigner {
  return createSigner(name, sha256(Uint8Array.of(seed)));
}

/** One step of an action before it is sealed. */
export interface Step {
  readonly kind: TrailKind;
  readonly payload: JsonObject;
  readonly actor?: SealedRecord['actor'];
}

/** What a forger may change on the way; everything after it is sealed, proven and signed consistently. */
export interface BundleOptions {
  readonly signer?: NamedSigner;
  readonly witnesses?: readonly NamedSigner[];
  readonly artifacts?: JsonObject;
  /** Leaves of other streams that stand in the log before this one. */
  readonly foreignLeaves?: number;
  readonly alterRecord?: (record: SealedRecord, index: number) => SealedRecord;
  readonly alterStatement?: (statement: Statement) => Statement;
  /** Kinds of record whose payload is withheld. */
  readonly withhold?: readonly TrailKind[];
}

const POLICY_DIGEST = digestValue('exoarmur.policy-set/1', POLICY_SET);
const BOUNDARY: SealedRecord['actor'] = { type: 'boundary', id: 'b' };

/** The intent of the fixture's actions. */
export function intentOf(changes: Partial<ActionIntent> = {}): ActionIntent {
  return {
    schema: 'exoarmur.intent/1',
    intent_id: 'i1',
    correlation_id: 'c1',
    trace_id: null,
    tenant_id: 't',
    cell_id: 'c',
    actor_id: 'a',
    actor_type: 'agent',
    action_type: 'delete',
    action_class: 'A3_irreversible',
    target: '/no/x',
    parameters: {},
    safety_context: {},
    reason: '',
    idempotency_key: null,
    timestamp: timeOf(0),
    ...changes,
  };
}

/** Intent, deny, close. */
export function deniedSteps(intent = intentOf()): Step[] {
  const decision = decisionOf(intent, []);
  return [received(intent), { kind: 'verdict_resolved', payload: decision }, closed(intent, 'denied', 'deny', null, 3)];
}

/** Intent, allow, target, grant, outcome, close. */
export function allowedSteps(intent = intentOf({ target: '/ok/x' })): Step[] {
  const decision = decisionOf(intent, []);
  return [
    received(intent),
    { kind: 'verdict_resolved', payload: decision },
    ...executionSteps(intent, decision, []),
    closed(intent, 'executed', 'allow', 'succeeded', 6),
  ];
}

/** As allowed, after a person agreed. */
export function approvedSteps(intent = intentOf({ target: '/ok/x', action_type: 'transfer' })): Step[] {
  const first = decisionOf(intent, []);
  const decisionDigest = digestValue(DECISION_DIGEST_DOMAIN, first);
  const intent_digest = digestValue(INTENT_DIGEST_DOMAIN, intent);
  const bound = { intent_digest, decision_digest: decisionDigest, policy_digest: POLICY_DIGEST };
  const approval = {
    schema: 'exoarmur.approval/1',
    ...bound,
    verdict: 'approve',
    approver_id: 'owner',
    reason: 'fine',
    nonce: '00'.repeat(16),
    expires_at: timeOf(900),
  };
  const approver = signerOf(7, 'owner');
  const envelope = signEnvelope({
    payloadType: APPROVAL_PAYLOAD_TYPE,
    payload: canonicalizeToBytes(approval),
    signers: [approver],
  });
  const approval_digest = digestValue(APPROVAL_DIGEST_DOMAIN, envelope);
  const fact = {
    approval_digest,
    verdict: 'approve',
    key_id: envelope.signatures[0]?.keyid ?? '',
    approver_id: 'owner',
    roles: ['owner'],
    expires_at: timeOf(900),
  };
  const second = decisionOf(intent, [fact]);
  return [
    received(intent),
    { kind: 'verdict_resolved', payload: first },
    {
      kind: 'approval_requested',
      payload: {
        schema: 'exoarmur.approval-request/1',
        ...bound,
        requirement: { kind: 'human', quorum: 1, roles: ['owner'], ttl_seconds: 600 },
        expires_at: timeOf(600),
      },
    },
    {
      kind: 'approval_decided',
      payload: { schema: 'exoarmur.approval-decided/1', approval_digest, envelope: json(envelope) },
      actor: { type: 'human', id: 'owner' },
    },
    { kind: 'verdict_resolved', payload: second },
    ...executionSteps(intent, second, [approval_digest]),
    closed(intent, 'executed', 'allow', 'succeeded', 9),
  ];
}

/** Seals, proves, states and signs the steps as one honest boundary would. */
export function buildBundle(steps: readonly Step[], options: BundleOptions = {}): ProofBundle {
  const signer = options.signer ?? signerOf(1);
  const payloads: Record<string, { salt: string; value: JsonObject }> = {};
  const records: SealedRecord[] = [];
  let prev: Digest | null = null;
  for (const [seq, { kind, payload, actor }] of steps.entries()) {
    const salt = sha256(encodeUtf8(`salt ${seq}`)).slice(0, 16);
    const digest = commitPayload(salt, payload);
    const draft: SealedRecord = {
      schema: 'exoarmur.record/1',
      tenant: 't',
      cell: 'c',
      correlation: 'c1',
      stream: 'i1',
      seq,
      prev,
      kind,
      time: timeOf(seq),
      actor: actor ?? BOUNDARY,
      trace: null,
      payload: { digest, size: canonicalizeToBytes(payload).length },
    };
    const record = options.alterRecord?.(draft, seq) ?? draft;
    records.push(record);
    prev = leafDigest(record);
    if (!options.withhold?.includes(kind)) payloads[digest] = { salt: encodeBase64(salt), value: payload };
  }
  const log = proveRecords(records, signer, options.foreignLeaves ?? 0, options.witnesses ?? []);
  const statement = stateOutcome(steps, records, log, options.artifacts);
  const signed = signEnvelope({
    payloadType: STATEMENT_PAYLOAD_TYPE,
    payload: canonicalizeToBytes(options.alterStatement?.(statement) ?? statement),
    signers: [signer],
  });
  const { checkpoint, proofs, vkeys } = log;
  return json({
    media_type: BUNDLE_MEDIA_TYPE,
    statement: signed,
    records,
    payloads,
    policies: { [POLICY_DIGEST]: POLICY_SET },
    log: { checkpoint, proofs, vkeys },
    ...(options.artifacts === undefined ? {} : { artifacts: options.artifacts }),
  }) as unknown as ProofBundle;
}

/** The bytes of a bundle file. */
export function encodeBundle(bundle: unknown): Uint8Array {
  return concatBytes(canonicalizeToBytes(bundle), Uint8Array.of(0x0a));
}

/** Time text at a number of seconds after noon of a fixed day. */
export function timeOf(seconds: number): string {
  return new Date(Date.UTC(2024, 0, 1, 12, 0, seconds)).toISOString();
}

/** Plain JSON copy, so that a test may alter it. */
export function json(value: unknown): JsonObject {
  return JSON.parse(JSON.stringify(value)) as JsonObject;
}

/** Leaf digest of a record. */
export function leafDigest(record: unknown): Digest {
  return formatDigest(hashLeaf(canonicalizeToBytes(record)));
}

function decisionOf(intent: ActionIntent, approvals: readonly JsonObject[]): JsonObject {
  const facts = {
    schema: 'exoarmur.facts/1',
    time: timeOf(1),
    policy_verified: true,
    switches: { global: 'clear', tenant: 'clear', actor: 'clear', action_class: 'clear' },
    trust_milli: 1000,
    environment: {
      degraded: false,
      cell_load_milli: 1,
      network_health_milli: 1000,
      resource_availability_milli: 1000,
    },
    approvals,
  };
  const intentDigest = digestValue(INTENT_DIGEST_DOMAIN, intent);
  const request = { intent, intentDigest, facts, policySet: POLICY_SET, policyDigest: POLICY_DIGEST };
  return json(decide(request as unknown as Parameters<typeof decide>[0]));
}

function received(intent: ActionIntent): Step {
  return { kind: 'intent_received', payload: json(intent), actor: { type: intent.actor_type, id: intent.actor_id } };
}

function executionSteps(intent: ActionIntent, decision: JsonObject, approvals: readonly string[]): Step[] {
  const intent_digest = digestValue(INTENT_DIGEST_DOMAIN, intent);
  const executor = { name: 'fs', version: '1', digest: ENGINE.digest };
  const grant = {
    schema: 'exoarmur.grant/1',
    intent_digest,
    decision_digest: digestValue(DECISION_DIGEST_DOMAIN, decision),
    approval_digests: approvals,
    executor,
    nonce: '11'.repeat(16),
    expires_at: timeOf(300),
  };
  const result = { claimed: { deleted: true }, observed: { exists: false } };
  const validation = {
    schema: 'exoarmur.target-validation/1',
    intent_digest,
    executor,
    result: 'valid',
    reason: '',
    evidence: {},
  };
  const outcome = {
    schema: 'exoarmur.outcome/1',
    intent_digest,
    grant_digest: digestValue(GRANT_DIGEST_DOMAIN, grant),
    status: 'succeeded',
    error_code: null,
    result_digest: digestValue(RESULT_DIGEST_DOMAIN, result),
    ...result,
  };
  return [
    { kind: 'target_validated', payload: json(validation) },
    { kind: 'execution_authorized', payload: json(grant) },
    { kind: 'execution_completed', payload: json(outcome) },
  ];
}

function closed(
  intent: ActionIntent,
  reason: string,
  final_verdict: string,
  outcome: string | null,
  record_count: number,
): Step {
  const intent_digest = digestValue(INTENT_DIGEST_DOMAIN, intent);
  const schema = 'exoarmur.stream-closed/1';
  return {
    kind: 'stream_closed',
    payload: { schema, intent_digest, reason, final_verdict, outcome, record_count, detail: '' },
  };
}

function proveRecords(
  records: readonly SealedRecord[],
  signer: NamedSigner,
  foreignLeaves: number,
  witnesses: readonly NamedSigner[],
) {
  const tree = createTree();
  for (let i = 0; i < foreignLeaves; i++) tree.append(hashLeaf(encodeUtf8(`foreign ${i}`)));
  const indices = records.map((record) => tree.append(hashLeaf(canonicalizeToBytes(record))));
  const proofs = indices.map((index) => ({ index, path: tree.proveInclusion(index).map(encodeBase64) }));
  const head = { origin: signer.name, size: tree.size, root: tree.root() };
  const note = parseNote(signCheckpoint(head, [signer]));
  const text = formatCheckpoint(head);
  const cosignatures = witnesses.map((witness, i) => signCosignature(text, witness, 1_704_110_400 + i));
  const checkpoint = formatNote({ text, signatures: [...note.signatures, ...cosignatures] });
  const witnessKeys = witnesses.map(({ name, publicKey }) =>
    formatVerifierKey({ name, publicKey, type: SIGNATURE_TYPES.cosignature }),
  );
  return { ...head, checkpoint, proofs, vkeys: [signer.vkey, ...witnessKeys] };
}

function stateOutcome(
  steps: readonly Step[],
  records: readonly SealedRecord[],
  log: { readonly origin: string; readonly size: number; readonly root: Uint8Array },
  artifacts: JsonObject | undefined,
): Statement {
  const last = records.at(-1);
  const payloadOf = (kind: TrailKind) => steps.findLast((step) => step.kind === kind)?.payload;
  const head = leafDigest(last);
  const decision = payloadOf('verdict_resolved');
  const intentDigest = digestValue(INTENT_DIGEST_DOMAIN, payloadOf('intent_received'));
  const engine = decision?.engine as JsonObject | undefined;
  const policyDigest = isDigest(decision?.policy_digest) ? decision.policy_digest : POLICY_DIGEST;
  return json({
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: 'i1', digest: { sha256: intentDigest.slice('sha256:'.length) } }],
    predicateType: GOVERNED_ACTION_PREDICATE_TYPE,
    predicate: {
      schema: 'exoarmur.governed-action/1',
      tenant: 't',
      cell: 'c',
      stream: 'i1',
      final_verdict: payloadOf('stream_closed')?.final_verdict ?? 'deny',
      outcome: payloadOf('stream_closed')?.outcome ?? null,
      record_count: records.length,
      head,
      policy_digest: policyDigest,
      engine_digest: engine?.digest ?? ENGINE.digest,
      checkpoint: { origin: log.origin, size: log.size, root: formatDigest(log.root) },
      governance_evidence_digest: artifacts === undefined ? null : digestValue(ARTIFACTS_DIGEST_DOMAIN, artifacts),
    },
  }) as unknown as Statement;
}
