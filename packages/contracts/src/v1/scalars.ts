import { z } from 'zod';
import { jsonObjectSchema } from '../primitives.ts';

/**
 * ULID text as the Python ancestor accepts it: 26 upper-case Crockford base32 digits. The first digit may be `8` to `Z`,
 * although such a value is more than 128 bits; a stricter rule would refuse data that was accepted when it was written.
 */
export const ulidSchema = z.string().regex(/^[0123456789ABCDEFGHJKMNPQRSTVWXYZ]{26}$/, 'must be a valid ULID');

const LEGACY_TIME =
  /^(\d{4})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])[T ](?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)?$/;

function isCalendarDay(text: string): boolean {
  const [, yearText, monthText, dayText] = LEGACY_TIME.exec(text) ?? [];
  if (yearText === undefined || monthText === undefined || dayText === undefined) return false;
  const [year, month, day] = [Number(yearText), Number(monthText), Number(dayText)];
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const longest = month === 2 ? (isLeap ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31;
  return year >= 1 && day <= longest;
}

/**
 * Time text of the ancestor's documents: ISO 8601 date and time with `T` or a space, seconds, one to nine fraction digits
 * or none, and `Z`, an offset or nothing. Kept as text, because a hash may cover its spelling. Without an offset it is UTC.
 */
export const legacyTimeSchema = z
  .string()
  .regex(LEGACY_TIME, { abort: true })
  .refine(isCalendarDay, 'must be a day of the calendar')
  .meta({
    description: 'ISO 8601 date and time; not expressed here: the day exists in its month and the year is not 0',
  });

/** A share, a confidence or a score, 0 to 1. */
export const unitIntervalSchema = z.number().min(0).max(1);

/** A percentage, 0 to 100. */
export const percentageSchema = z.number().min(0).max(100);

/** Severity of an event, a belief or a finding. */
export const severitySchema = z.enum(['low', 'medium', 'high', 'critical']);
export type Severity = z.infer<typeof severitySchema>;

/** Any JSON value, null included; what is refused is absence and what JSON cannot say. */
export const jsonValueSchema = z
  .custom<NonNullable<unknown> | null>(
    (value) => value !== undefined && !['function', 'symbol', 'bigint'].includes(typeof value),
    'expected a JSON value',
  )
  .meta({ description: 'any JSON value' });

/**
 * A map from free text to values of one kind, handed on as it is. SECURITY: zod's own record drops a member named
 * `__proto__`, and then the map that was signed and the map that is read would differ.
 */
export function mapSchema<Value>(
  valueSchema: z.ZodType<Value>,
  valueKeywords: Readonly<Record<string, unknown>>,
): z.ZodType<Readonly<Record<string, Value>>> {
  return z
    .custom<Readonly<Record<string, Value>>>((value) => jsonObjectSchema.safeParse(value).success, 'expected a map')
    .superRefine((map, context) => {
      for (const [key, value] of Object.entries(map)) {
        const failure = valueSchema.safeParse(value).error;
        for (const issue of failure?.issues ?? []) {
          context.addIssue({ code: 'custom', message: issue.message, path: [key, ...issue.path] });
        }
      }
    })
    .meta({
      type: 'object',
      additionalProperties: valueKeywords,
      description: 'every value is of the one stated kind',
    });
}

/** An object member that the ancestor leaves open, `{}` when it is absent. */
export const openObjectSchema = jsonObjectSchema.default(() => ({}));

/** A list of texts, `[]` when it is absent. */
export const openTextListSchema = z.array(z.string()).default(() => []);

/** A text that may be null, and is null when it is absent. */
export const optionalTextSchema = z.string().nullable().default(null);

/** A time that may be null, and is null when it is absent. */
export const optionalTimeSchema = legacyTimeSchema.nullable().default(null);
