import { AgentMeshClient } from '@microsoft/agent-governance-sdk';
import { openBenchLog } from './audit-log.ts';
import { createRig, openMemoryLog } from './boundary-rig.ts';
import type { Group } from './main.ts';

const memory = createRig({ log: openMemoryLog() });
const durable = createRig({ log: openBenchLog('boundary-bench').log });
const peer = AgentMeshClient.create('bench-agent', {
  capabilities: ['file.read'],
  policyRules: [{ action: 'file.read', effect: 'allow' }],
});

/** `node bench/boundary-latency.ts` says what each of these includes, with latencies and at concurrency 256. */
export const groups: readonly Group[] = [
  {
    name: 'one governed action with an executor that does nothing',
    baseline: 'peer: unsigned, in memory, no grant',
    tasks: {
      'peer: unsigned, in memory, no grant': () => peer.executeWithGovernance('file.read', { limit: 10 }),
      'exoarmur, decision alone': memory.decide,
      'exoarmur, signed, in memory': memory.execute,
      'exoarmur, signed and durable': durable.execute,
    },
  },
];
