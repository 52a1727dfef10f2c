import { z } from 'zod';
import { targetVerdictSchema } from '../outcome.ts';
import { jsonObjectSchema } from '../primitives.ts';
import { legacyTimeSchema, openObjectSchema, openTextListSchema, optionalTextSchema } from '../v1/scalars.ts';

/** How far an intent has come in the ancestor's pipeline; any change of status was possible. */
export const dispatchStatusSchema = z.enum([
  'submitted',
  'evaluating',
  'blocked',
  'approval_pending',
  'approved',
  'dispatched',
  'executed',
  'failed',
]);
export type DispatchStatus = z.infer<typeof dispatchStatusSchema>;

/** An intent on its way to an executor. */
export const executionDispatchSchema = z.strictObject({
  dispatch_id: optionalTextSchema,
  intent_id: z.string(),
  status: dispatchStatusSchema,
  created_at: legacyTimeSchema,
  updated_at: legacyTimeSchema,
  details: jsonObjectSchema.nullable().default(null),
});
export type ExecutionDispatch = z.infer<typeof executionDispatchSchema>;

/** What an executor returned: its own claim, observed by nobody. */
export const executorResultSchema = z.strictObject({
  success: z.boolean(),
  output: jsonObjectSchema,
  error: optionalTextSchema,
  evidence: openObjectSchema,
  execution_id: optionalTextSchema,
});
export type ExecutorResult = z.infer<typeof executorResultSchema>;

/** Whether an executor accepts the target of an intent. */
export const targetValidationResultSchema = z.strictObject({
  result: targetVerdictSchema,
  evidence: openObjectSchema,
  validation_id: optionalTextSchema,
});
export type TargetValidationResult = z.infer<typeof targetValidationResultSchema>;

/** What an executor says it can do. */
export const executorCapabilitiesSchema = z.strictObject({
  executor_name: z.string(),
  version: z.string(),
  capabilities: z.array(z.string()),
  constraints: jsonObjectSchema,
  supported_targets: openTextListSchema,
  required_parameters: openTextListSchema,
});
export type ExecutorCapabilities = z.infer<typeof executorCapabilitiesSchema>;
