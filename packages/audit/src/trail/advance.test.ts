import type { Decision, JsonObject, RecordKind, SealedRecord } from '@exoarmur/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isLawfulWord, lawfulWords, TOKENS, type Token } from '../../test/trail.model.ts';
import { EXECUTOR, lawfulWalks, Walk, type WalkStep } from '../../test/walks.ts';
import {
  advanceTrail,
  allowedKinds,
  initialTrail,
  isClosed,
  type TrailState,
  type TrailStep,
  type TrailViolationCode,
} from './index.ts';

const ZERO = `sha256:${'0'.repeat(64)}` as const;

const stepOf = (walk: Walk, { kind, payload }: WalkStep, seq: number): TrailStep => {
  const { intent } = walk;
  const record: SealedRecord = {
    schema: 'exoarmur.record/1',
    tenant: intent.tenant_id,
    cell: intent.cell_id,
    correlation: intent.correlation_id,
    stream: intent.intent_id,
    seq,
    prev: seq === 0 ? null : ZERO,
    kind,
    time: `2024-01-01T12:00:${String(seq).padStart(2, '0')}.000Z`,
    actor: seq === 0 ? { type: intent.actor_type, id: intent.actor_id } : { type: 'boundary', id: 'cell-1' },
    trace: intent.trace_id,
    payload: { digest: ZERO, size: 2 },
  };
  return { record, payload: payload as unknown as JsonObject };
};

const stepsOf = (walk: Walk): TrailStep[] => walk.steps.map((step, seq) => stepOf(walk, step, seq));

/** The state after the steps, or the first broken rule as `code pointer`. */
const run = (steps: readonly TrailStep[]): TrailState | string => {
  let state = initialTrail();
  for (const step of steps) {
    const verdict = advanceTrail(state, step);
    if (verdict.outcome === 'unlawful') return `${verdict.violation.code} ${verdict.violation.pointer}`;
    state = verdict.state;
  }
  return state;
};

const lawful = (steps: readonly TrailStep[]): TrailState => {
  const state = run(steps);
  if (typeof state === 'string') throw new Error(state);
  return state;
};

describe('a lawful life', () => {
  it.each(Object.entries(lawfulWalks()))('may end as: %s', (_, walk) => {
    const state = lawful(stepsOf(walk));
    expect(isClosed(state)).toBe(true);
    expect(allowedKinds(state)).toEqual(state.outcome?.status === 'ambiguous' ? ['ambiguity_resolved'] : []);
    expect(state.unverifiable).toEqual([]);
    expect(state.count).toBe(walk.steps.length);
  });

  it.each(Object.entries(lawfulWalks()))('tells before each step that its kind may come: %s', (_, walk) => {
    let state = initialTrail();
    for (const step of stepsOf(walk)) {
      expect(allowedKinds(state)).toContain(step.record.kind);
      state = lawful(stepsOf(walk).slice(0, step.record.seq + 1));
    }
  });

  it('may end because the wait expired, and not before', () => {
    const expiry = '2024-01-01T12:00:03.000Z';
    const closeAt = (walk: Walk) => run(stepsOf(walk.close('approval_expired')));
    const waiting = () => new Walk('intent-1').decide('require_human').request(1, { expires_at: expiry });
    expect(typeof closeAt(waiting())).toBe('object');
    const late = '2024-01-01T12:00:04.000Z';
    const early = new Walk('intent-1').decide('require_human').request(1, { expires_at: late });
    expect(closeAt(early)).toBe('close_reason_mismatch /payload/reason');
    expect(typeof closeAt(waiting().decide('deny'))).toBe('object');
    expect(closeAt(new Walk('intent-1').decide('deny'))).toBe('close_reason_mismatch /payload/reason');
  });
});

/** What each token of the model adds to a walk, everything else being as it should. */
const add = (walk: Walk, token: Token, position: number): Walk => {
  switch (token) {
    case 'R':
      walk.steps.push({ kind: 'intent_received', payload: walk.intent });
      return walk;
    case 'D':
      return walk.decide('deny');
    case 'A':
      return walk.decide('allow');
    case 'Q':
      return walk.decide('require_human');
    case 'W':
      return walk.request(1);
    case 'Y':
      return walk.answer(`person-${position}`);
    case 'N':
      return walk.answer(`person-${position}`, 'deny');
    case 'T':
      return walk.target();
    case 'X':
      return walk.target('unsupported');
    case 'G':
      return walk.authorize();
    case 'C':
      return walk.complete('succeeded');
    case 'd':
      return walk.close('denied');
    case 'c':
      return walk.close('cancelled');
    case 'n':
      return walk.close('approval_denied');
    case 't':
      return walk.close('target_refused');
    case 'e':
      return walk.close('executed');
  }
};

const isLawfulRun = (word: string): boolean => typeof run(stepsOf(wordWalk(word))) === 'object';

const wordWalk = (word: string): Walk => {
  const walk = new Walk('intent-1');
  const [first, ...rest] = Array.from(word) as Token[];
  if (first !== 'R') {
    walk.steps.length = 0;
    if (first !== undefined) add(walk, first, 0);
  }
  for (const [index, token] of rest.entries()) add(walk, token, index + 1);
  return walk;
};

describe('against the naive model', () => {
  it('accepts each lawful beginning, and after it exactly the tokens the model accepts', () => {
    const words = lawfulWords().filter((word) => !/QW(?:Y*)QW(?:Y*)Q|YY[YN]/.test(word));
    for (const word of words) {
      expect(`${word} ${isLawfulRun(word)}`).toBe(`${word} true`);
      for (const token of TOKENS) {
        const longer = word + token;
        // The model stops at two rounds of two approvals; the machine does not.
        if (/QW.*QW.*[QYN]|YY[YNQ]/.test(longer)) continue;
        expect(`${longer} ${isLawfulRun(longer)}`).toBe(`${longer} ${isLawfulWord(longer)}`);
      }
    }
    expect(words.length).toBeGreaterThan(60);
  });

  it('agrees on random words, also on those that begin wrongly', () => {
    const word = fc.array(fc.constantFrom(...TOKENS), { minLength: 1, maxLength: 7 }).map((tokens) => tokens.join(''));
    const lawfulish = fc
      .tuple(fc.constantFrom(...lawfulWords()), fc.constantFrom(...TOKENS))
      .map(([begin, token]) => begin + token);
    fc.assert(
      fc.property(fc.oneof(word, lawfulish), (text) => {
        fc.pre(!/QW.*QW.*[QYN]|YY[YNQ]/.test(text));
        expect(isLawfulRun(text)).toBe(isLawfulWord(text));
      }),
      { numRuns: 2000 },
    );
  });
});

const walk = () => new Walk('intent-1');
const approved = () => walk().decide('require_quorum').request(2).answer('alice').answer('bob').decide('allow');
const granted = () => walk().decide('allow').target().authorize();
const other = `sha256:${'f'.repeat(64)}` as const;

const PDP_ALLOW = {
  verdict: 'allow' as const,
  rationale: 'because',
  determining_policies: ['p1'],
  errored_policies: [] as string[],
  approval_requirement: null,
} satisfies Decision['pdp'];

describe('cross-checks', () => {
  it.each<[string, TrailViolationCode, string, Walk]>([
    [
      'a decision about another intent',
      'intent_digest_mismatch',
      '/payload/intent_digest',
      walk().decide('deny', { intent_digest: other }),
    ],
    [
      'a request for another intent',
      'intent_digest_mismatch',
      '/payload/intent_digest',
      walk().decide('require_human').request(1, { intent_digest: other }),
    ],
    [
      'a request under another decision',
      'decision_digest_mismatch',
      '/payload/decision_digest',
      walk().decide('require_human').request(1, { decision_digest: other }),
    ],
    [
      'a request under another policy',
      'policy_digest_mismatch',
      '/payload/policy_digest',
      walk().decide('require_human').request(1, { policy_digest: other }),
    ],
    [
      'a request that is over before it begins',
      'request_expired',
      '/payload/expires_at',
      walk().decide('require_human').request(1, { expires_at: '2024-01-01T12:00:02.000Z' }),
    ],
    [
      'an approval of another intent',
      'intent_digest_mismatch',
      '/payload/envelope/payload/intent_digest',
      walk().decide('require_human').request(1).answer('alice', 'approve', { intent_digest: other }),
    ],
    [
      'an approval of another decision',
      'decision_digest_mismatch',
      '/payload/envelope/payload/decision_digest',
      walk().decide('require_human').request(1).answer('alice', 'approve', { decision_digest: other }),
    ],
    [
      'an approval under another policy',
      'policy_digest_mismatch',
      '/payload/envelope/payload/policy_digest',
      walk().decide('require_human').request(1).answer('alice', 'approve', { policy_digest: other }),
    ],
    [
      'an approval by the requester',
      'approval_by_requester',
      '/payload/envelope/payload/approver_id',
      walk().decide('require_human').request(1).answer('agent-1'),
    ],
    [
      'an approval that has expired',
      'approval_expired',
      '/payload/envelope/payload/expires_at',
      walk().decide('require_human').request(1).answer('alice', 'approve', { expires_at: '2024-01-01T12:00:03.000Z' }),
    ],
    [
      'an approval after the request expired',
      'request_expired',
      '/record/time',
      walk().decide('require_human').request(1, { expires_at: '2024-01-01T12:00:03.000Z' }).answer('alice'),
    ],
    [
      'the same approval twice',
      'approval_duplicate',
      '/payload/approval_digest',
      walk().decide('require_quorum').request(2).answer('alice').answer('alice'),
    ],
    [
      'an allow with too few approvals',
      'approval_quorum_unmet',
      '/payload/facts/approvals',
      walk().decide('require_quorum').request(2).answer('alice').decide('allow'),
    ],
    [
      'an allow with two keys of one person',
      'approval_quorum_unmet',
      '/payload/facts/approvals',
      walk()
        .decide('require_quorum')
        .request(2)
        .answer('alice')
        .answer('bob', 'approve', { approver_id: 'alice' })
        .decide('allow'),
    ],
    [
      'an allow on an approval that expired before it was recorded, whatever time the decision states',
      'approval_expired',
      '/payload/facts/approvals/0/expires_at',
      walk()
        .decide('require_human')
        .request(1)
        .answer('alice', 'approve', { expires_at: '2024-01-01T12:00:03.500Z' })
        .decide('allow'),
    ],
    [
      'an allow after the request expired',
      'request_expired',
      '/record/time',
      walk()
        .decide('require_human')
        .request(1, { expires_at: '2024-01-01T12:00:03.500Z' })
        .answer('alice')
        .decide('allow'),
    ],
    [
      'an allow under other policies than those that asked',
      'policy_digest_mismatch',
      '/payload/policy_digest',
      walk().decide('require_human').request(1).answer('alice').decide('allow', { policy_digest: other }),
    ],
    [
      'an allow against its own policies',
      'verdict_unfounded',
      '/payload/pdp/verdict',
      walk().decide('allow', { pdp: { ...PDP_ALLOW, verdict: 'deny' } }),
    ],
    [
      'an allow against its own safety gate',
      'verdict_unfounded',
      '/payload/safety/verdict',
      walk().decide('allow', { safety: { verdict: 'deny', rationale: '', rule_ids: [] } }),
    ],
    [
      'an allow with a policy in error',
      'verdict_unfounded',
      '/payload/pdp/errored_policies',
      walk().decide('allow', { pdp: { ...PDP_ALLOW, errored_policies: ['p2'] } }),
    ],
    [
      'an allow after a denial',
      'denial_not_final',
      '/payload/verdict',
      walk().decide('require_human').request(1).answer('alice', 'deny').decide('allow'),
    ],
    [
      'another request after a denial',
      'denial_not_final',
      '/payload/verdict',
      walk().decide('require_human').request(1).answer('alice', 'deny').decide('require_human'),
    ],
    [
      'a target check of another intent',
      'intent_digest_mismatch',
      '/payload/intent_digest',
      walk().decide('allow').target(),
    ],
    [
      'a grant for another intent',
      'intent_digest_mismatch',
      '/payload/intent_digest',
      walk().decide('allow').target().authorize({ intent_digest: other }),
    ],
    [
      'a grant for another decision',
      'decision_digest_mismatch',
      '/payload/decision_digest',
      walk().decide('allow').target().authorize({ decision_digest: other }),
    ],
    [
      'a grant with fewer approvals than decided',
      'grant_approvals_mismatch',
      '/payload/approval_digests',
      approved().target().authorize({ approval_digests: [] }),
    ],
    [
      'a grant with an approval nobody gave',
      'grant_approvals_mismatch',
      '/payload/approval_digests',
      walk()
        .decide('allow')
        .target()
        .authorize({ approval_digests: [other] }),
    ],
    [
      'a grant for another executor',
      'executor_mismatch',
      '/payload/executor/name',
      walk()
        .decide('allow')
        .target()
        .authorize({ executor: { ...EXECUTOR, name: 'http' } }),
    ],
    [
      'a grant for another executor version',
      'executor_mismatch',
      '/payload/executor/version',
      walk()
        .decide('allow')
        .target()
        .authorize({ executor: { ...EXECUTOR, version: '2' } }),
    ],
    [
      'a grant for another executor manifest',
      'executor_mismatch',
      '/payload/executor/digest',
      walk()
        .decide('allow')
        .target()
        .authorize({ executor: { ...EXECUTOR, digest: other } }),
    ],
    [
      'a grant that is over before it begins',
      'grant_expired',
      '/payload/expires_at',
      walk().decide('allow').target().authorize({ expires_at: '2024-01-01T12:00:03.000Z' }),
    ],
    [
      'an outcome of another intent',
      'intent_digest_mismatch',
      '/payload/intent_digest',
      granted().complete('succeeded', { intent_digest: other }),
    ],
    [
      'an outcome of another grant',
      'grant_digest_mismatch',
      '/payload/grant_digest',
      granted().complete('succeeded', { grant_digest: other }),
    ],
    [
      'an outcome with another result',
      'result_digest_mismatch',
      '/payload/result_digest',
      granted().complete('succeeded', { claimed: { done: false } }),
    ],
    [
      'a success with an error code',
      'outcome_inconsistent',
      '/payload/error_code',
      granted().complete('succeeded', { error_code: 'EXECUTOR_FAILED' }),
    ],
    [
      'a failure without an error code',
      'outcome_inconsistent',
      '/payload/error_code',
      granted().complete('failed', { error_code: null }),
    ],
    [
      'a close of another intent',
      'intent_digest_mismatch',
      '/payload/intent_digest',
      walk().decide('deny').close('denied', { intent_digest: other }),
    ],
    [
      'a close with another count',
      'record_count_mismatch',
      '/payload/record_count',
      walk().decide('deny').close('denied', { record_count: 4 }),
    ],
    [
      'a close that calls a denial an allow',
      'final_verdict_mismatch',
      '/payload/final_verdict',
      walk().decide('deny').close('denied', { final_verdict: 'allow' }),
    ],
    [
      'a close that leaves the question open',
      'final_verdict_mismatch',
      '/payload/final_verdict',
      walk().decide('require_human').close('cancelled', { final_verdict: 'require_human' }),
    ],
    [
      'a close that calls a failure executed',
      'close_reason_mismatch',
      '/payload/reason',
      granted().complete('failed').close('executed'),
    ],
    [
      'a close with another outcome',
      'outcome_mismatch',
      '/payload/outcome',
      granted().complete('failed').close('execution_failed', { outcome: 'succeeded' }),
    ],
    [
      'a close with an outcome of nothing',
      'outcome_mismatch',
      '/payload/outcome',
      walk().decide('deny').close('denied', { outcome: 'failed' }),
    ],
    [
      'a request for fewer keys than the policies demand',
      'approval_requirement_weakened',
      '/payload/requirement/quorum',
      walk()
        .decide('require_quorum', {
          pdp: {
            verdict: 'require_approval',
            rationale: '',
            determining_policies: [],
            errored_policies: [],
            approval_requirement: { kind: 'quorum', quorum: 2, roles: [], ttl_seconds: 60 },
          },
        })
        .request(1),
    ],
  ])('refuse %s', (what, code, pointer, walked) => {
    const steps = stepsOf(walked);
    if (what === 'a target check of another intent') Object.assign(steps[2]?.payload ?? {}, { intent_digest: other });
    expect(run(steps)).toBe(`${code} ${pointer}`);
    expect(typeof run(steps.slice(0, -1))).toBe('object');
  });

  const facts = (change: (facts: Record<string, unknown>) => unknown) => {
    const steps = stepsOf(approved());
    const decision = structuredClone(steps.at(-1)?.payload) as unknown as {
      facts: { approvals: Record<string, unknown>[] };
    };
    decision.facts.approvals = decision.facts.approvals.map((fact, i) => (i === 0 ? (change(fact) as never) : fact));
    return run([...steps.slice(0, -1), { record: steps.at(-1)?.record as SealedRecord, payload: decision as never }]);
  };

  it.each<[string, TrailViolationCode, string, (fact: Record<string, unknown>) => unknown]>([
    [
      'an approval that is not recorded',
      'approval_unknown',
      'approval_digest',
      (fact) => ({ ...fact, approval_digest: other }),
    ],
    ['another verdict than was given', 'approval_fact_mismatch', 'verdict', (fact) => ({ ...fact, verdict: 'deny' })],
    [
      'another approver than gave it',
      'approval_fact_mismatch',
      'approver_id',
      (fact) => ({ ...fact, approver_id: 'mallory' }),
    ],
    ['another key than signed it', 'approval_fact_mismatch', 'key_id', (fact) => ({ ...fact, key_id: '00000000' })],
    [
      'a longer life than it has',
      'approval_fact_mismatch',
      'expires_at',
      (fact) => ({ ...fact, expires_at: '2025-01-01T00:00:00.000Z' }),
    ],
  ])('refuse a decision that rests on %s', (_, code, member, change) => {
    expect(facts(change)).toBe(`${code} /payload/facts/approvals/0/${member}`);
  });

  it('refuse a decision that counts one approval twice', () => {
    const steps = stepsOf(approved());
    const decision = structuredClone(steps.at(-1)?.payload) as unknown as { facts: { approvals: unknown[] } };
    decision.facts.approvals[1] = decision.facts.approvals[0];
    const last = { record: steps.at(-1)?.record as SealedRecord, payload: decision as never };
    expect(run([...steps.slice(0, -1), last])).toBe('approval_duplicate /payload/facts/approvals/1/approval_digest');
  });

  it('refuse a first decision that rests on approvals nobody asked for', () => {
    const rested = structuredClone(stepsOf(approved()).at(-1)?.payload) as unknown as {
      facts: { approvals: unknown[] };
    };
    const [fact] = rested.facts.approvals;
    const steps = stepsOf(walk().decide('allow'));
    const decision = structuredClone(steps[1]?.payload) as unknown as { facts: { approvals: unknown[] } };
    decision.facts.approvals = [fact];
    const last = { record: steps[1]?.record as SealedRecord, payload: decision as never };
    expect(run([steps[0] as TrailStep, last])).toBe('approval_unknown /payload/facts/approvals/0/approval_digest');
  });

  it('refuse a decision on an approval that had expired by then', () => {
    const expires = '2024-01-01T12:00:30.000Z';
    const waited = walk().decide('require_human').request(1).answer('alice', 'approve', { expires_at: expires });
    const steps = stepsOf(waited.decide('allow'));
    const decision = structuredClone(steps.at(-1)?.payload) as unknown as { facts: { time: string } };
    decision.facts.time = expires;
    const last = { record: steps.at(-1)?.record as SealedRecord, payload: decision as never };
    expect(run([...steps.slice(0, -1), last])).toBe('approval_expired /payload/facts/approvals/0/expires_at');
  });

  it('refuse approvals of an earlier request', () => {
    const asked = walk().decide('require_human').request(1).answer('alice');
    const early = stepsOf(asked.decide('require_quorum').request(1).decide('allow'));
    expect(run(early)).toBe('approval_quorum_unmet /payload/facts/approvals');
  });

  it.each([
    ['/record/stream', { stream: 'intent-2' }],
    ['/record/correlation', { correlation: 'x' }],
    ['/record/tenant', { tenant: 'x' }],
    ['/record/cell', { cell: 'x' }],
    ['/record/trace', { trace: 'x' }],
    ['/record/actor/id', { actor: { type: 'agent', id: 'agent-2' } }],
    ['/record/actor/type', { actor: { type: 'human', id: 'agent-1' } }],
  ] as const)('refuse a header that says otherwise than the intent at %s', (pointer, changes) => {
    const [step] = stepsOf(walk()) as [TrailStep];
    expect(run([{ ...step, record: { ...step.record, ...changes } }])).toBe(`intent_header_mismatch ${pointer}`);
  });

  it.each(['tenant', 'cell', 'stream', 'correlation'] as const)('refuse a record of another %s', (member) => {
    const [first, second] = stepsOf(walk().decide('deny')) as [TrailStep, TrailStep];
    const moved = { ...second, record: { ...second.record, [member]: 'x' } };
    expect(run([first, moved])).toBe(`scope_mismatch /record/${member}`);
  });

  it('refuse a number that is not the next', () => {
    const [first, second] = stepsOf(walk().decide('deny')) as [TrailStep, TrailStep];
    for (const seq of [0, 2]) {
      expect(run([first, { ...second, record: { ...second.record, seq } }])).toBe('seq_not_dense /record/seq');
    }
  });

  it.each<RecordKind>([
    'policy_activated',
    'switch_changed',
    'event_ingested',
    'payload_erased',
    'capability_activated',
  ])('refuse %s: a fact of the cell is no step of an action', (kind) => {
    const [first, second] = stepsOf(walk().decide('deny')) as [TrailStep, TrailStep];
    expect(run([first, { ...second, record: { ...second.record, kind } }])).toBe('kind_out_of_order /record/kind');
  });

  it('refuse a payload of another shape, naming the place', () => {
    const [first, second] = stepsOf(walk().decide('deny')) as [TrailStep, TrailStep];
    const payload = { ...second.payload, verdict: 'perhaps' };
    expect(run([first, { ...second, payload }])).toBe('payload_malformed /payload/verdict');
  });

  it('refuse an envelope that holds no approval', () => {
    const steps = stepsOf(walk().decide('require_human').request(1).answer('alice'));
    const payload = structuredClone(steps.at(-1)?.payload) as unknown as { envelope: Record<string, unknown> };
    const last = (envelope: object) => [
      ...steps.slice(0, -1),
      { record: steps.at(-1)?.record as SealedRecord, payload: { ...payload, envelope } as never },
    ];
    const { envelope } = payload;
    const pointer = '/payload/envelope/payload';
    expect(run(last({ ...envelope, payloadType: 'text/plain' }))).toBe(
      'approval_malformed /payload/envelope/payloadType',
    );
    expect(run(last({ ...envelope, payload: 'e30=' }))).toBe(`approval_malformed ${pointer}`);
    expect(run(last({ ...envelope, payload: 'AAAA' }))).toBe(`approval_malformed ${pointer}`);
    const resigned = { ...envelope, signatures: [{ keyid: '00000000', sig: 'AAAA' }] };
    expect(run(last(resigned))).toBe('approval_digest_mismatch /payload/approval_digest');
  });
});

describe('a withheld payload', () => {
  const cases = Object.entries(lawfulWalks()).flatMap(([name, walked]) =>
    walked.steps.map((step, seq) => [name, step.kind, seq, walked] as const),
  );

  it.each(cases)('makes checks unverifiable and never unlawful: %s without its %s (%i)', (_, kind, seq, walked) => {
    const steps = stepsOf(walked).map((step, i) => (i === seq ? { ...step, payload: undefined } : step));
    const state = lawful(steps);
    expect(isClosed(state)).toBe(true);
    expect(state.unverifiable).toContainEqual({ record: seq, need: kind, of: seq });
    expect(new Set(state.unverifiable.map(({ of }) => of))).toEqual(new Set([seq]));
  });

  it('of every record leaves each of them unverifiable', () => {
    const steps = stepsOf(approved().target().authorize().complete('succeeded').close('executed'));
    const state = lawful(steps.map((step) => ({ ...step, payload: undefined })));
    expect(state.unverifiable.map(({ record }) => record)).toEqual(steps.map((_, i) => i));
  });

  it('is named by every later record that would have been checked against it', () => {
    const steps = stepsOf(granted().complete('succeeded').close('executed'));
    const without = (seq: number) =>
      lawful(steps.map((step, i) => (i === seq ? { ...step, payload: undefined } : step)));
    expect(without(0).unverifiable.map(({ record }) => record)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(without(1).unverifiable.map(({ record }) => record)).toEqual([1, 2, 3, 5]);
    expect(without(2).unverifiable.map(({ record }) => record)).toEqual([2, 3]);
    expect(without(3).unverifiable.map(({ record }) => record)).toEqual([3, 4]);
    expect(without(4).unverifiable.map(({ record }) => record)).toEqual([4, 5]);
    expect(without(5).unverifiable.map(({ record }) => record)).toEqual([5]);
  });

  it('does not hide that the disclosed records disagree with each other', () => {
    const steps = stepsOf(granted().complete('succeeded', { intent_digest: other }).close('executed'));
    const hidden = steps.map((step, i) => (i === 0 ? { ...step, payload: undefined } : step));
    expect(run(hidden)).toBe('intent_digest_mismatch /payload/intent_digest');
  });

  it('does not let a close claim what cannot be', () => {
    const withheldOutcome = (changes: object) => {
      const steps = stepsOf(granted().complete('failed').close('execution_failed', changes));
      return run(steps.map((step, i) => (i === 4 ? { ...step, payload: undefined } : step)));
    };
    expect(withheldOutcome({ outcome: 'succeeded' })).toBe('outcome_mismatch /payload/outcome');
    expect(withheldOutcome({ reason: 'denied', outcome: null })).toBe('close_reason_mismatch /payload/reason');
    const steps = stepsOf(granted().complete('failed').close('execution_failed', { final_verdict: 'deny' }));
    const hidden = steps.map((step, i) => (i === 1 ? { ...step, payload: undefined } : step));
    expect(run(hidden)).toBe('final_verdict_mismatch /payload/final_verdict');
    const waiting = stepsOf(walk().decide('require_human').request(1).close('cancelled', { final_verdict: 'allow' }));
    const hiddenWait = waiting.map((step, i) => (i === 1 ? { ...step, payload: undefined } : step));
    expect(run(hiddenWait)).toBe('final_verdict_mismatch /payload/final_verdict');
  });
});
