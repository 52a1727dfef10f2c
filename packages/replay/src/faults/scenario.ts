import type { FaultType } from './inject-fault.ts';

/** How many nodes are faulty: nobody, one, less than a third, more than half. */
export const FAULT_SCENARIOS = ['clean', 'single_node', 'partial', 'majority'] as const;
export type FaultScenario = (typeof FAULT_SCENARIOS)[number];

/** Which nodes are faulty in a run, and how. */
export interface FaultPlan {
  readonly scenario: FaultScenario;
  /** `node-1` to `node-<count>`. */
  readonly nodes: readonly string[];
  readonly faultyNodes: readonly string[];
  readonly fault: FaultType | null;
  readonly severityMilli: number;
}

/** The plan of the Python ancestor for a scenario: its sizes, its faults and its choice of nodes. @throws RangeError */
export function planScenario(scenario: FaultScenario, nodeCount: number, seed: number): FaultPlan {
  if (!Number.isSafeInteger(nodeCount) || nodeCount < 2) throw new RangeError('a scenario needs at least 2 nodes');
  if (!Number.isSafeInteger(seed) || seed < 0) throw new RangeError('a seed is a whole number that is not negative');
  const nodes = Array.from({ length: nodeCount }, (_, index) => `node-${index + 1}`);
  const faulty = (count: number): string[] =>
    Array.from({ length: count }, (_, index) => nodes[(seed + index) % nodeCount] as string);
  switch (scenario) {
    case 'clean':
      return { scenario, nodes, faultyNodes: [], fault: null, severityMilli: 0 };
    case 'single_node':
      return { scenario, nodes, faultyNodes: faulty(1), fault: 'payload_mutation', severityMilli: 1000 };
    case 'partial': {
      const count = Math.max(1, Math.floor(nodeCount / 3) - 1);
      return { scenario, nodes, faultyNodes: faulty(count), fault: 'structured_corruption', severityMilli: 800 };
    }
    case 'majority': {
      const count = Math.floor(nodeCount / 2) + 1;
      return { scenario, nodes, faultyNodes: faulty(count), fault: 'structured_corruption', severityMilli: 1000 };
    }
  }
}
