import { z } from 'zod';
import { actionTypeSchema } from './primitives.ts';

/** Name of a budget: lower-case letters, digits, `-`; 1 to 63 characters, first one a letter. */
export const budgetIdSchema = z.string().regex(/^[a-z][a-z0-9-]{0,62}$/);

/** JSON pointer of a parameter, at most 256 characters. */
const pointerSchema = z
  .string()
  .max(256)
  .regex(/^(?:\/(?:[^/~\p{Cc}]|~[01])*)+$/u);

const common = {
  id: budgetIdSchema,
  /** What is counted apart within the tenant; with none of it all its actions are counted together. */
  per: z.array(z.enum(['actor', 'action_type', 'correlation'])).max(3),
  /** Action types that it is about; all of them when absent. */
  action_types: z.array(actionTypeSchema).min(1).max(64).optional(),
  /** What all actions of one window may take together; 0 stops every action that takes something. */
  maximum: z.int().min(0),
  /** Length of the sliding window that ends now; null counts for ever. */
  window_seconds: z.int().min(1).max(31_622_400).nullable(),
};

/**
 * How much may be done: so many actions, or so much of what a parameter states, in a window. `amount` points to a whole
 * number of minor units in the parameters; `unit` to the text that has to stand beside it, such as a currency.
 */
export const budgetSchema = z.discriminatedUnion('counts', [
  z.strictObject({ ...common, counts: z.literal('actions') }),
  z.strictObject({
    ...common,
    counts: z.literal('spend'),
    amount: pointerSchema,
    unit: z.strictObject({ pointer: pointerSchema, value: z.string().min(1).max(64) }).optional(),
  }),
]);
export type Budget = z.infer<typeof budgetSchema>;

/** Every budget of a boundary. */
export const budgetsSchema = z
  .array(budgetSchema)
  .max(32)
  .refine((budgets) => new Set(budgets.map(({ id }) => id)).size === budgets.length, 'two budgets have one id')
  .refine(
    (budgets) => budgets.every(({ per }) => new Set(per).size === per.length),
    'a budget counts apart by one thing twice',
  )
  .describe('not expressed here: ids differ, and so do the members of each `per`');

/** Where one budget stood when an action was decided. Exhausted: a member is null, or used + amount > maximum. */
export const budgetReadingSchema = z.strictObject({
  id: budgetIdSchema,
  /** What the other actions of the window hold; null when it could not be read. */
  used: z.int().min(0).nullable(),
  /** What this action takes; null when its parameters do not say. */
  amount: z.int().min(0).nullable(),
  maximum: z.int().min(0),
});
export type BudgetReading = z.infer<typeof budgetReadingSchema>;

/** What the boundary found out about every budget that an action falls under. Both lists are in ascending order of ids. */
export const budgetFactsSchema = z.strictObject({
  readings: z.array(budgetReadingSchema).max(32),
  exhausted: z.array(budgetIdSchema).max(32),
});
export type BudgetFacts = z.infer<typeof budgetFactsSchema>;
