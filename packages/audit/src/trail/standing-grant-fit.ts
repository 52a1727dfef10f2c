import {
  type ActionClass,
  type ActionIntent,
  actionClassSchema,
  type ParameterRule,
  type StandingGrant,
} from '@exoarmur/contracts';

/**
 * Where a standing grant does not fit an intent, as a JSON pointer into the grant; null when it fits. The one place that says
 * what a standing grant is for: the boundary asks it before a use, and a verifier after. The requester's own never fits.
 */
export function findStandingGrantMismatch(grant: StandingGrant, intent: ActionIntent): string | null {
  for (const member of ['tenant_id', 'cell_id', 'actor_id', 'action_type'] as const) {
    if (grant[member] !== intent[member]) return `/${member}`;
  }
  if (grant.granted_by === intent.actor_id) return '/granted_by';
  if (rank(intent.action_class) > rank(grant.action_class)) return '/action_class';
  if (!fitsTarget(grant.target, intent.target)) return '/target';
  const rules = new Map(grant.parameters.map((rule, index) => [rule.name, { rule, index }]));
  if (rules.size !== grant.parameters.length) return '/parameters';
  for (const name of Object.keys(intent.parameters)) if (!rules.has(name)) return '/parameters';
  for (const { rule, index } of rules.values()) {
    const value = Object.hasOwn(intent.parameters, rule.name) ? intent.parameters[rule.name] : undefined;
    if (!fitsRule(rule, value)) return `/parameters/${index}`;
  }
  return null;
}

function rank(actionClass: ActionClass): number {
  return actionClassSchema.options.indexOf(actionClass);
}

/** SECURITY: a segment that is empty, `.` or `..`, an escape or a backslash could lead out of what the grant is for. */
function fitsTarget({ match, value }: StandingGrant['target'], target: string): boolean {
  if (match === 'exact') return target === value;
  const base = value.endsWith('/') ? value : `${value}/`;
  if (!target.startsWith(base) || /[\\%?#]/.test(target.slice(base.length))) return false;
  return target
    .slice(base.length)
    .split('/')
    .every((segment) => segment !== '' && segment !== '.' && segment !== '..');
}

function fitsRule(rule: ParameterRule, value: unknown): boolean {
  switch (rule.rule) {
    case 'equals':
      return value === rule.value;
    case 'one_of':
      return rule.values.some((each) => each === value);
    case 'text':
      return typeof value === 'string' && value.length <= rule.max_length;
    case 'integer':
      return Number.isSafeInteger(value) && (value as number) >= rule.min && (value as number) <= rule.max;
    case 'boolean':
      return typeof value === 'boolean';
  }
}
