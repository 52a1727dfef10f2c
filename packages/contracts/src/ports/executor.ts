import type { z } from 'zod';
import type { effectPreviewSchema } from '../approval.ts';
import type { ActionClass, ActionIntent } from '../intent.ts';
import type { TargetVerdict } from '../outcome.ts';
import type { JsonObject } from '../primitives.ts';

/** What an executor declares about itself; its canonical digest is part of every grant. */
export interface ExecutorManifest {
  readonly name: string;
  readonly version: string;
  /** Action types it performs; anything else is refused before it is asked. */
  readonly action_types: readonly string[];
  readonly target_kinds: readonly string[];
  readonly capabilities: readonly string[];
  /**
   * Least class of each action type. An intent that states a lesser one is denied; a type that is not named here has no
   * floor, and then nothing is spared as mere observation.
   */
  readonly action_class_floors?: { readonly [actionType: string]: ActionClass };
}

/** Answer to whether a target is acceptable under the executor's own rules. */
export interface TargetCheck {
  readonly result: TargetVerdict;
  readonly reason: string;
  readonly evidence: JsonObject;
}

/** What an executor reports: its claim, and what it observed afterwards. */
export interface ExecutorReport {
  readonly success: boolean;
  /** Stable code, null on success. */
  readonly error_code: string | null;
  readonly claimed: JsonObject;
  readonly observed: JsonObject;
}

/**
 * The platform's `AbortSignal` where its types are known. Written so that this package and its declarations compile without
 * the types of any platform; what remains then is that one can see whether the time is up.
 */
export type CancelSignal = typeof globalThis extends { AbortSignal: { prototype: infer Signal } }
  ? Signal
  : { readonly aborted: boolean };

/** What an effect would be, in words a person can judge. */
export type EffectPreview = z.infer<typeof effectPreviewSchema>;

/** An untrusted plugin that performs one declared kind of effect. It sees the intent and nothing else. */
export interface Executor {
  readonly manifest: ExecutorManifest;
  /** Has no effect. */
  validateTarget(intent: ActionIntent): Promise<TargetCheck>;
  /**
   * What `execute` would do now, for the people who are asked to approve it, the same for the same state of the world: a diff,
   * a rendered request, a list. Has no effect. Null when it cannot say.
   */
  preview?(intent: ActionIntent): Promise<EffectPreview | null>;
  /** Performs the effect; called at most once per grant, by the boundary alone. */
  execute(intent: ActionIntent, options: { readonly signal: CancelSignal }): Promise<ExecutorReport>;
}
