import type { DowngradeOverride } from '../policy-bundle.ts';
import type { Digest } from '../primitives.ts';

/** A signed policy bundle as it was put in force. */
export interface KeptActivation {
  /** Counts the activations of the cell, from 1. */
  readonly generation: number;
  /** The DSSE envelope as signed; whoever reads it verifies it again. */
  readonly envelope: { readonly [member: string]: unknown };
  /** The override that it took, else null. */
  readonly override: DowngradeOverride | null;
  /** RFC 3339, UTC, three fraction digits. */
  readonly activatedAt: string;
}

/** A bundle that was refused. */
export interface RefusedBundle {
  readonly reason: string;
  /** Null when nothing that was signed says which bundle it was. */
  readonly bundleDigest: Digest | null;
  readonly refusedAt: string;
}

/** By what it shows that another bundle was put in force or refused, without reading any. */
export interface ActivationMark {
  /** Of the last activation; 0 for none. */
  readonly generation: number;
  readonly activatedAt: string | null;
  /** Of the refusal that stands; null for none. */
  readonly refusedAt: string | null;
}

/**
 * Keeps which policy bundle of one cell of a tenant is in force, and those before it. `append` is one atomic compare-and-set over all
 * processes that share the store. Nothing is ever removed: the last one is the one in force, also when it has expired.
 */
export interface PolicyActivationStore {
  /** Whether it outlives the process. */
  readonly isDurable: boolean;
  /** Activations with a smaller generation than `before`, newest first, at most `limit`. */
  list(page: { readonly before: number; readonly limit: number }): Promise<readonly KeptActivation[]>;
  /** Puts a bundle in force, if its generation is the next one. */
  append(activation: KeptActivation): Promise<'appended' | 'generation_taken'>;
  /** Remembers the last bundle that was refused; null once one was taken again. */
  setRefusal(refusal: RefusedBundle | null): Promise<void>;
  findRefusal(): Promise<RefusedBundle | null>;
  /** Costs the same however large the bundles are: whoever follows the store asks it again and again. */
  findMark(): Promise<ActivationMark>;
}
