import { canonicalizeToBytes, createSigner, digestValue, encodeHex, sha256, signEnvelope } from '@exoarmur/canonical';
import {
  type ActionIntent,
  APPROVAL_DIGEST_DOMAIN,
  APPROVAL_PAYLOAD_TYPE,
  type Approval,
  type ApprovalDecided,
  type ApprovalFact,
  type ApprovalRequest,
  type CloseReason,
  DECISION_DIGEST_DOMAIN,
  type Decision,
  type Digest,
  type ExecutorIdentity,
  GRANT_DIGEST_DOMAIN,
  type Grant,
  INTENT_DIGEST_DOMAIN,
  type JsonObject,
  type Outcome,
  type OutcomeStatus,
  RESULT_DIGEST_DOMAIN,
  type StreamClosed,
  type TargetValidation,
  type TargetVerdict,
  type TrailKind,
  type TrailPayloads,
  type Verdict,
} from '@exoarmur/contracts';

/** A step before the log gives it its place. */
export type WalkStep = {
  [Kind in TrailKind]: { readonly kind: Kind; readonly payload: TrailPayloads[Kind] };
}[TrailKind];

export const START_MS = Date.UTC(2024, 0, 1, 12);
export const LATE = '2024-01-02T12:00:00.000Z';
const TIME = '2024-01-01T12:00:00.000Z';

export const intentOf = (id: string, changes: Partial<ActionIntent> = {}): ActionIntent => ({
  schema: 'exoarmur.intent/1',
  intent_id: id,
  correlation_id: `session-${id}`,
  trace_id: null,
  tenant_id: 'demo',
  cell_id: 'cell-1',
  actor_id: 'agent-1',
  actor_type: 'agent',
  action_type: 'file.delete',
  action_class: 'A2_hard_containment',
  target: '/tmp/a',
  parameters: {},
  safety_context: {},
  reason: '',
  idempotency_key: null,
  timestamp: TIME,
  ...changes,
});

const digestOf = (text: string): Digest => `sha256:${encodeHex(sha256(new TextEncoder().encode(text)))}`;
export const EXECUTOR: ExecutorIdentity = { name: 'filesystem', version: '1.0.0', digest: digestOf('filesystem') };
export const POLICY_DIGEST = digestOf('policy');

/** Builds lawful walks step by step; what a step needs of the earlier ones is kept here. */
export class Walk {
  readonly steps: WalkStep[] = [];
  readonly intent: ActionIntent;
  readonly intentDigest: Digest;
  #decision: Decision | undefined;
  #facts: ApprovalFact[] = [];
  #grant: Grant | undefined;
  #outcome: OutcomeStatus | null = null;

  constructor(id: string, changes: Partial<ActionIntent> = {}) {
    this.intent = intentOf(id, changes);
    this.intentDigest = digestValue(INTENT_DIGEST_DOMAIN, this.intent);
    this.steps.push({ kind: 'intent_received', payload: this.intent });
  }

  get decisionDigest(): Digest {
    return digestValue(DECISION_DIGEST_DOMAIN, this.#decision ?? null);
  }

  decide(verdict: Verdict, changes: Partial<Decision> = {}): this {
    const payload: Decision = {
      schema: 'exoarmur.decision/1',
      intent_digest: this.intentDigest,
      verdict,
      pdp: {
        verdict: verdict === 'allow' ? 'allow' : 'deny',
        rationale: 'because',
        determining_policies: ['p1'],
        errored_policies: [],
        approval_requirement: null,
      },
      safety: { verdict: 'allow', rationale: '', rule_ids: [] },
      resolution_rules_applied: ['pdp_first'],
      policy_digest: POLICY_DIGEST,
      engine: { name: 'cedar', version: '4', digest: digestOf('engine') },
      facts: {
        schema: 'exoarmur.facts/1',
        time: TIME,
        policy_verified: true,
        switches: { global: 'clear', tenant: 'clear', actor: 'clear', action_class: 'clear' },
        trust_milli: 900,
        environment: {
          degraded: false,
          cell_load_milli: 100,
          network_health_milli: 1000,
          resource_availability_milli: 1000,
        },
        approvals: this.#facts,
      },
      ...changes,
    };
    this.#decision = payload;
    this.steps.push({ kind: 'verdict_resolved', payload });
    return this;
  }

  request(quorum: number, changes: Partial<ApprovalRequest> = {}): this {
    this.#facts = [];
    const payload: ApprovalRequest = {
      schema: 'exoarmur.approval-request/1',
      intent_digest: this.intentDigest,
      decision_digest: this.decisionDigest,
      policy_digest: POLICY_DIGEST,
      requirement: { kind: quorum > 1 ? 'quorum' : 'human', quorum, roles: [], ttl_seconds: 600 },
      expires_at: LATE,
      ...changes,
    };
    this.steps.push({ kind: 'approval_requested', payload });
    return this;
  }

  answer(approver: string, verdict: 'approve' | 'deny' = 'approve', changes: Partial<Approval> = {}): this {
    const approval: Approval = {
      schema: 'exoarmur.approval/1',
      intent_digest: this.intentDigest,
      decision_digest: this.decisionDigest,
      policy_digest: POLICY_DIGEST,
      verdict,
      approver_id: approver,
      reason: '',
      nonce: encodeHex(sha256(new TextEncoder().encode(approver))).slice(0, 32),
      expires_at: LATE,
      ...changes,
    };
    const signer = createSigner(`approver/${approver}`, sha256(new TextEncoder().encode(approver)));
    const envelope = signEnvelope({
      payloadType: APPROVAL_PAYLOAD_TYPE,
      payload: canonicalizeToBytes(approval),
      signers: [signer],
    });
    const digest = digestValue(APPROVAL_DIGEST_DOMAIN, envelope);
    const payload = {
      schema: 'exoarmur.approval-decided/1',
      approval_digest: digest,
      envelope,
    } as unknown as ApprovalDecided;
    this.#facts = [
      ...this.#facts,
      {
        approval_digest: digest,
        verdict,
        key_id: envelope.signatures[0]?.keyid ?? '',
        approver_id: approval.approver_id,
        roles: [],
        expires_at: approval.expires_at,
      },
    ];
    this.steps.push({ kind: 'approval_decided', payload });
    return this;
  }

  target(result: TargetVerdict = 'valid', executor: ExecutorIdentity = EXECUTOR): this {
    const payload: TargetValidation = {
      schema: 'exoarmur.target-validation/1',
      intent_digest: this.intentDigest,
      executor,
      result,
      reason: '',
      evidence: {},
    };
    this.steps.push({ kind: 'target_validated', payload });
    return this;
  }

  authorize(changes: Partial<Grant> = {}): this {
    const payload: Grant = {
      schema: 'exoarmur.grant/1',
      intent_digest: this.intentDigest,
      decision_digest: this.decisionDigest,
      approval_digests: this.#facts
        .filter(({ verdict }) => verdict === 'approve')
        .map(({ approval_digest }) => approval_digest)
        .sort(),
      executor: EXECUTOR,
      nonce: '0'.repeat(32),
      expires_at: LATE,
      ...changes,
    };
    this.#grant = payload;
    this.steps.push({ kind: 'execution_authorized', payload });
    return this;
  }

  complete(status: OutcomeStatus, changes: Partial<Outcome> = {}): this {
    const said: { claimed: JsonObject; observed: JsonObject } = { claimed: { done: true }, observed: { gone: true } };
    const payload: Outcome = {
      schema: 'exoarmur.outcome/1',
      intent_digest: this.intentDigest,
      grant_digest: digestValue(GRANT_DIGEST_DOMAIN, this.#grant ?? null),
      status,
      error_code: status === 'succeeded' ? null : 'EXECUTOR_FAILED',
      result_digest: digestValue(RESULT_DIGEST_DOMAIN, said),
      ...said,
      ...changes,
    };
    this.#outcome = status;
    this.steps.push({ kind: 'execution_completed', payload });
    return this;
  }

  close(reason: CloseReason, changes: Partial<StreamClosed> = {}): this {
    const payload: StreamClosed = {
      schema: 'exoarmur.stream-closed/1',
      intent_digest: this.intentDigest,
      reason,
      final_verdict: this.#decision?.verdict === 'allow' ? 'allow' : 'deny',
      outcome: this.#outcome,
      record_count: this.steps.length + 1,
      detail: '',
      ...changes,
    };
    this.steps.push({ kind: 'stream_closed', payload });
    return this;
  }
}

/** One walk of each lawful way an action can end. */
export const lawfulWalks = (id = 'intent-1'): Readonly<Record<string, Walk>> => ({
  denied: new Walk(id).decide('deny').close('denied'),
  'cancelled before a decision': new Walk(id).close('cancelled'),
  'cancelled after an allow': new Walk(id).decide('allow').close('cancelled'),
  'cancelled instead of asking': new Walk(id).decide('require_human').close('cancelled'),
  'target refused': new Walk(id).decide('allow').target('violates_constraints').close('target_refused'),
  'cancelled after the target check': new Walk(id).decide('allow').target().close('cancelled'),
  executed: new Walk(id).decide('allow').target().authorize().complete('succeeded').close('executed'),
  failed: new Walk(id).decide('allow').target().authorize().complete('failed').close('execution_failed'),
  ambiguous: new Walk(id).decide('allow').target().authorize().complete('ambiguous').close('execution_ambiguous'),
  approved: new Walk(id)
    .decide('require_quorum')
    .request(2)
    .answer('alice')
    .answer('bob')
    .decide('allow')
    .target()
    .authorize()
    .complete('succeeded')
    .close('executed'),
  'approval denied': new Walk(id).decide('require_human').request(1).answer('alice', 'deny').close('approval_denied'),
  'approval denied and decided again': new Walk(id)
    .decide('require_human')
    .request(1)
    .answer('alice', 'deny')
    .decide('deny')
    .close('approval_denied'),
  'cancelled while waiting': new Walk(id).decide('require_human').request(1).close('cancelled'),
  'denied while waiting': new Walk(id).decide('require_human').request(1).decide('deny').close('denied'),
  'asked twice': new Walk(id)
    .decide('require_human')
    .request(1)
    .answer('alice')
    .decide('require_quorum')
    .request(2)
    .answer('alice', 'approve', { reason: 'again' })
    .answer('bob')
    .decide('allow')
    .target()
    .authorize()
    .complete('succeeded')
    .close('executed'),
});
