import { preparsePolicySet } from './wasm.ts';

/** A policy as the shelf hands it to the engine. */
interface ShelvedPolicy {
  readonly id: string;
  readonly text: string;
}

/** How many parsed policies, over all slices of one shelf, the engine keeps; the least recently used slices make room. */
export const SHELF_BUDGET = 50_000;

/**
 * Slices of one list of policies, parsed inside the engine under names and kept for the next request that needs the same
 * one. The engine never lets go of a name, so names are reused and an evicted slice is overwritten with nothing.
 */
export class SliceShelf {
  readonly #policies: readonly ShelvedPolicy[];
  readonly #prefix: string;
  readonly #budget: number;
  readonly #slices = new Map<string, { readonly name: string; readonly cost: number }>();
  readonly #free: string[] = [];
  #names = 0;
  #cost = 0;

  constructor(policies: readonly ShelvedPolicy[], prefix: string, budget: number = SHELF_BUDGET) {
    this.#policies = policies;
    this.#prefix = prefix;
    this.#budget = budget;
  }

  /** The engine's name of a slice, given by ascending indexes; undefined when the engine cannot read it. */
  fetch(indexes: readonly number[]): string | undefined {
    const key = indexes.length === this.#policies.length ? 'all' : indexes.join();
    const found = this.#slices.get(key);
    if (found !== undefined) {
      this.#slices.delete(key);
      this.#slices.set(key, found);
      return found.name;
    }
    const cost = indexes.length + 1;
    while (this.#slices.size > 0 && this.#cost + cost > this.#budget) this.#evict();
    const name = this.#free.pop() ?? `${this.#prefix}/${this.#names++}`;
    const texts: Record<string, string> = {};
    for (const index of indexes) {
      const policy = this.#policies[index];
      if (policy !== undefined) texts[policy.id] = policy.text;
    }
    if (preparsePolicySet(name, { staticPolicies: texts }).type === 'failure') {
      this.#free.push(name);
      return undefined;
    }
    this.#slices.set(key, { name, cost });
    this.#cost += cost;
    return name;
  }

  /** Gives back what the engine holds. */
  clear(): void {
    while (this.#slices.size > 0) this.#evict();
  }

  #evict(): void {
    const [oldest] = this.#slices;
    if (oldest === undefined) return;
    const [key, { name, cost }] = oldest;
    this.#slices.delete(key);
    this.#cost -= cost;
    preparsePolicySet(name, { staticPolicies: {} });
    this.#free.push(name);
  }
}
