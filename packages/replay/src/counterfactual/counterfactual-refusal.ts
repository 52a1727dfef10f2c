/** Why a question has no answer. `pointer` leads into the interventions, or is empty. */
export type CounterfactualRefusalCode =
  | 'changed_facts_malformed'
  | 'changed_intent_malformed'
  | 'evaluator_failed'
  | 'original_not_verified'
  | 'place_unknown'
  | 'recorded_value_differs'
  | 'value_not_canonical';
