/** A JSON value as a schema file holds it. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/**
 * The promises of one schema, flat: JSON pointer to what it says there. Only what a document can depend on is kept
 * (types, members, required members, enums, limits); words and order are not.
 */
export type Surface = Readonly<Record<string, string>>;

const isObject = (value: Json | undefined): value is { readonly [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const LIMITS = [
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'minLength',
  'maxLength',
  'pattern',
  'format',
  'minItems',
  'maxItems',
];

/** Flattens a JSON Schema. */
export function flattenSchema(schema: Json, pointer = ''): Surface {
  if (!isObject(schema)) return { [pointer]: JSON.stringify(schema) };
  const surface: Record<string, string> = {};
  const { type, properties, required, items, additionalProperties, $defs } = schema;
  const values = schema.enum ?? (schema.const === undefined ? undefined : [schema.const]);
  if (type !== undefined) surface[`${pointer}#type`] = JSON.stringify(type);
  if (Array.isArray(values)) surface[`${pointer}#enum`] = JSON.stringify([...values].sort());
  for (const limit of LIMITS)
    if (schema[limit] !== undefined) surface[`${pointer}#${limit}`] = JSON.stringify(schema[limit]);
  if (additionalProperties === false) surface[`${pointer}#closed`] = 'true';
  for (const name of Array.isArray(required) ? required : []) surface[`${pointer}/${String(name)}#required`] = 'true';
  for (const [name, child] of isObject(properties) ? Object.entries(properties) : []) {
    surface[`${pointer}/${name}`] = 'member';
    Object.assign(surface, flattenSchema(child, `${pointer}/${name}`));
  }
  for (const [name, child] of isObject($defs) ? Object.entries($defs) : [])
    Object.assign(surface, flattenSchema(child, `${pointer}$${name}`));
  if (isObject(items)) Object.assign(surface, flattenSchema(items, `${pointer}[]`));
  for (const word of ['anyOf', 'oneOf', 'allOf', 'prefixItems']) {
    const branches = schema[word];
    if (!Array.isArray(branches)) continue;
    for (const branch of branches)
      Object.assign(surface, flattenSchema(branch, `${pointer}|${nameBranch(branch, branches)}`));
  }
  return surface;
}

/** Names a branch by its discriminating constant, so that a new branch in the middle renames none of the others. */
function nameBranch(branch: Json, branches: readonly Json[]): string {
  const properties = isObject(branch) ? branch.properties : undefined;
  for (const [name, child] of isObject(properties) ? Object.entries(properties) : []) {
    if (isObject(child) && child.const !== undefined) return `${name}=${JSON.stringify(child.const)}`;
  }
  return String(branches.indexOf(branch));
}

/** Says how `now` breaks documents or readers that `before` promised to serve. Additions of optional members are fine. */
export function findBreaks(before: Surface, now: Surface): string[] {
  const findings: string[] = [];
  for (const [key, value] of Object.entries(before)) {
    const current = now[key];
    if (current === value) continue;
    if (key.endsWith('#enum') && current !== undefined) {
      const kept = new Set((JSON.parse(current) as Json[]).map((item) => JSON.stringify(item)));
      const lost = (JSON.parse(value) as Json[]).filter((item) => !kept.has(JSON.stringify(item)));
      if (lost.length > 0) findings.push(`${key}: lost ${JSON.stringify(lost)}`);
    } else if (current !== undefined) findings.push(`${key}: was ${value}, is ${current}`);
    else if (!key.includes('#')) findings.push(`${key}: removed`);
    else if (key.endsWith('#type')) findings.push(`${key}: was ${value}, is unsaid`);
    // A dropped limit, a dropped `required` or an opened object accepts every document it accepted before.
  }
  for (const [key, value] of Object.entries(now)) {
    if (before[key] !== undefined) continue;
    if (key.endsWith('#required')) findings.push(`${key}: newly required`);
    else if (/#(?!type)/.test(key) && isKnownPlace(before, key)) findings.push(`${key}: new restriction ${value}`);
  }
  return findings;
}

function isKnownPlace(before: Surface, key: string): boolean {
  const place = key.slice(0, key.lastIndexOf('#'));
  return place === '' || before[place] !== undefined || before[`${place}#type`] !== undefined;
}
