import type { LegacyEvent } from '@exoarmur/canonical/legacy-python';
import { describe, expect, it } from 'vitest';
import { agreeOn } from '../test/event-nodes.ts';
import { eventsOf, inputsOf, readVectors } from '../test/legacy-vectors.ts';

interface Vector {
  readonly name: string;
  readonly node_count: number;
  readonly correlation_id: string;
  readonly events_json: string;
  readonly node_inputs_json: string | null;
  readonly consensus_result: string;
  readonly node_hashes: Readonly<Record<string, string>>;
}

const VECTORS = readVectors<readonly Vector[]>('multi-node');

/** What each vector gives here: reason, validity, and the standing of each node (spec/event-replay.md, "Several verifiers"). */
const EXPECTED: Readonly<Record<string, readonly [reason: string, validity: string, standings: string]>> = {
  golden: ['quorum_met', 'invalid', 'agrees agrees agrees'],
  'identical-2': ['quorum_met', 'invalid', 'agrees agrees'],
  'identical-5': ['quorum_met', 'invalid', 'agrees agrees agrees agrees agrees'],
  'empty-events-consensus-on-failure': ['quorum_met', 'invalid', 'agrees agrees agrees'],
  'one-divergent': ['too_many_faults', 'undetermined', 'answered faulty answered'],
  'first-node-divergent': ['too_many_faults', 'undetermined', 'faulty answered answered'],
  'two-node-tie-first-wins': ['quorum_not_met', 'undetermined', 'faulty answered'],
  'four-node-tie-first-seen-wins': ['quorum_not_met', 'undetermined', 'faulty answered answered faulty'],
  'all-different-first-wins': ['quorum_not_met', 'undetermined', 'faulty answered faulty'],
  'payload-change-invisible-to-report': ['too_many_faults', 'undetermined', 'answered faulty answered'],
  'tenant-change-invisible': ['too_many_faults', 'undetermined', 'answered faulty answered'],
  'wrong-node-count-error': ['quorum_not_met', 'undetermined', 'answered silent silent'],
  'lone-surrogate-id-on-one-node-errors-all': ['too_many_faults', 'undetermined', 'answered faulty answered'],
};

function run(vector: Vector, correlationId = vector.correlation_id) {
  const honest = eventsOf(vector.events_json);
  const names = Array.from({ length: vector.node_count }, (_, i) => `node-${i + 1}`);
  const given: ReturnType<typeof inputsOf> =
    vector.node_inputs_json === null ? new Map(names.map((node) => [node, honest])) : inputsOf(vector.node_inputs_json);
  // A node without an input gives no answer; the others are not kept from theirs.
  const inputs = new Map<string, LegacyEvent[] | 'crashed'>(given);
  for (const node of names.slice(given.size)) inputs.set(node, 'crashed');
  return agreeOn(correlationId, honest, inputs);
}

describe('verifiers of the ancestor', () => {
  it.each(VECTORS)('come out as listed: $name', (vector) => {
    const { reason, validity, agreed, results } = run(vector);
    const standings = results.map(({ standing }) => standing).join(' ');
    expect([vector.name, reason, validity, standings]).toEqual([vector.name, ...(EXPECTED[vector.name] ?? [])]);
    expect(agreed === null).toBe(reason !== 'quorum_met');
  });

  it('give the hash of the ancestor where it was right', () => {
    const golden = VECTORS.find(({ name }) => name === 'golden');
    expect(golden && Object.fromEntries(run(golden).hashes)).toEqual(golden?.node_hashes);
  });

  it('agree on a good trail when it is asked for under its own correlation', () => {
    for (const name of ['identical-2', 'identical-5']) {
      const vector = VECTORS.find((candidate) => candidate.name === name) as Vector;
      expect(run(vector, 'corr-1')).toMatchObject({ agreement: 'agreed', validity: 'valid' });
    }
  });
});
