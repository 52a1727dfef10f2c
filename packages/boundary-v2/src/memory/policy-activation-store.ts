import type { KeptActivation, PolicyActivationStore, RefusedBundle } from '@exoarmur/contracts';

/** The policy activations of one tenant in the memory of one process. */
export function createMemoryPolicyActivationStore(): PolicyActivationStore {
  const kept: KeptActivation[] = [];
  let refused: RefusedBundle | null = null;
  return {
    isDurable: false,
    list: async ({ before, limit }) =>
      kept
        .filter(({ generation }) => generation < before)
        .toReversed()
        .slice(0, limit)
        .map((activation) => structuredClone(activation)),
    // INVARIANT: no await between comparing and entering, which is what makes it one step.
    append: async (activation) => {
      if (activation.generation !== kept.length + 1) return 'generation_taken';
      kept.push(structuredClone(activation));
      return 'appended';
    },
    setRefusal: async (refusal) => {
      refused = structuredClone(refusal);
    },
    findRefusal: async () => structuredClone(refused),
    findMark: async () => {
      const last = kept.at(-1);
      return {
        generation: last?.generation ?? 0,
        activatedAt: last?.activatedAt ?? null,
        refusedAt: refused?.refusedAt ?? null,
      };
    },
  };
}
