import { canonicalizeToBytes, digestValue } from '@exoarmur/canonical';
import type { ActionIntent, Executor, ExecutorReport, JsonObject, TargetCheck } from '@exoarmur/contracts';
import { SdkError } from './errors.ts';
import { ignoreRejection } from './foreign-code.ts';
import { type Tool, ToolFailure } from './tool.ts';

/** Domain of the digest of an output, and of each link of the chain over the chunks of a stream. */
export const TOOL_OUTPUT_DIGEST_DOMAIN = 'exoarmur.tool-output/1';

/** Largest output that a record keeps as a value, in canonical bytes. */
export const MAX_RECORDED_OUTPUT_BYTES = 65_536;

/** Most chunks that are gathered for a caller who did not ask for a stream. */
const MAX_GATHERED_CHUNKS = 100_000;

/** Where the output of one call goes. The record of it is for everybody; the value is for the caller alone. */
export interface OutputSink {
  /** Takes a chunk, at the caller's pace; undefined gathers the chunks instead. */
  readonly push?: (chunk: unknown) => Promise<void>;
  output?: { readonly value: unknown };
  /** What the tool threw. */
  error?: unknown;
}

/** An executor made of tools, one action type each. */
export interface ToolExecutor extends Executor {
  /** Waits for the output of an intent until the answer is called. */
  expect(intentId: string, sink: OutputSink): () => void;
}

/** @param tools by name; no two of them for the same action type */
export function createToolExecutor(options: {
  readonly name: string;
  readonly version: string;
  readonly tools: readonly Tool[];
}): ToolExecutor {
  const { name, version, tools } = options;
  const byType = new Map(tools.map((tool) => [tool.actionType, tool]));
  const sinks = new Map<string, OutputSink>();
  const toolOf = ({ action_type }: ActionIntent): Tool => byType.get(action_type) as Tool;
  return {
    manifest: {
      ...{ name, version, action_types: [...byType.keys()].sort(), target_kinds: ['any'], capabilities: [] },
      action_class_floors: Object.fromEntries(tools.map(({ actionType, actionClass }) => [actionType, actionClass])),
    },
    validateTarget: async (intent) => checkInput(toolOf(intent), intent),
    preview: async (intent) => (await toolOf(intent).preview?.(intent.parameters)) ?? null,
    execute: async (intent, { signal }) => {
      const sink = sinks.get(intent.intent_id);
      try {
        return await runTool(toolOf(intent), intent, signal, sink);
      } catch (error) {
        if (sink !== undefined) sink.error = error;
        if (!(error instanceof ToolFailure)) throw error;
        return { success: false, error_code: error.code, claimed: {}, observed: {} };
      }
    },
    expect: (intentId, sink) => {
      sinks.set(intentId, sink);
      return () => {
        if (sinks.get(intentId) === sink) sinks.delete(intentId);
      };
    },
  };
}

function checkInput(tool: Tool, { parameters, target }: ActionIntent): TargetCheck {
  // SECURITY: whoever sends an intent past the tool must not get another target decided on than the one that is touched.
  if (targetOf(tool, parameters) !== target) {
    return { result: 'invalid', reason: 'the target is not the one of the input', evidence: {} };
  }
  const reason: unknown = tool.refuse?.(parameters);
  if (typeof reason !== 'string' && reason !== undefined) {
    ignoreRejection(reason);
    return { result: 'invalid', reason: 'the tool does not say in a text why it refuses', evidence: {} };
  }
  if (reason !== undefined) return { result: 'violates_constraints', reason, evidence: {} };
  return { result: 'valid', reason: 'the tool takes the input', evidence: {} };
}

/** The target of an input. @throws SdkError SDK_INPUT_MALFORMED when the tool does not name one in a text, at once */
export function targetOf({ target }: Tool, input: JsonObject): string {
  if (typeof target === 'string') return target;
  const details: { cause?: unknown } = {};
  try {
    const named: unknown = target(input);
    if (typeof named === 'string') return named;
    ignoreRejection(named);
  } catch (cause) {
    details.cause = cause;
  }
  throw new SdkError('SDK_INPUT_MALFORMED', 'the tool names no target for the input', { pointer: '', ...details });
}

async function runTool(
  tool: Tool,
  { parameters, intent_id }: ActionIntent,
  signal: AbortSignal,
  sink: OutputSink | undefined,
): Promise<ExecutorReport> {
  const returned = await tool.run(parameters, { signal, intentId: intent_id });
  if (isAsyncIterable(returned)) return drain(returned, signal, sink);
  if (sink !== undefined) sink.output = { value: returned };
  return succeed({ ...describe(returned), ...(tool.record === 'value' ? keep(returned) : {}) });
}

/** Takes a stream to its end, link by link, so that the record says what was sent without holding it. */
async function drain(
  chunks: AsyncIterable<unknown>,
  signal: AbortSignal,
  sink: OutputSink | undefined,
): Promise<ExecutorReport> {
  const gathered: unknown[] = [];
  let count = 0;
  let chain: string | null = null;
  let isJson = true;
  for await (const chunk of chunks) {
    signal.throwIfAborted();
    const digest = digestOf(chunk);
    isJson &&= digest !== undefined;
    if (digest !== undefined) chain = digestValue(TOOL_OUTPUT_DIGEST_DOMAIN, { after: chain, chunk: digest });
    count += 1;
    if (sink?.push !== undefined) await sink.push(chunk);
    else if (sink !== undefined) {
      if (count > MAX_GATHERED_CHUNKS) throw new RangeError(`more than ${MAX_GATHERED_CHUNKS} chunks`);
      gathered.push(chunk);
    }
  }
  if (sink !== undefined) sink.output = { value: gathered };
  return succeed({ chunks: count, output: isJson ? 'stream' : 'not_json', output_digest: isJson ? chain : null });
}

function succeed(claimed: JsonObject): ExecutorReport {
  return { success: true, error_code: null, claimed, observed: {} };
}

function describe(value: unknown): JsonObject {
  if (value === undefined) return { output: 'none', output_digest: null };
  const digest = digestOf(value);
  return digest === undefined ? { output: 'not_json', output_digest: null } : { output: 'json', output_digest: digest };
}

function keep(value: unknown): JsonObject {
  try {
    canonicalizeToBytes(value, { maxBytes: MAX_RECORDED_OUTPUT_BYTES, maxDepth: 32 });
    return { value } as JsonObject;
  } catch {
    // Too large or no JSON: the digest, where there is one, has to do.
    return {};
  }
}

function digestOf(value: unknown): string | undefined {
  try {
    return digestValue(TOOL_OUTPUT_DIGEST_DOMAIN, value);
  } catch {
    // An output is what a foreign function returned; whatever its traps throw, it is no JSON.
    return undefined;
  }
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}
