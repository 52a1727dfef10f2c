import type { ExecuteOptions } from '@exoarmur/boundary-v2';
import { actionIntentSchema, executorIdentitySchema, pointToMember } from '@exoarmur/contracts';
import { z } from 'zod';
import { SdkError, type SdkErrorCode } from './errors.ts';
import type { CallOptions, GovernOptions } from './governed-tool.ts';

const actorSchema = z.object({ id: actionIntentSchema.shape.actor_id, type: actionIntentSchema.shape.actor_type });
const signalSchema = z.custom<AbortSignal>((value) => value instanceof AbortSignal, 'expected an abort signal');
const listenerSchema = z.custom<() => void>((value) => typeof value === 'function', 'expected a function');

const executeSchema = z.object({ signal: signalSchema.optional() });

// The intent that is made of the rest is checked as a whole, in the words of the boundary.
const callSchema = z.strictObject({
  callId: z.string().optional(),
  correlationId: z.string().optional(),
  traceId: z.string().optional(),
  actor: actorSchema.optional(),
  confidenceMilli: z.number().optional(),
  reason: z.string().optional(),
  signal: signalSchema.optional(),
  approval: z.enum(['return', 'wait']).optional(),
  onRefused: listenerSchema.optional(),
  onNotTaken: listenerSchema.optional(),
});

const governSchema = z.strictObject({
  actor: actorSchema,
  correlationId: z.string().optional(),
  confidenceMilli: z.number().optional(),
  name: executorIdentitySchema.shape.name.optional(),
  version: executorIdentitySchema.shape.version.optional(),
  timeoutMs: z.int().min(1).max(86_400_000).optional(),
});

/** Options of an action, read once. SECURITY: what is no signal would throw between the effect and its record. @throws SdkError SDK_CALL_MALFORMED */
export function readExecuteOptions(options: unknown): ExecuteOptions {
  return readOptions(executeSchema, options, 'SDK_CALL_MALFORMED') as ExecuteOptions;
}

/** Options of a call, read once. @throws SdkError SDK_CALL_MALFORMED */
export function readCallOptions(options: unknown): CallOptions {
  return readOptions(callSchema, options, 'SDK_CALL_MALFORMED') as CallOptions;
}

/** What holds for a set of tools, read once. @throws SdkError SDK_TOOL_INVALID */
export function readGovernOptions(options: unknown): GovernOptions {
  return readOptions(governSchema, options, 'SDK_TOOL_INVALID') as GovernOptions;
}

function readOptions<Options>(schema: z.ZodType<Options>, options: unknown, code: SdkErrorCode): Options {
  let pointer = '';
  try {
    const parsed = schema.safeParse(options);
    if (parsed.success) return parsed.data;
    pointer = pointToMember(parsed.error);
  } catch (cause) {
    // A getter or a trap of the options may throw anything.
    throw new SdkError(code, 'the options cannot be read', { pointer, cause });
  }
  throw new SdkError(code, 'an option is none that is known here', { pointer });
}
