import { type createFactSource, createHistory, createReputation } from '@exoarmur/boundary-v2';
import type { Clock, ConductStore } from '@exoarmur/contracts';
import type { BoundaryConfig } from './config.ts';

type CountedParts = Pick<Parameters<typeof createFactSource>[0], 'trust' | 'history'>;

/** Trust and history as a configuration asks for them, and the store in which ends are counted where either needs it. */
export function createCountedFacts(
  { trust, history }: BoundaryConfig['facts'],
  { store, clock }: { readonly store: ConductStore; readonly clock: Clock },
): { readonly parts: CountedParts; readonly conduct: ConductStore | undefined } {
  const isCounted = trust === 'earned' || history === true;
  return {
    parts: {
      trust: trust === 'earned' ? createReputation({ store, clock }) : trust,
      ...(history === true ? { history: createHistory(store) } : {}),
    },
    conduct: isCounted ? store : undefined,
  };
}
