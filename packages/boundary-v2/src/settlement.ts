import type { ActionStream } from './action-stream.ts';
import type { BoundaryContext } from './boundary-context.ts';
import { releaseBudgets } from './budgets.ts';
import { readConduct } from './conduct.ts';
import { settleWithin } from './deadline.ts';

/**
 * What follows from an end that is on record: an action that was never authorised gives back what it took from the budgets,
 * and what the end says about its actor is counted, once. Doing it again changes nothing, so a crash before it is made good
 * by whoever asks for the action next. Never throws.
 */
export async function settleAction(context: BoundaryContext, stream: ActionStream): Promise<void> {
  const { budgets, conduct, limits, clock } = context;
  const { phase, grant } = stream.state;
  if (phase !== 'closed') return;
  const { storeTimeoutMs } = limits;
  const observe = async () => {
    const observed = readConduct(stream, clock);
    if (observed !== undefined) await conduct?.observe(observed);
  };
  await Promise.all([
    grant === null ? releaseBudgets(budgets, stream.intentDigest, storeTimeoutMs) : undefined,
    conduct === undefined ? undefined : settleWithin(storeTimeoutMs, observe),
  ]);
}
