import { createSigner } from '@exoarmur/canonical';
import type { AuditLogStore, LogHeadKeeper, RecordDraft } from '@exoarmur/contracts';
import { MemoryHeadKeeper, MemoryLogStore } from '../src/memory/index.ts';
import { type AuditLog, type AuditLogOptions, createAuditLog } from '../src/writer/index.ts';
import { START_MS, type Walk } from './walks.ts';

export const ORIGIN = 'cell-1.test/demo';
export const SIGNER = createSigner(ORIGIN, new Uint8Array(32).fill(7));

/** A clock that goes on by one second at each look. */
export const tickingClock = (start = START_MS) => {
  let now = start - 1000;
  return { now: () => (now += 1000) };
};

/** Bytes that count: never the same twice, the same in every run. */
export const countingRandom = (seed = 0) => {
  let count = seed;
  return {
    bytes: (length: number) => {
      const bytes = new Uint8Array(length);
      new DataView(bytes.buffer).setUint32(0, count++);
      return bytes;
    },
  };
};

export const testLog = (
  options: Partial<AuditLogOptions> = {},
): { log: AuditLog; store: AuditLogStore; heads: LogHeadKeeper } => {
  const store = options.store ?? new MemoryLogStore();
  const heads = options.heads ?? new MemoryHeadKeeper();
  const log = createAuditLog({
    signer: SIGNER,
    clock: tickingClock(),
    random: countingRandom(),
    tenant: 'demo',
    cell: 'cell-1',
    origin: ORIGIN,
    ...options,
    store,
    heads,
  });
  return { log, store, heads };
};

/** The drafts of a walk, as the boundary would hand them in. */
export const draftsOf = (walk: Pick<Walk, 'intent' | 'steps'>): RecordDraft[] =>
  walk.steps.map(({ kind, payload }, seq) => ({
    stream: walk.intent.intent_id,
    correlation: walk.intent.correlation_id,
    trace: walk.intent.trace_id,
    actor: seq === 0 ? { type: walk.intent.actor_type, id: walk.intent.actor_id } : { type: 'boundary', id: 'cell-1' },
    kind,
    payload,
    expectedSeq: seq,
  }));

/** Appends a whole walk. */
export const appendWalk = async (log: AuditLog, walk: Pick<Walk, 'intent' | 'steps'>) => {
  const receipts = [];
  for (const draft of draftsOf(walk)) receipts.push(await log.append(draft));
  return receipts;
};
