import { join } from 'node:path';
import { MemoryHeadKeeper, MemoryLogStore } from '@exoarmur/audit/memory';
import { createAuditLog } from '@exoarmur/audit/writer';
import { createMemoryGrantStore, createTrustedHost, ProxyPipeline } from '@exoarmur/boundary-v2';
import type { ActionIntent, Clock, PolicyDecisionPoint, RandomSource, Signer } from '@exoarmur/contracts';
import { createFilesystemExecutor } from '@exoarmur/executors';
import { createCountingRandomSource, createFixedClock } from './fixed-sources.ts';
import { createDemoFacts, DEMO, LOGICAL_ROOTS } from './scenario.ts';

/** Time and randomness of one action: all that could make two runs of it differ. */
export interface ActionSources {
  readonly clock: Clock;
  /** A source that gives the same bytes for the same label. */
  random(label: string): RandomSource;
}

/** The sources of the demonstration: a clock that stands still and bytes that follow from a label. */
export const FIXED_SOURCES: ActionSources = Object.freeze({
  clock: createFixedClock(DEMO.timeMs),
  random: (label: string) => createCountingRandomSource(`${DEMO.label}: ${label}`),
});

/** Takes the intent through the boundary, with an executor over the real files of `folder`, and returns its proof bundle. */
export async function proveAction(
  intent: ActionIntent,
  folder: string,
  { signer, decisionPoint, sources }: { signer: Signer; decisionPoint: PolicyDecisionPoint; sources: ActionSources },
): Promise<Uint8Array> {
  const { tenant, cell, origin } = DEMO;
  const { clock } = sources;
  const log = createAuditLog({
    store: new MemoryLogStore(),
    heads: new MemoryHeadKeeper(),
    signer,
    clock,
    random: sources.random('log'),
    tenant,
    cell,
    origin,
  });
  const executor = createFilesystemExecutor({
    roots: [
      { logical: LOGICAL_ROOTS.private, real: join(folder, 'private'), operations: ['delete'] },
      { logical: LOGICAL_ROOTS.authorized, real: join(folder, 'authorized'), operations: ['delete'] },
    ],
  });
  const { policy_verified, switches, trust_milli, environment } = createDemoFacts();
  const pipeline = new ProxyPipeline({
    tenant,
    cell,
    log,
    decisionPoint,
    facts: { gather: async () => ({ policy_verified, switches, trust_milli, environment }) },
    host: createTrustedHost({ executor, targetTimeoutMs: 10_000, executionTimeoutMs: 10_000 }),
    grants: createMemoryGrantStore(),
    clock,
    random: sources.random('boundary'),
    signer,
  });
  const result = await pipeline.execute(intent);
  return result.bundle();
}
