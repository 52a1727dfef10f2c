import type { ActionIntent, Facts, PdpResult } from '@exoarmur/contracts';
import { describe, expect, it } from 'vitest';
import { createApproval, createFacts, createIntent } from '../../test/requests.ts';
import { SAFETY_RULES } from './profile.ts';
import { evaluateSafetyGate } from './safety-gate.ts';

const ALLOWED: PdpResult = {
  verdict: 'allow',
  rationale: 'permitted by `p`',
  determining_policies: ['p'],
  errored_policies: [],
  approval_requirement: null,
};
const A0 = { action_class: 'A0_observe' } as const;
const A1 = { action_class: 'A1_soft_containment' } as const;
const A2 = { action_class: 'A2_hard_containment' } as const;
const A3 = { action_class: 'A3_irreversible' } as const;
const ALL = [A0, A1, A2, A3];
const CLEAR = createFacts().switches;
const WELL = createFacts().environment;

function ask(intent: Partial<ActionIntent>, facts: Partial<Facts> = {}, pdp: PdpResult = ALLOWED): string {
  const { verdict, rule_ids } = evaluateSafetyGate(
    createFacts({ action_class_floor: intent.action_class ?? null, ...facts }),
    createIntent(intent),
    pdp,
  );
  return [verdict, ...rule_ids].join(' ');
}
const sure = (confidence: unknown, actionClass: Partial<ActionIntent>): Partial<ActionIntent> => ({
  ...actionClass,
  actor_type: 'agent',
  safety_context: { local_confidence_milli: confidence as number },
});
const agreed = (quorum_count: number, aggregate_milli: number, conflict_detected = false): Partial<Facts> => ({
  collective: { quorum_count, aggregate_milli, conflict_detected },
});

describe('evaluateSafetyGate', () => {
  it.each(['A1_soft_containment', 'A2_hard_containment', 'A3_irreversible'] as const)(
    'denies a class below the floor %s, whatever else holds, and takes the floor itself and all above it',
    (action_class_floor) => {
      const floor = ALL.findIndex(({ action_class }) => action_class === action_class_floor);
      for (const [index, intent] of ALL.entries()) {
        expect(ask(intent, { action_class_floor })).toBe(index < floor ? 'deny SG-105' : 'allow SG-501');
      }
      const approvals = [1, 2, 3].map((number) => createApproval(number));
      expect(ask(A0, { action_class_floor, approvals })).toBe('deny SG-105');
      expect(ask(A0, { action_class_floor, switches: { ...CLEAR, global: 'engaged' } })).toBe('deny SG-101 SG-105');
    },
  );

  it.each([[{ action_class_floor: null }], [{}]])(
    'spares nothing as observation unless the executor declares it so: %j',
    (floor) => {
      const askAgent = (facts: Partial<Facts>, change: Partial<ActionIntent> = {}) => {
        const intent = createIntent({ ...A0, ...change });
        const { verdict, rule_ids } = evaluateSafetyGate(createFacts({ ...floor, ...facts }), intent, ALLOWED);
        return [verdict, ...rule_ids].join(' ');
      };
      expect(askAgent({ switches: { ...CLEAR, global: 'engaged', tenant: 'unknown' } })).toBe('deny SG-101 SG-102');
      expect(askAgent({ policy_verified: false })).toBe('require_quorum SG-201');
      expect(askAgent({}, { actor_type: 'agent' })).toBe('require_human SG-401');
      expect(askAgent(agreed(0, 0, true))).toBe('require_quorum SG-252');
      expect(askAgent({})).toBe('allow SG-501');
    },
  );

  it.each([
    ['global switch engaged stops A1', A1, { switches: { ...CLEAR, global: 'engaged' } }, 'deny SG-101'],
    ['global switch engaged stops A3', A3, { switches: { ...CLEAR, global: 'engaged' } }, 'deny SG-101'],
    ['global switch engaged spares A0', A0, { switches: { ...CLEAR, global: 'engaged' } }, 'allow SG-501'],
    ['global switch unknown stops A2', A2, { switches: { ...CLEAR, global: 'unknown' } }, 'deny SG-101'],
    ['tenant switch engaged stops A1', A1, { switches: { ...CLEAR, tenant: 'engaged' } }, 'deny SG-102'],
    ['tenant switch unknown stops A1', A1, { switches: { ...CLEAR, tenant: 'unknown' } }, 'deny SG-102'],
    ['tenant switch engaged spares A0', A0, { switches: { ...CLEAR, tenant: 'engaged' } }, 'allow SG-501'],
    ['a frozen actor is stopped, also in A0', A0, { switches: { ...CLEAR, actor: 'engaged' } }, 'deny SG-103'],
    ['an actor of unknown state is stopped', A0, { switches: { ...CLEAR, actor: 'unknown' } }, 'deny SG-103'],
    ['a frozen class is stopped, also A0', A0, { switches: { ...CLEAR, action_class: 'engaged' } }, 'deny SG-104'],
    ['a class of unknown state is stopped', A1, { switches: { ...CLEAR, action_class: 'unknown' } }, 'deny SG-104'],
    [
      'a switch wins over an unverified policy',
      A1,
      { switches: { ...CLEAR, global: 'engaged' }, policy_verified: false },
      'deny SG-101',
    ],
    ['an unverified policy asks for a quorum', A1, { policy_verified: false }, 'require_quorum SG-201'],
    ['an unverified policy lets A0 pass', A0, { policy_verified: false }, 'allow SG-501'],
    ['a conflict asks for a person in A3', A3, agreed(0, 0, true), 'require_human SG-251'],
    ['a conflict asks for a quorum in A2', A2, agreed(0, 0, true), 'require_quorum SG-252'],
    ['a conflict lets a reversible A1 pass', A1, { ...agreed(0, 0, true), reversible: true }, 'allow SG-501'],
    [
      'a conflict lets no irreversible A1 pass',
      A1,
      { ...agreed(0, 0, true), reversible: false },
      'require_quorum SG-252',
    ],
    ['trust 349 in A2', A2, { trust_milli: 349 }, 'require_human SG-301'],
    ['trust 349 in A3', A3, { trust_milli: 349 }, 'require_human SG-301'],
    ['trust 350 in A2', A2, { trust_milli: 350 }, 'require_quorum SG-302'],
    ['trust 499 in A2', A2, { trust_milli: 499 }, 'require_quorum SG-302'],
    ['trust 500 in A2', A2, { trust_milli: 500 }, 'allow SG-501'],
    ['trust 799 in A3', A3, { trust_milli: 799 }, 'require_human SG-303'],
    ['trust 800 in A3', A3, { trust_milli: 800 }, 'allow SG-501'],
    ['trust 0 in A1', A1, { trust_milli: 0 }, 'allow SG-501'],
    ['a degraded cell in A2', A2, { environment: { ...WELL, degraded: true } }, 'require_quorum SG-351'],
    ['a degraded cell in A3', A3, { environment: { ...WELL, degraded: true } }, 'require_quorum SG-351'],
    ['a degraded cell in A1', A1, { environment: { ...WELL, degraded: true } }, 'allow SG-501'],
    ['load 901 in A2', A2, { environment: { ...WELL, cell_load_milli: 901 } }, 'require_quorum SG-352'],
    ['load 900 in A2', A2, { environment: { ...WELL, cell_load_milli: 900 } }, 'allow SG-501'],
    ['health 699 in A3', A3, { environment: { ...WELL, network_health_milli: 699 } }, 'require_quorum SG-352'],
    ['health 700 in A3', A3, { environment: { ...WELL, network_health_milli: 700 } }, 'allow SG-501'],
    ['health 699 in A1', A1, { environment: { ...WELL, network_health_milli: 699 } }, 'allow SG-501'],
  ] as const)('%s', (_, intent, facts, expected) => {
    expect(ask(intent, facts as Partial<Facts>)).toBe(expected);
  });

  it.each([
    ['A1 at 799', sure(799, A1), {}, 'require_human SG-401'],
    ['A1 at 800', sure(800, A1), {}, 'allow SG-501'],
    ['A1 without a figure', { ...A1, actor_type: 'agent' }, {}, 'require_human SG-401'],
    ['A1 of a service without a figure', { ...A1, actor_type: 'service' }, {}, 'require_human SG-401'],
    ['A1 of a person without a figure', A1, {}, 'allow SG-501'],
    ['A0 without a figure', { ...A0, actor_type: 'agent' }, {}, 'allow SG-501'],
    ['A2 at 899', sure(899, A2), {}, 'require_quorum SG-402'],
    ['A2 at 900', sure(900, A2), {}, 'allow SG-501'],
    ['A2 at 500 with two cells at 850', sure(500, A2), agreed(2, 850), 'allow SG-501'],
    ['A2 at 500 with one cell at 850', sure(500, A2), agreed(1, 850), 'require_quorum SG-402'],
    ['A2 at 500 with two cells at 849', sure(500, A2), agreed(2, 849), 'require_quorum SG-402'],
    ['A3 at 970 with three cells at 920', sure(970, A3), agreed(3, 920), 'allow SG-501'],
    ['A3 at 969 with three cells at 920', sure(969, A3), agreed(3, 920), 'require_human SG-403'],
    ['A3 at 970 with two cells at 920', sure(970, A3), agreed(2, 920), 'require_human SG-403'],
    ['A3 at 970 with three cells at 919', sure(970, A3), agreed(3, 919), 'require_human SG-403'],
    ['A3 at 1000 without peers', sure(1000, A3), {}, 'require_human SG-403'],
  ] as const)('threshold: %s', (_, intent, facts, expected) => {
    expect(ask(intent as Partial<ActionIntent>, facts)).toBe(expected);
  });

  it.each([
    ['no trust', { trust_milli: null }],
    ['trust that is no number', { trust_milli: Number.NaN }],
    ['trust over the range', { trust_milli: 1001 }],
    ['trust below the range', { trust_milli: -1 }],
    ['trust with a fraction', { trust_milli: 0.85 }],
    ['no word on degradation', { environment: { ...WELL, degraded: null } }],
    ['no load', { environment: { ...WELL, cell_load_milli: null } }],
    ['no network health', { environment: { ...WELL, network_health_milli: null } }],
    ['no resource availability', { environment: { ...WELL, resource_availability_milli: null } }],
    ['no word of the peers', { collective: null }],
    ['an aggregate over the range', agreed(1, 1001)],
    ['a quorum with a fraction', agreed(1.5, 900)],
    ['no word on the policy', { policy_verified: undefined as never }],
  ] as const)('denies every class with %s', (_, facts) => {
    for (const intent of [A0, A1, A2, A3]) expect(ask(intent, facts as Partial<Facts>)).toBe('deny SG-001');
  });

  it.each([
    ['text', '900'],
    ['a fraction', 0.9],
    ['null', null],
    ['over the range', 1001],
    ['below it', -1],
  ])('denies a stated confidence that is %s', (_, confidence) => {
    for (const intent of [A0, A1, A2, A3]) expect(ask(sure(confidence, intent))).toMatch(/^deny SG-001/);
  });

  it('meets a demand with approvals, and says which rules they answered', () => {
    const low = { trust_milli: 499 };
    expect(ask(A2, { ...low, approvals: [createApproval(1)] })).toBe('require_quorum SG-302');
    expect(ask(A2, { ...low, approvals: [createApproval(1), createApproval(2)] })).toBe('allow SG-302 SG-454');
    expect(ask(A3, { trust_milli: 799, approvals: [createApproval(1)] })).toBe('allow SG-303 SG-454');
  });

  it('asks for three approvers where the action is irreversible', () => {
    const facts = { environment: { ...WELL, degraded: true } };
    const approvals = [createApproval(1), createApproval(2), createApproval(3)];
    expect(ask(A3, { ...facts, approvals: approvals.slice(0, 2) })).toBe('require_quorum SG-351');
    expect(ask(A3, { ...facts, approvals })).toBe('allow SG-351 SG-454');
  });

  it('never lets an approval meet a denial', () => {
    const approvals = [1, 2, 3, 4].map((number) => createApproval(number));
    expect(ask(A1, { switches: { ...CLEAR, global: 'engaged' }, approvals })).toBe('deny SG-101');
    expect(ask(A1, { trust_milli: null, approvals })).toBe('deny SG-001');
  });

  it('takes a no as final, in every class', () => {
    const approvals = [createApproval(1), createApproval(2, { verdict: 'deny' })];
    for (const intent of [A0, A1, A2, A3]) expect(ask(intent, { approvals })).toBe('deny SG-453');
  });

  it.each([
    ['human', 'require_human SG-452'],
    ['quorum', 'require_quorum SG-451'],
  ] as const)('repeats what the policies demand: %s', (kind, expected) => {
    const approval_requirement = { kind, quorum: kind === 'human' ? 1 : 2, roles: [], ttl_seconds: 60 };
    expect(ask(A1, {}, { ...ALLOWED, verdict: 'require_approval', approval_requirement })).toBe(expected);
    expect(ask(A0, {}, { ...ALLOWED, verdict: 'require_approval', approval_requirement })).toBe(expected);
  });

  it('says why in words', () => {
    const facts = createFacts({ environment: { ...WELL, degraded: true }, trust_milli: 400 });
    expect(evaluateSafetyGate(facts, createIntent(A2), ALLOWED).rationale).toBe(
      `${SAFETY_RULES['SG-302']}; ${SAFETY_RULES['SG-351']}`,
    );
  });
});
