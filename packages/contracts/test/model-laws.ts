import { expect, test } from 'vitest';
import type { z } from 'zod';

type Members = Readonly<Record<string, unknown>>;

/** One model with what the laws below need to know of it, written down independently of its schema. */
export interface ModelCase {
  readonly schema: z.ZodType;
  /** Every required member with a valid value. */
  readonly required: Members;
  /** Every other member with the value it has when it is absent. */
  readonly defaults?: Members;
  /** Every member in the ancestor's order of definition, separated by blanks. */
  readonly order: string;
  /** Members that may be null besides those whose default is null. */
  readonly nullable?: readonly string[];
  /** Members that are not closed to other types of value. */
  readonly open?: readonly string[];
  /** Members to replace, and the JSON pointer at which the result must be refused. */
  readonly invalid?: readonly (readonly [change: Members, pointer: string])[];
}

/** JSON pointers of all issues that `schema` has with `value`. */
export function findIssuePointers(schema: z.ZodType, value: unknown): readonly string[] {
  return (schema.safeParse(value).error?.issues ?? []).map((issue) =>
    issue.path.map((step) => `/${String(step)}`).join(''),
  );
}

function valueOfOtherType(value: unknown): unknown {
  if (typeof value === 'number') return String(value);
  if (typeof value === 'boolean') return String(value);
  if (value === null) return true;
  if (Array.isArray(value)) return { 0: 'first' };
  return 5;
}

/** An object with one more own member, also when its name is `__proto__`. */
export function withOwnMember(object: Members, name: string, value: unknown): Members {
  return Object.defineProperty({ ...object }, name, { value, enumerable: true, configurable: true, writable: true });
}

/** Registers the laws every model of the ancestor obeys. */
export function testModel(name: string, model: ModelCase): void {
  const { schema, required, defaults = {}, nullable = [], open = [] } = model;
  const complete: Members = { ...required, ...defaults };

  test(`${name}: required members are enough, the others are filled in, all in the order of definition`, () => {
    const parsed = schema.parse(required) as Members;
    expect(parsed).toEqual(complete);
    expect(Object.keys(parsed).join(' ')).toBe(model.order);
    expect(schema.parse(JSON.parse(JSON.stringify(parsed)))).toEqual(parsed);
  });

  test(`${name}: every required member must be there`, () => {
    for (const member of Object.keys(required)) {
      const { [member]: _, ...rest } = complete;
      expect(findIssuePointers(schema, rest)).toContain(`/${member}`);
    }
  });

  test(`${name}: no member is coerced from another type`, () => {
    for (const [member, value] of Object.entries(complete)) {
      if (open.includes(member)) continue;
      const pointers = findIssuePointers(schema, { ...complete, [member]: valueOfOtherType(value) });
      expect(pointers.length, member).toBeGreaterThan(0);
      for (const pointer of pointers) expect(pointer).toMatch(new RegExp(`^/${member}`));
    }
  });

  test(`${name}: null stands only where absence means null`, () => {
    for (const [member, value] of Object.entries(complete)) {
      const isNullable = value === null || nullable.includes(member) || open.includes(member);
      expect(schema.safeParse({ ...complete, [member]: null }).success, member).toBe(isNullable);
    }
  });

  test(`${name}: an unknown member is refused, one named like a prototype too`, () => {
    for (const member of ['extra', '__proto__', 'constructor', 'toString']) {
      const issues = schema.safeParse(withOwnMember(complete, member, {})).error?.issues ?? [];
      expect(issues).toMatchObject([{ code: 'unrecognized_keys', keys: [member], path: [] }]);
    }
  });

  test.each((model.invalid ?? []).map(([change, pointer]) => ({ change, pointer, shown: JSON.stringify(change) })))(
    `${name}: refuses $shown at $pointer`,
    ({ change, pointer }) => {
      expect(findIssuePointers(schema, { ...complete, ...change })).toContain(pointer);
    },
  );
}

/** A valid ULID. */
export const ULID = '01J4NR5X9Z8GABCDEF12345670';

/** A valid time as the ancestor writes it. */
export const TIME = '2024-01-01T00:00:00+00:00';

/** Runs `body` while every object inherits `members`, as after a prototype pollution by somebody else's code. */
export function withPollutedPrototype(members: Members, body: () => void): void {
  for (const [name, value] of Object.entries(members)) {
    Object.defineProperty(Object.prototype, name, { value, configurable: true, enumerable: false, writable: true });
  }
  try {
    body();
  } finally {
    for (const name of Object.keys(members)) Reflect.deleteProperty(Object.prototype, name);
  }
}
