import { z } from 'zod';

/** Digest text: `sha256:` and 64 lower-case hexadecimal digits. */
export const digestSchema = z.templateLiteral(['sha256:', z.string().regex(/^[0-9a-f]{64}$/)]).meta({ id: 'digest' });
export type Digest = z.infer<typeof digestSchema>;

/** A day of the Gregorian calendar in the years 0001 to 9999: 31 only where the month has it, 29 February in leap years. */
const DAY =
  '(?!0000)(?:[0-9]{4}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)' +
  '|(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)-02-29)';

/** RFC 3339 time in UTC with exactly three fraction digits and `Z`, of a day that exists: `2024-01-01T12:00:00.000Z`. */
export const timeSchema = z
  .string()
  .regex(new RegExp(`^${DAY}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\\.[0-9]{3}Z$`));

/** Name of a tenant or a cell: lower-case letters, digits, `-`; 1 to 63 characters, no `-` at either end. */
export const scopeNameSchema = z.string().regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/);

const IDENTIFIER = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** Identifier of a stream, intent, correlation, trace or actor: 1 to 128 of `A-Za-z0-9._-`, first one a letter or digit. */
export const identifierSchema = z.string().regex(IDENTIFIER);

/** Whether a value passes {@link identifierSchema}, for those who ask all the time. */
export function isIdentifier(value: unknown): value is string {
  return typeof value === 'string' && IDENTIFIER.test(value);
}

/** Dotted lower-case word such as an action type or a record kind's qualifier: `file.delete`, 1 to 64 characters. */
export const actionTypeSchema = z
  .string()
  .regex(/^[a-z][a-z0-9_]*(?:[.:/-][a-z0-9_]+)*$/)
  .max(64);

/** One line of text a person may read, at most `max` characters, without control characters. */
export function lineSchema(max: number): z.ZodString {
  return z
    .string()
    .max(max)
    .regex(/^[^\p{Cc}]*$/u);
}

/** A text that passes {@link lineSchema}: control characters become blanks; cut at `max` UTF-16 units, between characters. */
export function asLine(text: string, max: number): string {
  return text
    .replace(/\p{Cc}/gu, ' ')
    .slice(0, max)
    .replace(/[\ud800-\udbff]$/, '');
}

/**
 * Standard base64 with padding (RFC 4648 section 4). SECURITY: the pattern repeats no group, because the regular expression
 * engine keeps a stack entry per round of a group, and a text of some megabytes would overflow it.
 */
export const base64Schema = z
  .string()
  .regex(/^[A-Za-z0-9+/]*={0,2}$/)
  .refine((text) => text.length % 4 === 0, 'the length must be a multiple of 4')
  .describe('standard base64 with padding; not expressed here: the length is a multiple of 4');

/** Whole number of thousandths, 0 to 1000; signed records carry no fractions. */
export const milliSchema = z.int().min(0).max(1000);

type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** A JSON object of any content. */
export type JsonObject = { readonly [key: string]: JsonValue };

function isPlainObject(value: unknown): value is JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

/**
 * Any JSON object, handed on as it is: zod's own record would drop a member named `__proto__`, and then two planes would
 * see two values. Depth, size and number rules are those of the canonical reader and writer it passes through.
 */
export const jsonObjectSchema = z
  .custom<JsonObject>(isPlainObject, 'expected a JSON object')
  .meta({ type: 'object', description: 'any JSON object within the limits of the canonical reader' });

/**
 * A map with keys and values of one kind each. SECURITY: zod's own record leaves a member named `__proto__` out, unseen;
 * here it is refused, so that no member of a map can be in a signed file and not be read.
 */
export function keyedSchema<Key extends z.core.$ZodRecordKey, Value extends z.ZodType>(key: Key, value: Value) {
  return z.preprocess(
    (map, context) => {
      if (typeof map === 'object' && map !== null && Object.hasOwn(map, '__proto__')) {
        context.addIssue({ code: 'custom', message: 'a member named `__proto__` is refused' });
      }
      return map;
    },
    z.record(key, value),
  );
}
