import { copyFixed, type Digest, digestValue, type JsonValue, notePassed, parseJson } from '@exoarmur/canonical';
import {
  type ActionIntent,
  APPROVAL_PAYLOAD_TYPE,
  actionIntentSchema,
  INTENT_DIGEST_DOMAIN,
  MAX_CARRIED_DEPTH,
  MAX_INTENT_BYTES,
  pointToProblem,
} from '@exoarmur/contracts';
import { BoundaryError, codeOf, isCanonicalError } from './errors.ts';
import { RESERVED_STREAM_PREFIX } from './reserved-streams.ts';

/** The one reading of an intent that policy, approvals, executor and log all see. */
export interface IntentSnapshot {
  /** Deep-frozen and free of prototypes; nobody who holds it can change it. */
  readonly intent: ActionIntent;
  readonly digest: Digest;
}

/**
 * Reads an intent once: JSON text, JSON bytes or a plain object become canonical text, and everything else comes from
 * that. What the caller does to its object afterwards has no effect. The input is attacker-controlled.
 * @throws BoundaryError BOUNDARY_INTENT_MALFORMED, BOUNDARY_INTENT_TOO_LARGE, BOUNDARY_APPROVAL_IN_INTENT
 */
export function snapshotIntent(input: unknown): IntentSnapshot {
  const value = readFixed(input);
  if (carriesApproval(value)) {
    throw new BoundaryError('BOUNDARY_APPROVAL_IN_INTENT', 'an intent cannot bring its own approval', { pointer: '' });
  }
  const parsed = actionIntentSchema.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new BoundaryError('BOUNDARY_INTENT_MALFORMED', `intent is malformed: ${firstLine(issue?.message)}`, {
      pointer: pointToProblem(parsed.error),
    });
  }
  if (parsed.data.intent_id.startsWith(RESERVED_STREAM_PREFIX)) {
    throw new BoundaryError('BOUNDARY_INTENT_MALFORMED', 'intent id is reserved', { pointer: '/intent_id' });
  }
  // The value itself goes on, not zod's copy: a copy might lose a member such as `__proto__`.
  const intent = value as unknown as ActionIntent;
  notePassed(intent, actionIntentSchema);
  return { intent, digest: digestValue(INTENT_DIGEST_DOMAIN, intent) };
}

/** @throws BoundaryError BOUNDARY_SCOPE_MISMATCH for the intent of another tenant or cell. */
export function assertScope(
  { tenant_id, cell_id }: ActionIntent,
  { tenant, cell }: { readonly tenant: string; readonly cell: string },
): void {
  if (tenant_id === tenant && cell_id === cell) return;
  const pointer = tenant_id === tenant ? '/cell_id' : '/tenant_id';
  throw new BoundaryError('BOUNDARY_SCOPE_MISMATCH', 'intent is for another tenant or cell', { pointer });
}

/**
 * Whether an envelope of an approval stands anywhere in what the agent's side sent. It would count for nothing; but nobody
 * sends one by mistake.
 */
function carriesApproval(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if ('payloadType' in value && value.payloadType === APPROVAL_PAYLOAD_TYPE) return true;
  return Object.values(value).some(carriesApproval);
}

function readFixed(input: unknown): JsonValue {
  const limits = { maxBytes: MAX_INTENT_BYTES, maxDepth: MAX_CARRIED_DEPTH };
  try {
    const isText = typeof input === 'string' || input instanceof Uint8Array;
    return copyFixed(isText ? parseJson(input, limits) : input, limits);
  } catch (cause) {
    if (codeOf(cause) === 'CANONICAL_JSON_TOO_LARGE') throw tooLarge();
    // SECURITY: the traps of a hostile proxy throw whatever they like, so here every error means: no intent.
    const { message, pointer } = isCanonicalError(cause) ? cause : { message: 'it cannot be read' };
    const details = pointer === undefined ? { cause } : { pointer, cause };
    throw new BoundaryError('BOUNDARY_INTENT_MALFORMED', `intent is not plain JSON: ${message}`, details);
  }
}

function tooLarge(): BoundaryError {
  return new BoundaryError('BOUNDARY_INTENT_TOO_LARGE', `intent has more than ${MAX_INTENT_BYTES} bytes`, {
    pointer: '',
  });
}

function firstLine(text = 'another shape'): string {
  return text.split('\n', 1)[0]?.slice(0, 120) ?? '';
}
