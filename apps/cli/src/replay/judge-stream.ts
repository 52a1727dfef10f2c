import { checkStreamChain, parseRecord } from '@exoarmur/audit/reader';
import { advanceTrail, initialTrail, isClosed, type TrailState } from '@exoarmur/audit/trail';
import type { AuditLogStore, Digest, JsonObject, PolicyEvaluator, PolicySet, SealedRecord } from '@exoarmur/contracts';
import { reexecuteDecision } from '@exoarmur/replay';
import { openPayload } from './open-payload.ts';

/** `partial`: nothing failed, but something could not be checked. It is no success. */
export type StreamResult = 'success' | 'partial' | 'failure';

/** One thing that is wrong, or could not be checked, in one record. */
export interface StreamFinding {
  /** `seq` of the record. */
  readonly record: number;
  readonly code: string;
  /** JSON pointer into `{ record, payload }`. */
  readonly pointer: string;
}

/** What the replay of one stream showed. Every member follows from its records. */
export interface StreamReplay {
  readonly stream: string;
  readonly result: StreamResult;
  readonly records: readonly { readonly kind: string; readonly time: string }[];
  readonly is_closed: boolean;
  /** How many decisions came out as the same bytes again. */
  readonly decisions_same: number;
  readonly decisions: number;
  readonly failures: readonly StreamFinding[];
  readonly unverifiable: readonly StreamFinding[];
}

/** Who decides again, and under which recorded policy sets. */
export interface StreamJudge {
  readonly evaluator: PolicyEvaluator;
  readonly policySets: ReadonlyMap<string, PolicySet>;
}

/**
 * Judges one stream of a log from its records alone: one chain, payloads that are the committed ones, every step lawful, every
 * decision the same bytes again. Up to the first record that may not stand where it stands.
 */
export async function judgeStream(
  store: AuditLogStore,
  { tenant, stream }: { readonly tenant: string; readonly stream: string },
  judge: StreamJudge,
): Promise<StreamReplay> {
  const entries = await store.stream(tenant, stream);
  const payloads = await store.payloads(
    tenant,
    entries.map(({ index }) => index),
  );
  const records = entries.map(({ bytes }) => parseRecord(bytes));
  const failures: StreamFinding[] = [];
  const unverifiable: StreamFinding[] = [];
  const chain = checkStreamChain(records);
  if (chain.outcome === 'invalid') {
    const { record, reason, pointer } = chain.failure;
    failures.push({ record, code: reason, pointer: `/record${pointer}` });
  }
  const opened = records.map((record, index) => openPayload(record, payloads[index] ?? null));
  for (const [index, value] of opened.entries()) {
    if (value !== undefined) continue;
    const isErased = (payloads[index] ?? null) === null;
    const finding = { record: index, code: isErased ? 'payload_erased' : 'payload_not_committed', pointer: '/payload' };
    (isErased ? unverifiable : failures).push(finding);
  }
  let state: TrailState | undefined;
  let [decisions, same] = [0, 0];
  if (failures.length === 0 && records[0]?.kind === 'intent_received') {
    state = foldTrail(records, opened, failures, unverifiable);
    for (const [index, record] of records.entries()) {
      if (record.kind !== 'verdict_resolved') continue;
      decisions++;
      same += (await isSame(index, opened, judge, { failures, unverifiable })) ? 1 : 0;
    }
  }
  return {
    stream,
    result: failures.length > 0 ? 'failure' : unverifiable.length > 0 ? 'partial' : 'success',
    records: records.map(({ kind, time }) => ({ kind, time })),
    is_closed: state !== undefined && isClosed(state),
    decisions_same: same,
    decisions,
    failures,
    unverifiable,
  };
}

function foldTrail(
  records: readonly SealedRecord[],
  payloads: readonly (JsonObject | undefined)[],
  failures: StreamFinding[],
  unverifiable: StreamFinding[],
): TrailState {
  let state = initialTrail();
  for (const [index, record] of records.entries()) {
    const verdict = advanceTrail(state, { record, payload: payloads[index] });
    if (verdict.outcome === 'unlawful') {
      failures.push({ record: index, code: verdict.violation.code, pointer: verdict.violation.pointer });
      return state;
    }
    state = verdict.state;
  }
  for (const { record } of state.unverifiable) unverifiable.push({ record, code: 'step_unverifiable', pointer: '' });
  return state;
}

async function isSame(
  index: number,
  payloads: readonly (JsonObject | undefined)[],
  { evaluator, policySets }: StreamJudge,
  found: { readonly failures: StreamFinding[]; readonly unverifiable: StreamFinding[] },
): Promise<boolean> {
  const policySetOf = (digest: Digest): PolicySet | undefined => policySets.get(digest);
  const [intent, decision] = [payloads[0], payloads[index]];
  const verdict = await reexecuteDecision({ intent, decision, policySetOf, evaluator });
  if (verdict.outcome === 'same') return true;
  const finding = { record: index, code: verdict.code, pointer: `/payload${verdict.pointer}` };
  (verdict.outcome === 'diverges' ? found.failures : found.unverifiable).push(finding);
  return false;
}
