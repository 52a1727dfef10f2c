import { testModel } from '../../test/model-laws.ts';
import { legacyActionIntentSchema } from './intent.ts';

testModel('LegacyActionIntent', {
  schema: legacyActionIntentSchema,
  required: {
    intent_id: 'canonical-truth-reconstruction-demo',
    actor_id: 'demo-operator',
    actor_type: 'human',
    action_type: 'delete',
    target: '/tmp/x',
    timestamp: '2024-01-01 12:00:00+00:00',
  },
  defaults: { parameters: {}, safety_context: {}, tenant_id: '', cell_id: '' },
  order: 'intent_id actor_id actor_type action_type target parameters safety_context timestamp tenant_id cell_id',
  invalid: [
    [{ timestamp: null }, '/timestamp'],
    [{ parameters: [] }, '/parameters'],
  ],
});
