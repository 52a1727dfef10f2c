import type { ActionResult } from '@exoarmur/boundary-v2';
import type { ActionIntent, JsonObject } from '@exoarmur/contracts';
import type { AnswerListeners } from './answers.ts';
import type { ChunkOf, OutputOf } from './tool.ts';

/** Who calls, and what holds for all tools of a set. */
export interface GovernOptions {
  /** Who is answerable for the calls; one call may name another. */
  readonly actor: { readonly id: string; readonly type: ActionIntent['actor_type'] };
  /** Session or request that the calls belong to; one of its own for each call unless told. */
  readonly correlationId?: string;
  /** How sure the caller is of its calls, in thousandths; the safety gate asks a person when an agent is not. */
  readonly confidenceMilli?: number;
  /** Name and version of the set, which grants are bound to: `governed-tools`, `0`. */
  readonly name?: string;
  readonly version?: string;
  /** Time for the effect of one call, streams included; 60,000 ms unless told. */
  readonly timeoutMs?: number;
}

/** Options of one call. */
export interface CallOptions extends AnswerListeners {
  /** Stands for this one effect: the same id again gives the recorded result. A new one for each call unless told. */
  readonly callId?: string;
  readonly correlationId?: string;
  readonly traceId?: string;
  readonly actor?: GovernOptions['actor'];
  readonly confidenceMilli?: number;
  /** Why, in a line, for policies and people. */
  readonly reason?: string;
  /** Gives up. Before the authorisation nothing happens; later the result says what is known. */
  readonly signal?: AbortSignal;
  /** `wait` waits for people when they have to be asked; otherwise a call that has to wait is `pending_approval`. */
  readonly approval?: 'return' | 'wait';
}

/** What became of a call. A completed one of an earlier time has no output any more, unless the tool records values. */
export type CallResult<Output> =
  | {
      readonly status: 'completed';
      readonly isOutputKnown: true;
      readonly output: Output;
      readonly action: ActionResult;
    }
  | { readonly status: 'completed'; readonly isOutputKnown: false; readonly action: ActionResult }
  | {
      readonly status: Exclude<ActionResult['status'], 'completed'>;
      readonly action: ActionResult;
      /** What the tool threw, in this process. */
      readonly cause?: unknown;
    };

/** A tool behind the boundary. */
export interface GovernedTool<Input extends JsonObject, Returned> {
  /** Calls it and gives its output. @throws GovernedCallError when there is none, with a code to branch on */
  (input: Input, options?: CallOptions): Promise<OutputOf<Returned>>;
  /** Calls it and says what became of it, without throwing for what a policy, a person or the tool says. */
  attempt(input: Input, options?: CallOptions): Promise<CallResult<OutputOf<Returned>>>;
  /**
   * Calls a tool that streams and passes its chunks on, at the pace of the reader. The grant is redeemed before the first
   * chunk; the last one is followed by the record of the outcome. A reader who leaves early makes the outcome `ambiguous`.
   * @throws GovernedCallError instead of the first chunk, or after the last one
   */
  stream(input: Input, options?: CallOptions): AsyncGenerator<ChunkOf<Returned>, void, undefined>;
}
