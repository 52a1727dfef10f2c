import { type ActionIntent, type Facts, milliSchema } from '@exoarmur/contracts';

/** The facts of a decision that could not be had, by their place; the safety gate denies on most of them. */
export function findUnknownFacts(facts: Facts, intent?: Pick<ActionIntent, 'safety_context'>): readonly string[] {
  const { environment, switches, budgets } = facts;
  const confidence = intent?.safety_context.local_confidence_milli ?? null;
  return [
    ...(['trust_milli', 'history', 'threat', 'collective'] as const).filter((name) => facts[name] === null),
    ...namesOf(environment, (value) => value === null).map((name) => `environment.${name}`),
    ...namesOf(switches, (value) => value === 'unknown').map((name) => `switches.${name}`),
    ...(budgets?.readings.some(({ used, amount }) => used === null || amount === null) ? ['budgets'] : []),
    ...(confidence === null || milliSchema.safeParse(confidence).success ? [] : ['local_confidence_milli']),
  ];
}

function namesOf(values: object, isMeant: (value: unknown) => boolean): readonly string[] {
  return Object.entries(values).flatMap(([name, value]) => (isMeant(value) ? [name] : []));
}
