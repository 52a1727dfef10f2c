import { type Digest, digestBytes, encodeUtf8 } from '@exoarmur/canonical';
import { formatLegacyEvent, formatLegacyJson, type LegacyEvent } from '@exoarmur/canonical/legacy-python';

/** Domain of the digest of a list of replay events. */
const REPLAY_EVENTS_DOMAIN = 'exoarmur.replay-events/1';

/**
 * What a replay was asked to read: every member of every event in the given order, each in the `compact-ascii` dialect on a
 * line of its own. A report says nothing about its input; this does.
 * @throws CanonicalError CANONICAL_LEGACY_VALUE_UNSUPPORTED for a value without that form
 */
export function digestReplayEvents(events: readonly LegacyEvent[]): Digest {
  const lines = events.map((event) => `${formatLegacyJson(formatLegacyEvent(event), 'compact-ascii')}\n`);
  return digestBytes(REPLAY_EVENTS_DOMAIN, encodeUtf8(lines.join('')));
}
