import { advanceTrail, initialTrail, type TrailViolation } from '@exoarmur/audit/trail';
import { isTrailKind, type SealedRecord, trailPayloadSchemas } from '@exoarmur/contracts';
import type { Check } from './check.ts';
import { type ParsedBundle, payloadPointer } from './parsed-bundle.ts';
import { firstIssue } from './shape-issue.ts';

/**
 * Was every step lawful: the state machine that the pipeline obeyed is folded over the finished trail, up to the first
 * record that may not stand where it stands. A withheld payload, and whatever rule would read it, is unverifiable.
 */
export function checkLifecycle({ records }: ParsedBundle, check: Check): void {
  let state = initialTrail();
  for (const [index, { record, payload }] of records.entries()) {
    if (payload === undefined) check.gap('payload_withheld', { pointer: `/records/${index}/payload`, record: index });
    else if (!checkShape(record, payload.value, index, check)) return;
    const verdict = advanceTrail(state, { record, payload: payload?.value });
    if (verdict.outcome === 'unlawful') {
      const { code, expected, found } = verdict.violation;
      check.fail(code, { pointer: placeOf(verdict.violation, record, index), record: index, expected, found });
      return;
    }
    state = verdict.state;
  }
}

function checkShape(record: SealedRecord, payload: unknown, index: number, check: Check): boolean {
  if (!isTrailKind(record.kind)) return true;
  const shape = trailPayloadSchemas[record.kind].safeParse(payload);
  if (shape.success) return true;
  const { pointer, found } = firstIssue(shape.error.issues);
  check.fail('payload_shape_invalid', {
    pointer: `${payloadPointer(record)}${pointer}`,
    record: index,
    expected: record.kind,
    found,
  });
  return false;
}

/** The pointer of a violation leads into `{ record, payload }`; a report's leads into the file. */
function placeOf({ pointer }: TrailViolation, record: SealedRecord, index: number): string {
  if (pointer === '/payload' || pointer.startsWith('/payload/')) {
    return `${payloadPointer(record)}${pointer.slice('/payload'.length)}`;
  }
  return `/records/${index}${pointer.slice('/record'.length)}`;
}
