import type { TrailKind } from '@exoarmur/contracts';
import type { TrailState, UnverifiableCheck } from './state.ts';

/** The list of the state with more checks that could not be made; a check already listed is not listed twice. */
export function addUnverifiable(
  state: TrailState,
  record: number,
  needs: readonly { readonly need: TrailKind; readonly of: number }[],
): readonly UnverifiableCheck[] {
  const list = [...state.unverifiable];
  for (const { need, of } of needs) {
    if (!list.some((entry) => entry.record === record && entry.of === of)) list.push({ record, need, of });
  }
  return list;
}
