import { digestValue, formatTime } from '@exoarmur/canonical';
import {
  DECISION_DIGEST_DOMAIN,
  type Decision,
  type Digest,
  type JsonObject,
  type ObservedAction,
} from '@exoarmur/contracts';
import { decide } from './action-steps.ts';
import { type BoundaryContext, type BoundaryOptions, createContext } from './boundary-context.ts';
import { recordFact } from './cell-record.ts';
import { BoundaryError } from './errors.ts';
import { assertScope, snapshotIntent } from './intent-snapshot.ts';
import { observedStreamOf } from './reserved-streams.ts';

/** What would have become of an action. Nothing was done, nobody was asked, and nothing was authorised. */
export interface Observation {
  readonly status: 'observed';
  readonly intentDigest: Digest;
  /** Null when no decision could be had; enforcement would deny. */
  readonly decision: Decision | null;
  readonly wouldBe: ObservedAction['would_be'];
}

/**
 * Watches in the place of a {@link ProxyPipeline}: takes the decisions and records them, and has no way to an executor, to an
 * approval or to a grant. Its records are facts of the cell of the kind `action_observed`; no bundle can be made of them, and
 * nothing of it turns into enforcement or back. One who lets the action through on its answer acts ungoverned.
 */
export class ObservingPipeline {
  readonly #context: BoundaryContext;

  /** @throws BoundaryError BOUNDARY_CONFIG_INVALID */
  constructor(options: Omit<BoundaryOptions, 'grants' | 'operators' | 'standingGrants' | 'inbox'>) {
    const grants = {
      isDurable: false,
      claim: () => Promise.reject(new BoundaryError('BOUNDARY_GRANT_MISMATCH', 'observing')),
    };
    this.#context = createContext({ ...options, grants });
  }

  /**
   * Decides on an intent and records what it would have come to.
   * @throws BoundaryError BOUNDARY_INTENT_MALFORMED, BOUNDARY_INTENT_TOO_LARGE, BOUNDARY_SCOPE_MISMATCH,
   * BOUNDARY_LOG_UNAVAILABLE
   */
  async observe(input: unknown): Promise<Observation> {
    const context = this.#context;
    const snapshot = snapshotIntent(input);
    const { intent, digest } = snapshot;
    assertScope(intent, context);
    const decision = (await decide(context, snapshot, [], 'read')) ?? null;
    const wouldBe = decision === null ? 'undecided' : decision.verdict;
    const payload: ObservedAction = {
      schema: 'exoarmur.action-observed/1',
      enforced: false,
      intent,
      intent_digest: digest,
      would_be: wouldBe,
      decision_digest: decision === null ? null : digestValue(DECISION_DIGEST_DOMAIN, decision),
      decision,
      time: formatTime(context.clock.now()),
    };
    const name = observedStreamOf(context.cell);
    const actor = { type: 'boundary' as const, id: context.cell };
    await recordFact(
      context.log,
      { stream: name, actor, kind: 'action_observed', payload: payload as JsonObject },
      { what: 'the observation', timeoutMs: context.limits.logTimeoutMs },
    );
    return { status: 'observed', intentDigest: digest, decision, wouldBe };
  }
}
