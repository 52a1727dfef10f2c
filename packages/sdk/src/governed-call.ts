import { createUlid, formatTime } from '@exoarmur/canonical';
import type { ActionIntent, JsonObject } from '@exoarmur/contracts';
import type { Boundary } from './boundary.ts';
import { copyInput, createIntent } from './call-intent.ts';
import { createChannel } from './channel.ts';
import { SdkError } from './errors.ts';
import { GovernedCallError } from './governed-call-error.ts';
import type { CallOptions, CallResult, GovernedTool, GovernOptions } from './governed-tool.ts';
import { readCallOptions } from './read-options.ts';
import type { Tool } from './tool.ts';
import { type OutputSink, type ToolExecutor, targetOf } from './tool-executor.ts';

/** One tool behind one boundary. */
export interface Governing {
  readonly boundary: Boundary;
  readonly executor: ToolExecutor;
  readonly tool: Tool;
  readonly options: GovernOptions;
  /** Calls under way, by intent id. */
  readonly inFlight: Map<string, Promise<void>>;
}

/** The tool as its callers see it. */
export function governTool(governing: Governing): GovernedTool<JsonObject, unknown> {
  const attempt = (input: JsonObject, call: CallOptions = {}) => attemptCall(governing, input, call, {});
  const run = async (input: JsonObject, call: CallOptions = {}): Promise<unknown> =>
    outputOf(await attempt(input, call));
  const stream = (input: JsonObject, call: CallOptions = {}) => streamCall(governing, input, call);
  return Object.assign(run, { attempt, stream }) as GovernedTool<JsonObject, unknown>;
}

async function attemptCall(
  governing: Governing,
  input: JsonObject,
  given: CallOptions,
  sink: OutputSink,
): Promise<CallResult<never>> {
  const { boundary, inFlight, tool } = governing;
  const call = readCallOptions(given);
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
  const { onRefused, onNotTaken } = call;
  const signal = call.signal === undefined ? {} : { signal: call.signal };
  const release = executor.expect(intent.intent_id, sink);
  try {
    let action = await boundary.execute(intent, signal);
    if (action.status === 'pending_approval') {
      const looking = { ...signal, onRefused, onNotTaken };
      action =
        call.approval === 'wait'
          ? await boundary.settle(action, looking)
          : // Goes on with the answers that lie ready.
            ((await boundary.takeAnswers(action.stream, looking)).result ?? action);
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
  given: CallOptions,
): AsyncGenerator<never, void, undefined> {
  const call = readCallOptions(given);
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
