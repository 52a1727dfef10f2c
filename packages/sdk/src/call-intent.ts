import { canonicalizeToBytes, parseJson } from '@exoarmur/canonical';
import { type ActionIntent, type JsonObject, MAX_CARRIED_DEPTH, MAX_INTENT_BYTES } from '@exoarmur/contracts';
import type { Boundary } from './boundary.ts';
import { SdkError } from './errors.ts';
import { isCodedError } from './foreign-code.ts';
import type { CallOptions, GovernOptions } from './governed-tool.ts';
import type { Tool } from './tool.ts';

/** The one reading of the input: what the caller changes afterwards changes nothing. @throws SdkError SDK_INPUT_MALFORMED */
export function copyInput(input: unknown): JsonObject {
  try {
    const bytes = canonicalizeToBytes(input, { maxBytes: MAX_INTENT_BYTES, maxDepth: MAX_CARRIED_DEPTH });
    const copy = parseJson(bytes, { maxBytes: MAX_INTENT_BYTES });
    if (typeof copy === 'object' && copy !== null && !Array.isArray(copy)) return freeze(copy as JsonObject);
  } catch (cause) {
    // SECURITY: the traps of a hostile proxy throw whatever they like.
    const { message, pointer = '' } = isCodedError(cause) ? cause : { message: 'it cannot be read' };
    throw new SdkError('SDK_INPUT_MALFORMED', `the input is no plain JSON: ${message}`, { pointer, cause });
  }
  throw new SdkError('SDK_INPUT_MALFORMED', 'the input is no JSON object', { pointer: '' });
}

function freeze<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null) return value;
  for (const member of Object.values(value)) freeze(member);
  return Object.freeze(value);
}

/** The intent of one call. */
export function createIntent(
  { boundary, tool, options }: { readonly boundary: Boundary; readonly tool: Tool; readonly options: GovernOptions },
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
