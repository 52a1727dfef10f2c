import { type LegacyObject, legacyDemoReplayHash, toLegacyValue } from '@exoarmur/canonical/legacy-python';
import type { ActionIntent, RecordKind, Verdict } from '@exoarmur/contracts';

/**
 * How many trace events of the Python ancestor one record stands for. Its trace had policy, safety and verdict as three
 * events where one decision record holds all of them, one event for the target and one for the dispatch to the executor,
 * and none for authority or for the end.
 */
const ANCESTOR_EVENTS: Readonly<Partial<Record<RecordKind, number>>> = {
  intent_received: 1,
  verdict_resolved: 3,
  target_validated: 1,
  execution_completed: 1,
};

/** The action of a bundle as the ancestor's canonical demo summed it up. */
export interface DemonstratedAction {
  readonly intent: Pick<ActionIntent, 'intent_id' | 'action_type' | 'target'>;
  readonly kinds: readonly RecordKind[];
  readonly finalVerdict: Verdict;
}

/**
 * The replay hash that the ancestor's canonical truth reconstruction prints for an action: SHA-256, in hexadecimal, of
 * action type, number of trace events, final verdict, intent id and target. It covers nothing else; what proves the
 * action is the bundle.
 */
export function computeAncestorReplayHash(action: DemonstratedAction): string {
  const { intent_id, action_type, target } = action.intent;
  const proof = toLegacyValue({
    events_count: action.kinds.reduce((count, kind) => count + (ANCESTOR_EVENTS[kind] ?? 0), 0),
    trace_final_status: action.finalVerdict,
    intent: { intent_id, action_type, target },
  });
  return legacyDemoReplayHash(proof as LegacyObject);
}
