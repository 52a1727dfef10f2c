import { CanonicalError } from '@exoarmur/canonical';
import {
  isLegacyObject,
  type LegacyObject,
  type LegacyValue,
  parseLegacyJson,
} from '@exoarmur/canonical/legacy-python';

/**
 * The data inside an event's payload, where the ancestor looked for it: `kind` `"inline"` with `ref` an object or its JSON
 * text; `kind` an object holding `ref`; any other `kind` with `ref` an object. Undefined when there is none.
 */
export function eventData(payload: LegacyValue): LegacyObject | undefined {
  if (!isLegacyObject(payload)) return undefined;
  const kind = payload.has('kind') ? (payload.get('kind') ?? null) : new Map<string, LegacyValue>();
  const ref = payload.get('ref');
  if (kind === 'inline' && typeof ref === 'string') return readObject(ref);
  if (isLegacyObject(kind)) return asObject(kind.get('ref'));
  return asObject(ref);
}

/** What Python's `if value` says of a value. */
export function isTruthy(value: LegacyValue | undefined): boolean {
  if (value === undefined || value === null) return false;
  if (isLegacyObject(value)) return value.size > 0;
  if (Array.isArray(value)) return value.length > 0;
  return typeof value === 'number' ? value !== 0 : Boolean(value);
}

function readObject(text: string): LegacyObject | undefined {
  try {
    return asObject(parseLegacyJson(text));
  } catch (error) {
    if (error instanceof CanonicalError) return undefined;
    throw error;
  }
}

function asObject(value: LegacyValue | undefined): LegacyObject | undefined {
  return isLegacyObject(value) ? value : undefined;
}
