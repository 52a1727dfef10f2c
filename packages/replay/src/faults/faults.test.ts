import { parseCanonicalJson } from '@exoarmur/canonical';
import {
  formatLegacyEvent,
  formatLegacyJson,
  isLegacyPayloadIntact,
  type LegacyEvent,
} from '@exoarmur/canonical/legacy-python';
import { describe, expect, it } from 'vitest';
import { buildBundle, deniedSteps, encodeBundle, json } from '../../test/bundle-fixture.ts';
import { agreeOn } from '../../test/event-nodes.ts';
import { eventsOf, readVectors } from '../../test/legacy-vectors.ts';
import { verifyBundle } from '../verify-bundle.ts';
import { expectAgreement } from './agreement-oracle.ts';
import { injectBundleFault } from './bundle-fault.ts';
import { createFaultGenerator } from './fault-generator.ts';
import { FAULT_TYPES, injectFault } from './inject-fault.ts';
import { FAULT_SCENARIOS, type FaultScenario, planScenario } from './scenario.ts';

interface Scenario {
  readonly scenario: FaultScenario;
  readonly node_count: number;
  readonly seed: number;
  readonly configs: readonly {
    readonly fault_type: string;
    readonly target_nodes: readonly string[];
    readonly severity: number;
  }[];
}
interface Run {
  readonly scenario: FaultScenario;
  readonly node_count: number;
  readonly seed: number;
  readonly events_json: string;
  readonly correlation_id?: string;
}
const VECTORS = readVectors<{ readonly scenarios: readonly Scenario[]; readonly runs: readonly Run[] }>('byzantine');
const EVENTS = eventsOf(VECTORS.runs[0]?.events_json ?? '[]');

/** Also what is inside: nothing that the injector is given may be written to. */
function freeze<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null) return value;
  for (const member of value instanceof Map ? value.values() : Object.values(value)) freeze(member);
  return Object.freeze(value);
}
const textOf = (event: LegacyEvent) => formatLegacyJson(formatLegacyEvent(event), 'compact-ascii');

describe('a fault generator', () => {
  it('gives the same choices for the same seed, and others for another', () => {
    const draw = (seed: string | number) => {
      const random = createFaultGenerator(seed);
      return Array.from({ length: 50 }, () => random.below(1000));
    };
    expect(draw(42)).toEqual(draw(42));
    expect(draw(42)).toEqual(draw('42'));
    expect(draw(42)).not.toEqual(draw(43));
    // SHA-256("exoarmur.fault-generator/1" || 0x00 || "42:0"), first 32 bits, modulo 1000.
    expect(draw(42)[0]).toBe(474);
  });

  it('is even over its range', () => {
    const random = createFaultGenerator('even');
    const counts = Array<number>(6).fill(0);
    for (let i = 0; i < 6000; i++) {
      const value = random.below(6);
      counts[value] = (counts[value] ?? 0) + 1;
    }
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });

  it('orders everything once', () => {
    expect(
      createFaultGenerator(1)
        .permutation(20)
        .sort((a, b) => a - b),
    ).toEqual(Array.from({ length: 20 }, (_, i) => i));
  });

  it.each([0, -1, 1.5, 2 ** 32 + 1])('has no number below %d', (bound) => {
    expect(() => createFaultGenerator(1).below(bound)).toThrow(RangeError);
  });
});

describe.each(FAULT_TYPES)('a fault of type %s', (fault) => {
  const inject = (seed: number, severityMilli?: number) =>
    injectFault(freeze(EVENTS), fault, {
      random: createFaultGenerator(seed),
      ...(severityMilli === undefined ? {} : { severityMilli }),
    });

  it('changes every event that it hits, and no other, for 100 seeds', () => {
    for (let seed = 0; seed < 100; seed++) {
      const { events, hits } = inject(seed, 400);
      const changed = EVENTS.flatMap((event, i) => (textOf(events[i] as LegacyEvent) === textOf(event) ? [] : [i]));
      expect(hits.map(({ index }) => index)).toEqual(changed);
      expect(hits).toHaveLength(Math.ceil(EVENTS.length * 0.4));
      for (const { index, members } of hits) {
        const [was, is] = [EVENTS[index] as LegacyEvent, events[index] as LegacyEvent];
        const differing = (Object.keys(was) as (keyof LegacyEvent)[]).filter((key) => was[key] !== is[key]);
        expect(members).toEqual(expect.arrayContaining(differing));
      }
    }
  });

  it('leaves no mark', () => {
    const before = EVENTS.map(textOf).join('\n');
    for (let seed = 0; seed < 20; seed++) {
      const after = inject(seed).events.map(textOf).join('\n');
      expect(after).not.toMatch(/byzantine|corrupt|divergen|inject|node-\d/i);
      // Minimal: a fault never makes the events much longer or shorter.
      expect(Math.abs(after.length - before.length)).toBeLessThan(30 * EVENTS.length);
    }
  });

  it('is the same for the same seed', () => {
    expect(inject(7)).toEqual(inject(7));
  });

  it('hits nothing with severity 0, and never fewer with a higher one', () => {
    expect(inject(1, 0)).toEqual({ events: EVENTS, hits: [] });
    const counts = [0, 1, 250, 500, 750, 1000].map((severity) => inject(1, severity).hits.length);
    expect(counts).toEqual([...counts].sort((a, b) => a - b));
    expect(counts.at(-1)).toBe(EVENTS.length);
  });

  it.each([-1, 1001, 0.5, Number.NaN])('has no severity %d', (severity) => {
    expect(() => inject(1, severity)).toThrow(RangeError);
  });

  it('is seen by verifiers, which agree without the faulty one and name it', () => {
    for (let seed = 0; seed < 10; seed++) {
      const faulty = injectFault(EVENTS, fault, { random: createFaultGenerator(seed) }).events;
      const inputs = new Map(['a', 'b', 'c', 'd'].map((node) => [node, node === 'c' ? faulty : EVENTS]));
      const { agreement, results } = agreeOn('corr-1', EVENTS, inputs);
      expect(agreement).toBe('agreed');
      expect(results.filter(({ standing }) => standing !== 'agrees').map(({ node }) => node)).toEqual(['c']);
    }
  });
});

it('a mutated payload is consistent, a corrupted one is not', () => {
  const intact = (fault: 'payload_mutation' | 'structured_corruption' | 'hash_corruption') =>
    injectFault(EVENTS, fault, { random: createFaultGenerator(3) }).events.some(isLegacyPayloadIntact);
  expect([intact('payload_mutation'), intact('structured_corruption'), intact('hash_corruption')]).toEqual([
    true,
    false,
    false,
  ]);
});

describe('a scenario', () => {
  it.each(VECTORS.scenarios)(
    'chooses the nodes of the ancestor: $scenario, $node_count nodes, seed $seed',
    (vector) => {
      const plan = planScenario(vector.scenario, vector.node_count, vector.seed);
      const config = vector.configs[0];
      expect(plan.faultyNodes).toEqual(config?.target_nodes ?? []);
      expect(plan.fault).toBe(config?.fault_type ?? null);
      expect(plan.severityMilli).toBe((config?.severity ?? 0) * 1000);
    },
  );

  it.each(VECTORS.runs)('comes out as the oracle says: $scenario, $node_count nodes, seed $seed', (vector) => {
    checkRun(eventsOf(vector.events_json), vector.scenario, vector.node_count, vector.seed);
  });

  it('comes out as the oracle says for all sizes to 13, and does not disturb the next', () => {
    const before = EVENTS.map(textOf);
    for (const scenario of FAULT_SCENARIOS) {
      for (let nodes = 2; nodes <= 13; nodes++) checkRun(EVENTS, scenario, nodes, nodes);
    }
    expect(EVENTS.map(textOf)).toEqual(before);
  });

  it.each([
    ['a scenario of one node', 1, 0],
    ['a negative seed', 4, -1],
  ])('is refused: %s', (_, nodes, seed) => {
    expect(() => planScenario('clean', nodes, seed)).toThrow(RangeError);
  });
});

function checkRun(events: readonly LegacyEvent[], scenario: FaultScenario, nodeCount: number, seed: number): void {
  const plan = planScenario(scenario, nodeCount, seed);
  const random = createFaultGenerator(seed);
  const hit: string[] = [];
  const inputs = new Map(
    plan.nodes.map((node) => {
      if (plan.fault === null || !plan.faultyNodes.includes(node)) return [node, events] as const;
      const injected = injectFault(events, plan.fault, { random, severityMilli: plan.severityMilli });
      if (injected.hits.length > 0) hit.push(node);
      return [node, injected.events] as const;
    }),
  );
  const expected = expectAgreement(nodeCount, hit);
  const { agreement, results } = agreeOn('corr-1', events, inputs);
  const named = results.filter(({ standing }) => standing === 'dissents' || standing === 'faulty');
  expect([scenario, nodeCount, agreement]).toEqual([scenario, nodeCount, expected.agreement]);
  if (agreement === 'agreed') expect(named.map(({ node }) => node).sort()).toEqual(expected.named);
  expect(results.some(({ standing }) => standing === 'dissents') && agreement !== 'agreed').toBe(false);
}

describe('the oracle', () => {
  it.each([
    [4, [], [], 'agreed', []],
    [4, ['b'], [], 'agreed', ['b']],
    [4, ['b', 'c'], [], 'not_agreed', []],
    [4, [], ['d'], 'agreed', []],
    [4, ['b'], ['d'], 'not_agreed', []],
    [3, ['a'], [], 'not_agreed', []],
    [7, ['a', 'b'], [], 'agreed', ['a', 'b']],
  ] as const)('knows what comes of %d nodes with %j faulty and %j silent', (nodes, hit, silent, agreement, named) => {
    expect(expectAgreement(nodes, hit, silent)).toEqual({ agreement, named });
  });
});

describe('a fault in a bundle', () => {
  const bundle = json(buildBundle(deniedSteps()));

  it('changes one leaf and is always seen', async () => {
    const pointers = new Set<string>();
    for (let seed = 0; seed < 60; seed++) {
      const fault = injectBundleFault(freeze(bundle), createFaultGenerator(seed));
      pointers.add(fault.pointer);
      const report = await verifyBundle(fault.bytes);
      expect([fault.pointer, report.verify_verdict]).toEqual([fault.pointer, 'FAIL']);
    }
    expect(pointers.size).toBeGreaterThan(30);
    expect((await verifyBundle(encodeBundle(bundle))).verify_verdict).toBe('PASS');
  });

  it('can be aimed at a part of it', () => {
    const { pointer, bytes } = injectBundleFault(bundle, createFaultGenerator(1), '/records/1');
    expect(pointer).toMatch(/^\/records\/1\//);
    expect(() => parseCanonicalJson(bytes.subarray(0, -1))).not.toThrow();
    expect(() => injectBundleFault(bundle, createFaultGenerator(1), '/nowhere')).toThrow(RangeError);
  });
});
