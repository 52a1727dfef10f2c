import type { ActionResult } from '@exoarmur/boundary-v2';
import { createTrustedHost } from '@exoarmur/boundary-v2';
import { canonicalizeToBytes, createUlid, formatTime, parseJson } from '@exoarmur/canonical';
import {
  type ActionIntent,
  actionClassSchema,
  actionTypeSchema,
  isExoArmurError,
  type JsonObject,
  MAX_CARRIED_DEPTH,
  MAX_INTENT_BYTES,
} from '@exoarmur/contracts';
import type { Boundary } from './boundary.ts';
import { createChannel } from './channel.ts';
import { SdkError } from './errors.ts';
import { GovernedCallError } from './governed-call-error.ts';
import type { ChunkOf, OutputOf, Tool } from './tool.ts';
import { createToolExecutor, type OutputSink, type ToolExecutor, targetOf } from './tool-executor.ts';

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
export interface CallOptions {
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

/** One call of several. */
export interface BatchCall<Name extends string> extends CallOptions {
  readonly tool: Name;
  readonly input: JsonObject;
}

// biome-ignore lint/suspicious/noExplicitAny: a set holds tools of any input, and each keeps its own type outside.
type AnyTool = Tool<any, any>;

/** Governed tools by name. */
export type GovernedTools<Tools extends { readonly [name: string]: AnyTool }> = {
  readonly [Name in keyof Tools]: Tools[Name] extends Tool<infer Input, infer Returned>
    ? GovernedTool<Input, Returned>
    : never;
};

const MAX_BATCH = 1000;

/**
 * Puts one function behind a boundary. @throws SdkError SDK_TOOL_INVALID, SDK_TOOL_TAKEN
 */
export function govern<Input extends JsonObject, Returned>(
  boundary: Boundary,
  tool: Tool<Input, Returned>,
  options: GovernOptions,
): GovernedTool<Input, Returned> {
  return governTools(boundary, { tool }, options).tools.tool as GovernedTool<Input, Returned>;
}

/**
 * Puts a set of tools behind a boundary. What is not in the set cannot be called. `batch` makes many calls at once: each is
 * decided on its own, and one that is denied holds up no other; the results are in the order of the calls.
 * @throws SdkError SDK_TOOL_INVALID, SDK_TOOL_TAKEN
 */
export function governTools<const Tools extends { readonly [name: string]: AnyTool }>(
  boundary: Boundary,
  tools: Tools,
  options: GovernOptions,
): {
  readonly tools: GovernedTools<Tools>;
  batch(calls: readonly BatchCall<keyof Tools & string>[]): Promise<readonly CallResult<unknown>[]>;
} {
  const entries = Object.entries(tools);
  const { name = 'governed-tools', version = '0', timeoutMs = 60_000 } = options;
  assertTools(entries);
  const executor = createToolExecutor({ name, version, tools: entries.map(([, tool]) => tool) });
  boundary.attach(createTrustedHost({ executor, targetTimeoutMs: 5000, executionTimeoutMs: timeoutMs }));
  const shared = { boundary, executor, options, inFlight: new Map<string, Promise<void>>() };
  const governed = new Map(entries.map(([toolName, tool]) => [toolName, governTool({ ...shared, tool })]));
  return {
    tools: Object.freeze(Object.fromEntries(governed)) as GovernedTools<Tools>,
    batch: async (calls) => {
      if (calls.length > MAX_BATCH) throw new SdkError('SDK_TOOL_INVALID', `a batch has at most ${MAX_BATCH} calls`);
      const found = calls.map(({ tool, input, ...call }) => ({ governed: governed.get(tool), input, call }));
      const missing = found.findIndex((call) => call.governed === undefined);
      if (missing >= 0) {
        throw new SdkError('SDK_TOOL_INVALID', 'no such tool is governed here', { pointer: `/${missing}/tool` });
      }
      return Promise.all(found.map(async ({ governed: tool, input, call }) => tool?.attempt(input, call))) as Promise<
        CallResult<unknown>[]
      >;
    },
  };
}

interface Governing {
  readonly boundary: Boundary;
  readonly executor: ToolExecutor;
  readonly tool: Tool;
  readonly options: GovernOptions;
  /** Calls under way, by intent id. */
  readonly inFlight: Map<string, Promise<void>>;
}

function governTool(governing: Governing): GovernedTool<JsonObject, unknown> {
  const attempt = (input: JsonObject, call: CallOptions = {}) => attemptCall(governing, input, call, {});
  const run = async (input: JsonObject, call: CallOptions = {}): Promise<unknown> =>
    outputOf(await attempt(input, call));
  const stream = (input: JsonObject, call: CallOptions = {}) => streamCall(governing, input, call);
  return Object.assign(run, { attempt, stream }) as GovernedTool<JsonObject, unknown>;
}

async function attemptCall(
  governing: Governing,
  input: JsonObject,
  call: CallOptions,
  sink: OutputSink,
): Promise<CallResult<never>> {
  const { boundary, inFlight, tool } = governing;
  const { clock, random } = boundary;
  const intentId = call.callId ?? createUlid(clock.now(), random.bytes(10));
  const own = copyInput(input);
  // Two calls of one id are one effect: the later one waits, and gets what was recorded.
  while (inFlight.has(intentId)) await inFlight.get(intentId);
  const work = (async () => {
    // The same call again has to be the same intent, to the time it was first made at.
    const known = call.callId === undefined ? undefined : await boundary.findIntent(intentId);
    const timestamp = known?.timestamp ?? formatTime(clock.now());
    const parts = { intentId, timestamp, input: own, target: targetOf(tool, own), call };
    return perform(governing, createIntent(governing, parts), call, sink);
  })();
  inFlight.set(
    intentId,
    work.then(
      () => undefined,
      () => undefined,
    ),
  );
  return work.finally(() => inFlight.delete(intentId));
}

async function perform(
  { boundary, executor }: Governing,
  intent: ActionIntent,
  call: CallOptions,
  sink: OutputSink,
): Promise<CallResult<never>> {
  const signal = call.signal === undefined ? {} : { signal: call.signal };
  const release = executor.expect(intent.intent_id, sink);
  try {
    let action = await boundary.execute(intent, signal);
    if (action.status === 'pending_approval') {
      action =
        call.approval === 'wait'
          ? await boundary.settle(action, signal)
          : ((await boundary.takeAnswers(action.stream, signal)).result ?? action);
    }
    if (action.status !== 'completed') {
      return { status: action.status, action, ...(sink.error === undefined ? {} : { cause: sink.error }) };
    }
    const recorded = action.outcome.claimed;
    const output = sink.output ?? (Object.hasOwn(recorded, 'value') ? { value: recorded.value } : undefined);
    if (output === undefined) return { status: 'completed', isOutputKnown: false, action };
    return { status: 'completed', isOutputKnown: true, output: output.value as never, action };
  } finally {
    release();
  }
}

function outputOf(result: CallResult<unknown>): unknown {
  if (result.status === 'completed' && result.isOutputKnown) return result.output;
  throw new GovernedCallError(result.action, 'cause' in result ? result.cause : undefined);
}

async function* streamCall(
  governing: Governing,
  input: JsonObject,
  call: CallOptions,
): AsyncGenerator<never, void, undefined> {
  const left = new AbortController();
  const signal = call.signal === undefined ? left.signal : AbortSignal.any([call.signal, left.signal]);
  const channel = createChannel<never>(left.signal);
  const end = attemptCall(
    governing,
    input,
    { ...call, signal },
    { push: channel.push as (chunk: unknown) => Promise<void> },
  );
  end.then(channel.end, channel.end);
  try {
    yield* channel.read();
    outputOf(await end);
  } finally {
    left.abort(new SdkError('SDK_ACTION_AMBIGUOUS', 'the reader of the stream left'));
    // Whatever became of the action is recorded before the reader goes on.
    await end.catch(() => undefined);
  }
}

/** The one reading of the input: what the caller changes afterwards changes nothing. @throws SdkError SDK_INPUT_MALFORMED */
function copyInput(input: unknown): JsonObject {
  try {
    const bytes = canonicalizeToBytes(input, { maxBytes: MAX_INTENT_BYTES, maxDepth: MAX_CARRIED_DEPTH });
    const copy = parseJson(bytes, { maxBytes: MAX_INTENT_BYTES });
    if (typeof copy === 'object' && copy !== null && !Array.isArray(copy)) return freeze(copy as JsonObject);
  } catch (cause) {
    if (!isExoArmurError(cause)) throw cause;
    const pointer = cause.pointer === undefined ? {} : { pointer: cause.pointer };
    throw new SdkError('SDK_INPUT_MALFORMED', `the input is no plain JSON: ${cause.message}`, { ...pointer, cause });
  }
  throw new SdkError('SDK_INPUT_MALFORMED', 'the input is no JSON object', { pointer: '' });
}

function freeze<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null) return value;
  for (const member of Object.values(value)) freeze(member);
  return Object.freeze(value);
}

function createIntent(
  { boundary, tool, options }: Governing,
  parts: {
    readonly intentId: string;
    readonly timestamp: string;
    readonly input: JsonObject;
    readonly target: string;
    readonly call: CallOptions;
  },
): ActionIntent {
  const { intentId, timestamp, input, target, call } = parts;
  const { id, type } = call.actor ?? options.actor;
  const confidence = call.confidenceMilli ?? options.confidenceMilli;
  return {
    schema: 'exoarmur.intent/1',
    intent_id: intentId,
    correlation_id: call.correlationId ?? options.correlationId ?? intentId,
    trace_id: call.traceId ?? null,
    tenant_id: boundary.tenant,
    cell_id: boundary.cell,
    actor_id: id,
    actor_type: type,
    action_type: tool.actionType,
    action_class: tool.actionClass,
    target,
    parameters: input,
    safety_context: confidence === undefined ? {} : { local_confidence_milli: confidence },
    reason: call.reason ?? '',
    idempotency_key: null,
    timestamp,
  };
}

function assertTools(entries: readonly (readonly [string, AnyTool])[]): void {
  const refuse = (message: string, pointer: string) => new SdkError('SDK_TOOL_INVALID', message, { pointer });
  const types = new Set<string>();
  if (entries.length === 0) throw refuse('a set needs a tool', '');
  for (const [name, tool] of entries) {
    if (typeof tool?.run !== 'function') throw refuse('a tool needs a function to run', `/${name}/run`);
    if (!actionTypeSchema.safeParse(tool.actionType).success) {
      throw refuse('an action type is a dotted lower-case word', `/${name}/actionType`);
    }
    if (!actionClassSchema.safeParse(tool.actionClass).success) throw refuse('no such class', `/${name}/actionClass`);
    if (typeof tool.target !== 'string' && typeof tool.target !== 'function') {
      throw refuse('a target is a text or a function', `/${name}/target`);
    }
    if (types.has(tool.actionType)) throw refuse('two tools for the same action type', `/${name}/actionType`);
    types.add(tool.actionType);
  }
}
