import type { ActionClass, Facts, PdpResult, PdpVerdict, SafetyVerdict, SwitchCommand } from '@exoarmur/contracts';
import { createSwitchBoard, evaluateSafetyGate, resolveVerdict, SAFETY_RULES, type SwitchBoard } from '../src/index.ts';
import { createApproval, createFacts, createIntent } from './requests.ts';

const PDP: readonly PdpVerdict[] = ['deny', 'require_approval', 'defer', 'allow'];
const SAFETY = ['allow', 'deny', 'block', 'warn', 'require_quorum', 'require_human', 'anything else'] as const;
const CLASSES: readonly ActionClass[] = ['A0_observe', 'A1_soft_containment', 'A2_hard_containment', 'A3_irreversible'];
const PERMITTED: PdpResult = {
  verdict: 'allow',
  rationale: 'permitted',
  determining_policies: [],
  errored_policies: [],
  approval_requirement: null,
};
const { switches, environment } = createFacts();
const peers = (quorum_count: number, aggregate_milli: number, conflict_detected = false): Partial<Facts> => ({
  collective: { quorum_count, aggregate_milli, conflict_detected },
});

const agreed = (count: number): Partial<Facts> => ({
  approvals: Array.from({ length: count }, (_, index) => createApproval(index + 1)),
});
const demanding = (kind: 'human' | 'quorum'): PdpResult => ({
  ...PERMITTED,
  verdict: 'require_approval',
  approval_requirement: { kind, quorum: kind === 'human' ? 1 : 2, roles: [], ttl_seconds: 60 },
});

const budget = (used: number | null, amount: number | null, exhausted: readonly string[] = []): Partial<Facts> => ({
  budgets: { readings: [{ id: 'calls', used, amount, maximum: 10 }], exhausted: [...exhausted] },
});

/** One line of the gate's table: what differs from an action of a person against which nothing stands. */
const CONDITIONS: readonly (readonly [string, Partial<Facts>, (number | undefined)?, PdpResult?])[] = [
  ['nothing', {}],
  ['global switch engaged', { switches: { ...switches, global: 'engaged' } }],
  ['global switch unknown', { switches: { ...switches, global: 'unknown' } }],
  ['tenant switch engaged', { switches: { ...switches, tenant: 'engaged' } }],
  [
    'global switch engaged, policy unverified',
    { switches: { ...switches, global: 'engaged' }, policy_verified: false },
  ],
  ['global switch engaged, three approvals', { switches: { ...switches, global: 'engaged' }, ...agreed(3) }],
  ['tenant switch unknown', { switches: { ...switches, tenant: 'unknown' } }],
  ['actor frozen', { switches: { ...switches, actor: 'engaged' } }],
  ['actor unknown', { switches: { ...switches, actor: 'unknown' } }],
  ['class frozen', { switches: { ...switches, action_class: 'engaged' } }],
  ['class unknown', { switches: { ...switches, action_class: 'unknown' } }],
  ...CLASSES.map((floor) => [`floor ${floor}`, { action_class_floor: floor }] as const),
  ['no floor declared', { action_class_floor: null }],
  [
    'no floor declared, global switch engaged',
    { action_class_floor: null, switches: { ...switches, global: 'engaged' } },
  ],
  ['no floor declared, policy unverified', { action_class_floor: null, policy_verified: false }],
  ['policy unverified', { policy_verified: false }],
  ['peers contradict each other', peers(0, 0, true)],
  ['peers contradict each other, reversible', { ...peers(0, 0, true), reversible: true }],
  ['trust missing', { trust_milli: null }],
  ['trust not a number', { trust_milli: Number.NaN }],
  ['trust -1', { trust_milli: -1 }],
  ['trust 1001', { trust_milli: 1001 }],
  ...[0, 349, 350, 499, 500, 799, 800, 1000].map((trust_milli) => [`trust ${trust_milli}`, { trust_milli }] as const),
  ['degradation missing', { environment: { ...environment, degraded: null } }],
  ['degraded', { environment: { ...environment, degraded: true } }],
  ['degraded, two approvals', { environment: { ...environment, degraded: true }, ...agreed(2) }],
  ['degraded, three approvals', { environment: { ...environment, degraded: true }, ...agreed(3) }],
  ['load missing', { environment: { ...environment, cell_load_milli: null } }],
  ['load 900', { environment: { ...environment, cell_load_milli: 900 } }],
  ['load 901', { environment: { ...environment, cell_load_milli: 901 } }],
  ['health missing', { environment: { ...environment, network_health_milli: null } }],
  ['health 700', { environment: { ...environment, network_health_milli: 700 } }],
  ['health 699', { environment: { ...environment, network_health_milli: 699 } }],
  ['availability missing', { environment: { ...environment, resource_availability_milli: null } }],
  ['peers expected, no word', { collective: null }],
  ['history expected, no word', { history: null }],
  ['threat expected, no word', { threat: null }],
  ['no budget falls to it', { budgets: { readings: [], exhausted: [] } }],
  ['budget 9 + 1 of 10', budget(9, 1)],
  ['budget 10 + 1 of 10', budget(10, 1)],
  ['budget 10 + 0 of 10', budget(10, 0)],
  ['budget unreadable', budget(null, 1)],
  ['budget, amount unknown', budget(0, null)],
  ['budget 9 + 1 of 10, said to be exhausted', budget(9, 1, ['calls'])],
  ...[0, 799, 800, 899, 900, 969, 970].map((confidence) => [`agent at ${confidence}`, {}, confidence] as const),
  ['agent at 500, two peers at 850', peers(2, 850), 500],
  ['agent at 500, one peer at 850', peers(1, 850), 500],
  ['agent at 500, two peers at 849', peers(2, 849), 500],
  ['agent at 970, three peers at 920', peers(3, 920), 970],
  ['agent at 969, three peers at 920', peers(3, 920), 969],
  ['agent at 970, two peers at 920', peers(2, 920), 970],
  ['agent at 970, three peers at 919', peers(3, 919), 970],
  ['agent at 1001', {}, 1001],
  ['the policies demand a person', {}, undefined, demanding('human')],
  ['the policies demand a person, one approval', agreed(1), undefined, demanding('human')],
  ['the policies demand a quorum, one approval', agreed(1), undefined, demanding('quorum')],
  ['the policies demand a quorum, two approvals', agreed(2), undefined, demanding('quorum')],
  ['the policies demand a quorum, three approvals', agreed(3), undefined, demanding('quorum')],
  ['one approval, one refusal', { approvals: [createApproval(1), createApproval(2, { verdict: 'deny' })] }],
];

const ENGAGE: SwitchCommand = {
  schema: 'exoarmur.switch-command/1',
  ...{ tenant: 'demo', cell: 'demo', sequence: 1, switch: 'global', subject: null, state: 'engaged' },
  ...{ reason: 'table', issued_by: 'ann', issued_at: '2024-01-01T12:00:00.000Z' },
};

/** One line of the table of switches: what happened before a reading at 10,000 ms by a board whose answers are good for 1,000 ms. */
const READINGS: readonly (readonly [string, (board: SwitchBoard) => void])[] = [
  ['the store never answered', () => undefined],
  ['it answered now', (board) => board.confirm(10_000)],
  ['it answered 1,000 ms ago, nothing since', (board) => board.confirm(9000)],
  ['it answered 1,001 ms ago, nothing since', (board) => board.confirm(8999)],
  ['it answered 1 ms in the future: the clock went back', (board) => board.confirm(10_001)],
  ['the clock gives no number', (board) => board.confirm(Number.NaN)],
  ['engaged, it answered now', (board) => obey(board, ['engaged'], 10_000)],
  ['engaged, it answered 1,001 ms ago', (board) => obey(board, ['engaged'], 8999)],
  ['engaged, it never answered again', (board) => obey(board, ['engaged'])],
  ['engaged and cleared, it answered now', (board) => obey(board, ['engaged', 'clear'], 10_000)],
  ['engaged and cleared, it answered 1,001 ms ago', (board) => obey(board, ['engaged', 'clear'], 8999)],
  ['engaged, cleared and engaged, it answered now', (board) => obey(board, ['engaged', 'clear', 'engaged'], 10_000)],
];

function obey(board: SwitchBoard, states: readonly SwitchCommand['state'][], confirmedAt?: number): void {
  for (const [index, state] of states.entries()) board.apply({ ...ENGAGE, sequence: index + 1, state });
  if (confirmedAt !== undefined) board.confirm(confirmedAt);
}

function readSwitch(prepare: (board: SwitchBoard) => void): string[] {
  const board = createSwitchBoard({ maxAgeMs: 1000 });
  prepare(board);
  const read = board.read({ tenant: 'demo', actor: 'agent-1', actionClass: 'A2_hard_containment' }, 10_000);
  const verdicts = CLASSES.map((cls) => askGate(cls, { switches: { ...switches, global: read.global } }, undefined));
  return [read.global, ...verdicts];
}

/** The truth tables of gate, switches and resolution, run by the code and written as one Markdown page. */
export function formatTruthTables(): string {
  return [
    '# Truth tables of the safety gate, the switches and the verdict resolution',
    '',
    'Generated by `npm run generate` from the code in `packages/policy`. The rules are in [safety-gate.md](safety-gate.md).',
    '',
    '## The gate, by action class',
    '',
    'Each line changes one thing in an action of a person (or of an agent, where the line says so) against which nothing stands and whose class is the one that its executor declares.',
    '',
    ...formatTable(
      ['what differs', ...CLASSES],
      CONDITIONS.map(([name, facts, confidence, pdp]) => [
        name,
        ...CLASSES.map((cls) => askGate(cls, facts, confidence, pdp)),
      ]),
    ),
    '',
    '## The switches',
    '',
    'What a board of kept commands says of the global switch, and what the gate makes of it. Tenant switches go the same way; those of actors and classes spare no class.',
    '',
    ...formatTable(
      ['what happened', 'reads', ...CLASSES],
      READINGS.map(([name, prepare]) => [name, ...readSwitch(prepare)]),
    ),
    '',
    '## The resolution',
    '',
    'Rows are what the policies say, columns what the gate says.',
    '',
    ...formatTable(
      ['policies', ...SAFETY],
      PDP.map((pdp) => [
        pdp,
        ...SAFETY.map((safety) => {
          const { verdict, rule } = resolveVerdict(pdp, safety as SafetyVerdict);
          return `**${verdict}** ${rule}`;
        }),
      ]),
    ),
    '',
    '## The rules',
    '',
    ...formatTable(['id', 'fires when'], Object.entries(SAFETY_RULES)),
    '',
  ].join('\n');
}

function askGate(
  action_class: ActionClass,
  facts: Partial<Facts>,
  confidence: number | undefined,
  pdp: PdpResult = PERMITTED,
): string {
  const stated =
    confidence === undefined
      ? {}
      : { actor_type: 'agent' as const, safety_context: { local_confidence_milli: confidence } };
  const intent = createIntent({ action_class, ...stated });
  const { verdict, rule_ids } = evaluateSafetyGate(
    createFacts({ action_class_floor: action_class, ...facts }),
    intent,
    pdp,
  );
  return `${verdict} ${rule_ids.join(' ')}`;
}

function formatTable(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
}
