import { createTrustedHost } from '@exoarmur/boundary-v2';
import { actionClassSchema, actionTypeSchema, type ExecutorHost, type JsonObject } from '@exoarmur/contracts';
import type { Boundary } from './boundary.ts';
import { SdkError } from './errors.ts';
import { isCodedError } from './foreign-code.ts';
import { governTool } from './governed-call.ts';
import type { CallOptions, CallResult, GovernedTool, GovernOptions } from './governed-tool.ts';
import { readGovernOptions } from './read-options.ts';
import type { Tool } from './tool.ts';
import { createToolExecutor, type ToolExecutor } from './tool-executor.ts';

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
 * decided on its own, and one that is denied holds up no other; the results are in the order of the calls. It rejects with what
 * the first call throws, once every call has come to its end; the same call ids tell what became of the others.
 * @throws SdkError SDK_TOOL_INVALID, SDK_TOOL_TAKEN
 */
export function governTools<const Tools extends { readonly [name: string]: AnyTool }>(
  boundary: Boundary,
  tools: Tools,
  given: GovernOptions,
): {
  readonly tools: GovernedTools<Tools>;
  batch(calls: readonly BatchCall<keyof Tools & string>[]): Promise<readonly CallResult<unknown>[]>;
} {
  const entries = readTools(tools);
  const options = readGovernOptions(given);
  const { name = 'governed-tools', version = '0', timeoutMs = 60_000 } = options;
  const executor = createToolExecutor({ name, version, tools: entries.map(([, tool]) => tool) });
  boundary.attach(createHost(executor, timeoutMs));
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
      // One that throws leaves none of the others under way.
      const settled = await Promise.allSettled(
        found.map(async ({ governed: tool, input, call }) => tool?.attempt(input, call)),
      );
      return settled.map((one) => {
        if (one.status === 'rejected') throw one.reason;
        return one.value as CallResult<unknown>;
      });
    },
  };
}

function createHost(executor: ToolExecutor, executionTimeoutMs: number): ExecutorHost {
  try {
    return createTrustedHost({ executor, targetTimeoutMs: 5000, executionTimeoutMs });
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw new SdkError('SDK_TOOL_INVALID', 'no manifest holds the name and the version', { pointer: '', cause });
  }
}

function readTools(tools: object): [string, AnyTool][] {
  try {
    const entries = Object.entries(tools);
    assertTools(entries);
    return entries;
  } catch (cause) {
    if (isCodedError(cause)) throw cause;
    // A getter or a trap of the tools may throw anything.
    throw new SdkError('SDK_TOOL_INVALID', 'the tools cannot be read', { pointer: '', cause });
  }
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
