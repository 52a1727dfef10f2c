import { canonicalize, digestValue, type JsonObject, type JsonValue } from '@exoarmur/canonical';
import {
  type HypotheticalTrail,
  type Intervention,
  POLICY_SET_DIGEST_DOMAIN,
  type PolicySet,
} from '@exoarmur/contracts';
import { oneLine } from '../one-line.ts';
import { changeAt } from './json-change.ts';

/** What a decision reads: all that an intervention can change. */
export interface DecisionInputs {
  readonly intent: JsonObject;
  readonly facts: JsonObject;
  readonly policySet: PolicySet;
}

/** Why an intervention cannot be made. `pointer` leads into the list of interventions. */
export interface InterventionRefusal {
  readonly code: 'place_unknown' | 'recorded_value_differs' | 'value_not_canonical';
  readonly pointer: string;
  readonly expected: string | null;
  readonly found: string | null;
}

/** Changed inputs with what each intervention replaced, or the first refusal. */
export type InterventionResult =
  | {
      readonly outcome: 'applied';
      readonly inputs: DecisionInputs;
      readonly applied: HypotheticalTrail['interventions'];
    }
  | ({ readonly outcome: 'refused' } & InterventionRefusal);

/** Longest value shown of an intervention, in characters. */
const MAX_SHOWN = 160;

/**
 * Applies interventions in their order. With `checksRecorded`, a stated recorded value has to be the one that is there: a
 * question about a world that never was has no answer. The inputs stay as they are.
 */
export function applyInterventions(
  inputs: DecisionInputs,
  interventions: readonly Intervention[],
  checksRecorded: boolean,
): InterventionResult {
  let current = inputs;
  const applied: HypotheticalTrail['interventions'][number][] = [];
  for (const [index, intervention] of interventions.entries()) {
    const step = apply(current, intervention);
    if ('code' in step) return { outcome: 'refused', ...step, pointer: `/${index}${step.pointer}` };
    const stated = Object.hasOwn(intervention, 'recorded') ? textOf(intervention.recorded as JsonValue) : undefined;
    if (checksRecorded && stated !== undefined && stated !== step.recorded) {
      const [expected, found] = [show(stated), show(step.recorded)];
      return { outcome: 'refused', code: 'recorded_value_differs', pointer: `/${index}/recorded`, expected, found };
    }
    applied.push({ on: step.on, pointer: step.at, recorded: show(step.recorded), value: show(step.value) });
    current = step.inputs;
  }
  return { outcome: 'applied', inputs: current, applied };
}

interface Applied {
  readonly inputs: DecisionInputs;
  readonly on: string;
  readonly at: string;
  readonly recorded: string | null;
  readonly value: string | null;
}

function apply(inputs: DecisionInputs, intervention: Intervention): Applied | InterventionRefusal {
  switch (intervention.on) {
    case 'policy_set': {
      const recorded = textOf(digestValue(POLICY_SET_DIGEST_DOMAIN, inputs.policySet));
      const value = textOf(digestValue(POLICY_SET_DIGEST_DOMAIN, intervention.value));
      return { inputs: { ...inputs, policySet: intervention.value }, on: 'policy_set', at: '', recorded, value };
    }
    case 'switch':
      return set(inputs, 'facts', 'switch', `/switches/${intervention.name}`, intervention.value);
    case 'intent':
    case 'facts': {
      const value = Object.hasOwn(intervention, 'value') ? (intervention.value as JsonValue) : undefined;
      return set(inputs, intervention.on, intervention.on, intervention.pointer, value);
    }
  }
}

function set(
  inputs: DecisionInputs,
  member: 'intent' | 'facts',
  on: string,
  at: string,
  value: JsonValue | undefined,
): Applied | InterventionRefusal {
  const change = changeAt(inputs[member], at, value);
  if (change.outcome === 'unknown_place') {
    return { code: 'place_unknown', pointer: '/pointer', expected: null, found: show(change.pointer) };
  }
  const [recorded, text] = [textOf(change.before), textOf(value)];
  if (value !== undefined && text === null) {
    return { code: 'value_not_canonical', pointer: '/value', expected: null, found: null };
  }
  return { inputs: { ...inputs, [member]: change.value as JsonObject }, on, at, recorded, value: text };
}

/** Canonical text, null for what is absent or has none. */
function textOf(value: JsonValue | undefined): string | null {
  if (value === undefined) return null;
  try {
    return canonicalize(value);
  } catch {
    // The writer refuses what has no canonical form; such a value is nobody's recorded one.
    return null;
  }
}

function show(text: string | null): string | null {
  return text === null ? null : oneLine(text, MAX_SHOWN);
}
