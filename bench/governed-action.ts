import { MemoryHeadKeeper, MemoryLogStore } from '@exoarmur/audit/memory';
import { createAuditLog } from '@exoarmur/audit/writer';
import { createMemoryGrantStore, createTrustedHost, ProxyPipeline } from '@exoarmur/boundary-v2';
import { createSigner, sha256 } from '@exoarmur/canonical';
import type { Executor } from '@exoarmur/contracts';
import { createDecisionPoint } from '@exoarmur/policy';
import { factsOf, intentOf, RECORDED_POLICIES } from './recorded-log.ts';

const scope = { tenant: 'demo', cell: 'cell' };
const origin = 'cell.example/demo';

/** Says that it read, and reads nothing: what is measured is who checks the proof. */
const executor: Executor = {
  manifest: {
    name: 'noop',
    version: '1.0.0',
    action_types: ['file.read'],
    target_kinds: ['file'],
    capabilities: [],
    action_class_floors: { 'file.read': 'A0_observe' },
  },
  validateTarget: async () => ({ result: 'valid', reason: '', evidence: {} }),
  execute: async () => ({ success: true, error_code: null, claimed: { read: true }, observed: {} }),
};

/** Takes one action through the boundary and returns its proof and who to trust for it. */
export async function proveBenchAction(): Promise<{ readonly bundle: Uint8Array; readonly trust: string }> {
  const number = 1;
  const clock = { now: () => Date.parse(factsOf(number).time) };
  let count = 0;
  const random = { bytes: (length: number) => sha256(Uint8Array.of(count++ % 256)).slice(0, length) };
  const signer = createSigner(origin, new Uint8Array(32).fill(1));
  const sources = { clock, random, signer };
  const { policy_verified, switches, trust_milli, environment } = factsOf(number);
  const pipeline = new ProxyPipeline({
    ...scope,
    ...sources,
    log: createAuditLog({ ...scope, ...sources, origin, store: new MemoryLogStore(), heads: new MemoryHeadKeeper() }),
    decisionPoint: createDecisionPoint({ policySet: RECORDED_POLICIES }),
    facts: { gather: async () => ({ policy_verified, switches, trust_milli, environment }) },
    host: createTrustedHost({ executor, targetTimeoutMs: 10_000, executionTimeoutMs: 10_000 }),
    grants: createMemoryGrantStore(),
  });
  const result = await pipeline.execute(intentOf(number));
  if (result.status !== 'completed') throw new Error(`the action of the measurement is ${result.status}`);
  return { bundle: await result.bundle(), trust: `log ${signer.vkey}\nquorum none\n` };
}
