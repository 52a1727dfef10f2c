import { z } from 'zod';
import { dsseEnvelopeSchema } from './envelope.ts';
import { actionClassSchema } from './intent.ts';
import { identifierSchema, lineSchema, scopeNameSchema, timeSchema } from './primitives.ts';

/** DSSE payload type of a switch command. */
export const SWITCH_COMMAND_PAYLOAD_TYPE = 'application/vnd.exoarmur.switch-command.v1+json';

/** Largest payload of a switch command, in bytes. */
export const MAX_SWITCH_COMMAND_BYTES = 8192;

const orderMembers = {
  schema: z.literal('exoarmur.switch-command/1'),
  /** The tenant and the cell it is for; no other obeys it. */
  tenant: scopeNameSchema,
  cell: scopeNameSchema,
  /** Larger than that of every command obeyed before, so that an old one cannot be sent again. */
  sequence: z.int().min(1),
  state: z.enum(['engaged', 'clear']),
  reason: lineSchema(1024).min(1),
  /** The operator who gives it; one of those who sign. */
  issued_by: identifierSchema,
  issued_at: timeSchema,
} as const;

/** The order to engage or clear one switch of one cell of a tenant: everything, one actor, or one class of action. */
export const switchCommandSchema = z.discriminatedUnion('switch', [
  z.strictObject({ ...orderMembers, switch: z.literal('global'), subject: z.null() }),
  z.strictObject({ ...orderMembers, switch: z.literal('tenant'), subject: scopeNameSchema }),
  z.strictObject({ ...orderMembers, switch: z.literal('actor'), subject: identifierSchema }),
  z.strictObject({ ...orderMembers, switch: z.literal('action_class'), subject: actionClassSchema }),
]);
export type SwitchCommand = z.infer<typeof switchCommandSchema>;

/** What a switch is about. */
export type SwitchKind = SwitchCommand['switch'];

/** Payload of a `switch_changed` record: the command that was obeyed, as it was signed. */
export const switchChangedSchema = z.strictObject({
  schema: z.literal('exoarmur.switch-changed/1'),
  /** What the envelope says, for people: the envelope is what counts. */
  switch: z.enum(['global', 'tenant', 'actor', 'action_class']),
  subject: identifierSchema.nullable(),
  state: z.enum(['engaged', 'clear']),
  envelope: dsseEnvelopeSchema,
});
export type SwitchChanged = z.infer<typeof switchChangedSchema>;
