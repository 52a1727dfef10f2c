import { CanonicalError, quote } from './errors.ts';

const TIME = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$/;
const FIRST_MS = -62_135_596_800_000;
const LAST_MS = 253_402_300_799_999;

/**
 * RFC 3339 text of a time in milliseconds since 1970-01-01T00:00:00Z: UTC, three fraction digits, `Z`.
 * @throws RangeError for a fraction of a millisecond or a year outside 0001 to 9999.
 */
export function formatTime(epochMs: number): string {
  if (!Number.isInteger(epochMs) || epochMs < FIRST_MS || epochMs > LAST_MS) {
    throw new RangeError('time must be whole milliseconds in the years 0001 to 9999');
  }
  if (epochMs !== lastMs) {
    lastText = new Date(epochMs).toISOString();
    lastMs = epochMs;
  }
  return lastText;
}

/** Many records get the time of the same millisecond. */
let lastMs = 0;
let lastText = new Date(0).toISOString();

/**
 * Milliseconds since 1970 of a time text. Only the spelling of {@link formatTime} is a time: no other fraction, offset,
 * letter case, leap second or day that the calendar does not have.
 * @throws CanonicalError CANONICAL_TIME_MALFORMED
 */
export function parseTime(text: string): number {
  const epochMs = TIME.test(text) ? Date.parse(text) : Number.NaN;
  // `Date.parse` rolls 02-30 and 24:00 over; the round trip refuses what it rolled.
  if (!(epochMs >= FIRST_MS && epochMs <= LAST_MS) || formatTime(epochMs) !== text) {
    throw new CanonicalError(
      'CANONICAL_TIME_MALFORMED',
      `${quote(text)} is not an RFC 3339 UTC time with milliseconds`,
    );
  }
  return epochMs;
}
