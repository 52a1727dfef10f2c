import type { ActionStream } from './action-stream.ts';
import type { BoundaryContext } from './boundary-context.ts';
import { releaseBudgets } from './budgets.ts';

/**
 * What follows from an end that is on record: an action that was never authorised gives back what it took from the budgets.
 * Doing it again changes nothing, so a crash before it is made good by whoever asks for the action next. Never throws.
 */
export async function settleAction({ budgets, limits }: BoundaryContext, stream: ActionStream): Promise<void> {
  const { phase, grant } = stream.state;
  if (phase !== 'closed') return;
  if (grant === null) await releaseBudgets(budgets, stream.intentDigest, limits.storeTimeoutMs);
}
