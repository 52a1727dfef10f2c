import { expect, test } from 'vitest';
import { TIME, testModel } from '../../test/model-laws.ts';
import {
  dispatchStatusSchema,
  executionDispatchSchema,
  executorCapabilitiesSchema,
  executorResultSchema,
  targetValidationResultSchema,
} from './execution.ts';

testModel('ExecutionDispatch', {
  schema: executionDispatchSchema,
  required: { intent_id: 'i', status: 'submitted', created_at: TIME, updated_at: TIME },
  defaults: { dispatch_id: null, details: null },
  order: 'dispatch_id intent_id status created_at updated_at details',
  invalid: [
    [{ status: 'done' }, '/status'],
    [{ details: 'x' }, '/details'],
  ],
});

test('a dispatch is in one of eight states', () => {
  const states = 'submitted evaluating blocked approval_pending approved dispatched executed failed';
  expect(dispatchStatusSchema.options.join(' ')).toBe(states);
});

testModel('ExecutorResult', {
  schema: executorResultSchema,
  required: { success: true, output: { o: 1 } },
  defaults: { error: null, evidence: {}, execution_id: null },
  order: 'success output error evidence execution_id',
  invalid: [
    [{ success: null }, '/success'],
    [{ output: null }, '/output'],
  ],
});

testModel('TargetValidationResult', {
  schema: targetValidationResultSchema,
  required: { result: 'violates_constraints' },
  defaults: { evidence: {}, validation_id: null },
  order: 'result evidence validation_id',
  invalid: [[{ result: 'fine' }, '/result']],
});

testModel('ExecutorCapabilities', {
  schema: executorCapabilitiesSchema,
  required: { executor_name: 'ex', version: '1', capabilities: ['read'], constraints: {} },
  defaults: { supported_targets: [], required_parameters: [] },
  order: 'executor_name version capabilities constraints supported_targets required_parameters',
  invalid: [[{ capabilities: [1] }, '/capabilities/0']],
});
