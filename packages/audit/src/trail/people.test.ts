import { canonicalizeToBytes, createSigner, digestValue, sha256, signEnvelope } from '@exoarmur/canonical';
import {
  APPROVAL_REQUEST_DIGEST_DOMAIN,
  APPROVAL_REVOCATION_PAYLOAD_TYPE,
  type ApprovalPresentation,
  type ApprovalRequest,
  type JsonObject,
  OUTCOME_DIGEST_DOMAIN,
  type Outcome,
  RESOLUTION_DIGEST_DOMAIN,
  RESOLUTION_PAYLOAD_TYPE,
  type SealedRecord,
  STANDING_GRANT_DIGEST_DOMAIN,
  STANDING_GRANT_PAYLOAD_TYPE,
  type TrailKind,
} from '@exoarmur/contracts';
import { describe, expect, it } from 'vitest';
import { EXECUTOR, LATE, POLICY_DIGEST, Walk } from '../../test/walks.ts';
import { advanceTrail, initialTrail, type TrailState } from './index.ts';

type Loose = Record<string, unknown>;
interface Step {
  readonly kind: TrailKind;
  readonly payload: unknown;
}
const ZERO = `sha256:${'0'.repeat(64)}` as const;

/** Folds a walk and more steps; the state, or the first broken rule as `code pointer`. `withheld` are numbers of records. */
function fold(walk: Walk, more: readonly Step[] = [], withheld: readonly number[] = []): TrailState | string {
  const { intent } = walk;
  let state = initialTrail();
  for (const [seq, { kind, payload }] of [...walk.steps, ...more].entries()) {
    const record: SealedRecord = {
      ...{ schema: 'exoarmur.record/1', tenant: intent.tenant_id, cell: intent.cell_id, seq, kind },
      ...{ correlation: intent.correlation_id, stream: intent.intent_id, prev: seq === 0 ? null : ZERO },
      time: `2024-01-01T12:00:${String(seq).padStart(2, '0')}.000Z`,
      actor: seq === 0 ? { type: intent.actor_type, id: intent.actor_id } : { type: 'boundary', id: 'cell-1' },
      ...{ trace: intent.trace_id, payload: { digest: ZERO, size: 2 } },
    };
    const shown = withheld.includes(seq) ? undefined : (JSON.parse(JSON.stringify(payload)) as JsonObject);
    const verdict = advanceTrail(state, { record, payload: shown });
    if (verdict.outcome === 'unlawful') return `${verdict.violation.code} ${verdict.violation.pointer}`;
    state = verdict.state;
  }
  return state;
}
const lawful = (...args: Parameters<typeof fold>): TrailState => {
  const state = fold(...args);
  if (typeof state === 'string') throw new Error(state);
  return state;
};
const sign = (payloadType: string, value: unknown, who = 'alice') =>
  JSON.parse(
    JSON.stringify(
      signEnvelope({
        payloadType,
        payload: canonicalizeToBytes(value),
        signers: [createSigner(`approver/${who}`, sha256(new TextEncoder().encode(who)))],
      }),
    ),
  );
const last = (walk: Walk) => walk.steps.at(-1)?.payload as unknown as Loose;

describe('an approval taken back', () => {
  const asked = () => new Walk('intent-1').decide('require_human').request(1).answer('alice');
  const revoke = (walk: Walk, change: Loose = {}, outer: Loose = {}, type = APPROVAL_REVOCATION_PAYLOAD_TYPE): Step => {
    const approval_digest = last(walk).approval_digest;
    const value = {
      ...{ schema: 'exoarmur.approval-revocation/1', intent_digest: walk.intentDigest, approval_digest },
      ...{ approver_id: 'alice', reason: '', ...change },
    };
    const payload = { schema: 'exoarmur.approval-revoked/1', approval_digest, envelope: sign(type, value), ...outer };
    return { kind: 'approval_revoked', payload };
  };

  it('carries no decision any more, and another approval does', () => {
    const walk = asked();
    const decided = asked().decide('allow').steps.at(-1) as Step;
    expect(fold(walk, [revoke(walk), decided])).toBe('approval_revoked /payload/facts/approvals/0/approval_digest');
    const state = lawful(walk, [revoke(walk)]);
    expect([state.phase, state.unverifiable]).toEqual(['waiting', []]);
  });

  it.each<[string, string, Loose, Loose, string?]>([
    [
      'of another approval',
      'approval_digest_mismatch /payload/envelope/payload/approval_digest',
      { approval_digest: ZERO },
      {},
    ],
    [
      'that was never given',
      'approval_revocation_unfounded /payload/approval_digest',
      { approval_digest: ZERO },
      { approval_digest: ZERO },
    ],
    [
      'of another intent',
      'intent_digest_mismatch /payload/envelope/payload/intent_digest',
      { intent_digest: ZERO },
      {},
    ],
    [
      'by somebody else',
      'approval_revocation_unfounded /payload/envelope/payload/approver_id',
      { approver_id: 'bob' },
      {},
    ],
    ['of another type', 'approval_malformed /payload/envelope/payloadType', {}, {}, 'application/json'],
    ['with a member more', 'approval_malformed /payload/envelope/payload', { extra: 1 }, {}],
  ])('%s is refused', (_, violation, change, outer, type) => {
    const walk = asked();
    expect(fold(walk, [revoke(walk, change, outer, type)])).toBe(violation);
  });

  it('is taken back once, and a denial never', () => {
    const walk = asked();
    expect(fold(walk, [revoke(walk), revoke(walk)])).toBe('approval_revocation_unfounded /payload/approval_digest');
    const denied = new Walk('intent-1').decide('require_human').request(1).answer('alice', 'deny');
    expect(fold(denied, [revoke(denied)])).toBe('kind_out_of_order /record/kind');
  });

  it('withheld, leaves every approval in doubt; of a withheld approval it is in doubt itself', () => {
    const walk = asked();
    const decided = asked().decide('allow').steps.at(-1) as Step;
    const state = lawful(walk, [revoke(walk), decided], [4]);
    expect(state.unverifiable.map(({ record, need }) => `${record} ${need}`)).toEqual([
      ...['4 approval_revoked', '5 approval_decided'],
    ]);
    const hidden = lawful(walk, [revoke(walk)], [3]);
    expect(hidden.unverifiable.some(({ record, of }) => record === 4 && of === 3)).toBe(true);
  });
});

describe('a standing grant', () => {
  const GRANT = {
    ...{ schema: 'exoarmur.standing-grant/1', tenant_id: 'demo', cell_id: 'cell-1', actor_id: 'agent-1' },
    ...{
      action_type: 'file.delete',
      action_class: 'A2_hard_containment',
      parameters: [],
      policy_digest: POLICY_DIGEST,
    },
    ...{
      target: { match: 'below', value: '/tmp' },
      max_uses: 3,
      granted_by: 'alice',
      reason: '',
      nonce: '0'.repeat(32),
    },
    ...{ not_before: '2024-01-01T12:00:00.000Z', expires_at: LATE },
  };
  const asked = (quorum = 1) => new Walk('intent-1').decide('require_approval').request(quorum);
  const use = (walk: Walk, change: Loose = {}, outer: Loose = {}, type = STANDING_GRANT_PAYLOAD_TYPE): Step => {
    const envelope = sign(type, { ...GRANT, ...change });
    const payload = {
      ...{ schema: 'exoarmur.standing-grant-used/1', intent_digest: walk.intentDigest, use: 3, envelope },
      standing_grant_digest: digestValue(STANDING_GRANT_DIGEST_DOMAIN, envelope),
      ...outer,
    };
    return { kind: 'standing_grant_used', payload };
  };

  it('stands for the one approval asked', () => {
    const walk = asked();
    const state = lawful(walk, [use(walk)]);
    expect(state.approvals).toMatchObject([{ answer: { verdict: 'approve', approverId: 'alice', expiresAt: LATE } }]);
    expect(state.unverifiable).toEqual([]);
    expect(lawful(walk, [use(walk)], [3]).unverifiable).toEqual([{ record: 3, need: 'standing_grant_used', of: 3 }]);
  });

  const inside = '/payload/envelope/payload';
  it.each<[string, string, Loose, Loose, string?]>([
    ['for another actor', `standing_grant_unfit ${inside}/actor_id`, { actor_id: 'agent-2' }, {}],
    ['for another tenant', `standing_grant_unfit ${inside}/tenant_id`, { tenant_id: 'other' }, {}],
    ['for another cell', `standing_grant_unfit ${inside}/cell_id`, { cell_id: 'other' }, {}],
    ['for a lesser class', `standing_grant_unfit ${inside}/action_class`, { action_class: 'A1_soft_containment' }, {}],
    ['by the requester', `standing_grant_unfit ${inside}/granted_by`, { granted_by: 'agent-1' }, {}],
    ['beside its target', `standing_grant_unfit ${inside}/target`, { target: { match: 'exact', value: '/tmp' } }, {}],
    [
      'with two rules of one name',
      `standing_grant_unfit ${inside}/parameters`,
      { parameters: [0, 1].map(() => ({ rule: 'boolean', name: 'a' })) },
      {},
    ],
    [
      'for a parameter that is not there',
      `standing_grant_unfit ${inside}/parameters/0`,
      { parameters: [{ rule: 'boolean', name: 'a' }] },
      {},
    ],
    ['before its time', `approval_expired ${inside}/expires_at`, { not_before: '2024-01-01T13:00:00.000Z' }, {}],
    ['after its time', `approval_expired ${inside}/expires_at`, { expires_at: '2024-01-01T12:00:03.000Z' }, {}],
    ['under other policies', `policy_digest_mismatch ${inside}/policy_digest`, { policy_digest: ZERO }, {}],
    ['beyond its uses', 'standing_grant_unfit /payload/use', {}, { use: 4 }],
    [
      'under another digest',
      'standing_grant_unfit /payload/standing_grant_digest',
      {},
      { standing_grant_digest: ZERO },
    ],
    ['for another intent', 'intent_digest_mismatch /payload/intent_digest', {}, { intent_digest: ZERO }],
    ['of another type', 'standing_grant_malformed /payload/envelope/payloadType', {}, {}, 'application/json'],
    ['for what cannot be undone', `standing_grant_malformed ${inside}`, { action_class: 'A3_irreversible' }, {}],
  ])('%s is refused', (_, violation, change, outer, type) => {
    const walk = asked();
    expect(fold(walk, [use(walk, change, outer, type)])).toBe(violation);
  });

  it('is nothing beside another answer, in a quorum, or where the safety gate asks', () => {
    const answered = asked().answer('bob');
    expect(fold(answered, [use(answered)])).toBe('standing_grant_unfit /record/seq');
    const two = asked(2);
    expect(fold(two, [use(two)])).toBe('standing_grant_unfit /record/kind');
    const human = new Walk('intent-1').decide('require_human').request(1);
    expect(fold(human, [use(human)])).toBe('standing_grant_unfit /record/kind');
  });

  it.each(['/tmp/../etc', '/tmp//a', '/tmp/./a', '/tmp/%2e%2e/a', '/tmp/a?b', '/tmp/a\\b', '/tmp/', '/tmpx/a'])(
    'below a base does not reach %s',
    (target) => {
      const walk = new Walk('intent-1', { target }).decide('require_approval').request(1);
      expect(fold(walk, [use(walk)])).toBe(`standing_grant_unfit ${inside}/target`);
    },
  );
});

describe('a resolution', () => {
  const ambiguous = () =>
    new Walk('intent-1').decide('allow').target().authorize().complete('ambiguous').close('execution_ambiguous');
  const resolve = (walk: Walk, change: Loose = {}, outer: Loose = {}, type = RESOLUTION_PAYLOAD_TYPE): Step => {
    const outcome = walk.steps.find(({ kind }) => kind === 'execution_completed')?.payload as Outcome;
    const envelope = sign(type, {
      ...{ schema: 'exoarmur.resolution/1', intent_digest: walk.intentDigest, grant_digest: outcome.grant_digest },
      outcome_digest: digestValue(OUTCOME_DIGEST_DOMAIN, outcome),
      ...{ finding: 'happened', resolver_id: 'alice', reason: 'looked', nonce: '0'.repeat(32), ...change },
    });
    const payload = {
      ...{ schema: 'exoarmur.ambiguity-resolved/1', intent_digest: walk.intentDigest, finding: 'happened', envelope },
      resolution_digest: digestValue(RESOLUTION_DIGEST_DOMAIN, envelope),
      ...outer,
    };
    return { kind: 'ambiguity_resolved', payload };
  };

  it('follows the end of an ambiguous action, once', () => {
    const walk = ambiguous();
    const state = lawful(walk, [resolve(walk)]);
    expect([state.phase, state.resolution?.finding, state.unverifiable]).toEqual(['closed', 'happened', []]);
    expect(fold(walk, [resolve(walk), resolve(walk)])).toBe('kind_out_of_order /record/kind');
  });

  it('follows no other end, and nothing that has not ended', () => {
    const done = new Walk('intent-1').decide('allow').target().authorize().complete('failed').close('execution_failed');
    expect(fold(done, [resolve(done)])).toBe('kind_out_of_order /record/kind');
    const open = new Walk('intent-1').decide('allow').target().authorize().complete('ambiguous');
    expect(fold(open, [resolve(open)])).toBe('kind_out_of_order /record/kind');
  });

  const inside = '/payload/envelope/payload';
  it.each<[string, string, Loose, Loose, string?]>([
    ['of another intent', `intent_digest_mismatch ${inside}/intent_digest`, { intent_digest: ZERO }, {}],
    ['recorded for another intent', 'intent_digest_mismatch /payload/intent_digest', {}, { intent_digest: ZERO }],
    ['of another grant', `grant_digest_mismatch ${inside}/grant_digest`, { grant_digest: ZERO }, {}],
    ['of another outcome', `outcome_digest_mismatch ${inside}/outcome_digest`, { outcome_digest: ZERO }, {}],
    ['by the requester', `approval_by_requester ${inside}/resolver_id`, { resolver_id: 'agent-1' }, {}],
    ['recorded as another finding', 'resolution_mismatch /payload/finding', {}, { finding: 'did_not_happen' }],
    ['under another digest', 'resolution_mismatch /payload/resolution_digest', {}, { resolution_digest: ZERO }],
    ['without a reason', `resolution_malformed ${inside}`, { reason: '' }, {}],
    ['of another type', 'resolution_malformed /payload/envelope/payloadType', {}, {}, 'application/json'],
  ])('%s is refused', (_, violation, change, outer, type) => {
    const walk = ambiguous();
    expect(fold(walk, [resolve(walk, change, outer, type)])).toBe(violation);
  });

  it('withheld, or of what was withheld, is in doubt', () => {
    const walk = ambiguous();
    const needs = (withheld: number[]) =>
      lawful(walk, [resolve(walk)], withheld)
        .unverifiable.filter(({ record }) => record === 6)
        .map(({ need }) => need);
    expect(needs([6])).toEqual(['ambiguity_resolved']);
    expect(needs([3])).toEqual(['execution_authorized']);
    expect(needs([4])).toEqual(['execution_completed']);
  });
});

describe('a request that shows what it asks', () => {
  const presentationOf = (walk: Walk, change: Partial<ApprovalPresentation> = {}): ApprovalPresentation => ({
    intent: walk.intent,
    executor: EXECUTOR,
    preview: null,
    asked_by: { policies: ['p1'], safety_rules: [], rationale: '' },
    risk: { action_class: 'A2_hard_containment', action_class_floor: null, reversible: null, trust_milli: 900 },
    ...change,
  });
  const asked = (change: Partial<ApprovalPresentation> = {}) => {
    const walk = new Walk('intent-1').decide('require_human');
    return walk.request(1, { presentation: presentationOf(walk, change) });
  };
  const digestOf = (walk: Walk) =>
    digestValue(APPROVAL_REQUEST_DIGEST_DOMAIN, last(walk) as unknown as ApprovalRequest);

  it('is answered over its digest', () => {
    const walk = asked();
    const answered = walk.answer('alice', 'approve', { request_digest: digestOf(walk) });
    expect(lawful(answered).approvals).toHaveLength(1);
    expect(fold(asked().answer('alice'))).toBe('request_digest_mismatch /payload/envelope/payload/request_digest');
    expect(fold(asked().answer('alice', 'approve', { request_digest: ZERO }))).toBe(
      'request_digest_mismatch /payload/envelope/payload/request_digest',
    );
  });

  it('shows the intent of the digest and the policies of the decision', () => {
    const other = new Walk('intent-1', { target: '/tmp/b' }).intent;
    expect(fold(asked({ intent: other }))).toBe('presentation_mismatch /payload/presentation/intent');
    const asked_by = { policies: ['p2'], safety_rules: [], rationale: '' };
    expect(fold(asked({ asked_by }))).toBe('presentation_mismatch /payload/presentation/asked_by/policies');
  });
});
