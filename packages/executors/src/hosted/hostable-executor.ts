import type { Duplex } from 'node:stream';
import type { ActionIntent, ExecutorManifest, JsonObject } from '@exoarmur/contracts';
import type { HostableCode } from './code.ts';

/**
 * One of these executors as a sandboxed host takes it: its code, and the least that it has to be granted. What it says is for the
 * operator to agree to; the host enforces it.
 */
export interface HostableExecutor {
  readonly manifest: ExecutorManifest;
  readonly code: HostableCode;
  /** Handed to the code with each question. */
  readonly config: JsonObject;
  readonly read: readonly string[];
  readonly write: readonly string[];
  /** Action types that change nothing: for them nothing is granted to be written. */
  readonly observing: readonly string[];
  readonly hasScratch: false;
  /** Whether it starts programs while it executes. */
  readonly children?: 'allowed';
  /** Whether what it starts needs a network. */
  readonly network?: 'allowed';
  /** Opens its connections on the side of the host, for the intent that is performed. It has no network. */
  readonly dial?: (
    request: unknown,
    intent: ActionIntent,
  ) => Promise<{ readonly connection: Duplex; readonly answer: JsonObject }>;
  /** Connections that one action may need. */
  readonly connections?: number;
  /** Handed to the code while it executes an intent, and at no other time. */
  readonly secrets?: (intent: ActionIntent) => JsonObject;
  /** Takes secrets out of a text. */
  readonly redact?: (text: string) => string;
  /** What one action may take. */
  readonly executionLimits?: { readonly wallClockMs: number };
}
