import type { ActionClass, EffectPreview, JsonObject } from '@exoarmur/contracts';
import { ExoArmurError } from '@exoarmur/contracts';

/** What a tool is told about the call, besides its input. */
export interface ToolCall {
  /** Aborted when the caller gives up or the time is over; what has happened by then counts as unknown. */
  readonly signal: AbortSignal;
  readonly intentId: string;
}

/**
 * A function behind the boundary. `run` gets the input as it was decided on, deep-frozen, and may return a value, a promise or
 * an async iterable of chunks. What it throws says nothing about the effect, so the action is `ambiguous` then; throw
 * {@link ToolFailure} when it is known that nothing happened.
 */
export interface Tool<Input extends JsonObject = JsonObject, Output = unknown> {
  /** Dotted lower-case word that policies name: `mail.send`. */
  readonly actionType: string;
  /** The least class of what it does; a caller cannot state a lesser one. */
  readonly actionClass: ActionClass;
  /** What is acted upon, as the policies see it; a text at once. An input for which it throws is malformed. */
  readonly target: string | ((input: Input) => string);
  /** Why the input will not do, or undefined; asked before any authority exists. */
  readonly refuse?: (input: Input) => string | undefined;
  /** What the effect would be, for the people who are asked. */
  readonly preview?: (input: Input) => EffectPreview | null | Promise<EffectPreview | null>;
  readonly run: (input: Input, call: ToolCall) => Output;
  /** What the record keeps of the output: its digest, unless told to keep the value. */
  readonly record?: 'digest' | 'value';
}

/** A tool's word that it did nothing; the action has then `failed` with this code. */
export class ToolFailure extends ExoArmurError {
  /** @param code upper-case words with underscores, 3 to 64 characters */
  constructor(code: string, message: string, details: { readonly cause?: unknown } = {}) {
    super(code, message, details);
    if (!/^[A-Z][A-Z0-9_]{2,63}$/.test(code)) throw new TypeError('a failure code is 3 to 64 of A-Z0-9_');
  }
}

/** What a call of a tool gives: a chunk list for a tool that streams. */
export type OutputOf<Returned> =
  Awaited<Returned> extends AsyncIterable<infer Chunk> ? readonly Chunk[] : Awaited<Returned>;

/** Chunks of a tool that streams. */
export type ChunkOf<Returned> = Awaited<Returned> extends AsyncIterable<infer Chunk> ? Chunk : never;
