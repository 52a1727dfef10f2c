import { parseTime } from '@exoarmur/canonical';
import type { Clock, RandomSource } from '@exoarmur/contracts';
import { BoundaryError } from './errors.ts';

const FIRST_MS = parseTime('0001-01-01T00:00:00.000Z');

/** A time as late as this leaves room for whatever lives on from it. */
const LAST_MS = parseTime('9000-01-01T00:00:00.000Z');

/** A clock that gives whole milliseconds of the years 1 to 8999, or throws BoundaryError BOUNDARY_CLOCK_UNAVAILABLE. */
export function readClock(clock: Clock): Clock {
  return {
    now: () => {
      try {
        const now = clock.now();
        if (Number.isInteger(now) && now >= FIRST_MS && now <= LAST_MS) return now;
      } catch (cause) {
        throw new BoundaryError('BOUNDARY_CLOCK_UNAVAILABLE', 'the clock gives no answer', { cause });
      }
      throw new BoundaryError('BOUNDARY_CLOCK_UNAVAILABLE', 'what the clock gives is no time');
    },
  };
}

/** A source that gives just as many bytes as it is asked for, or throws BoundaryError BOUNDARY_RANDOM_UNAVAILABLE. */
export function readRandom(random: RandomSource): RandomSource {
  return {
    bytes: (length) => {
      try {
        const bytes = random.bytes(length);
        if (bytes instanceof Uint8Array && bytes.length === length) return bytes;
      } catch (cause) {
        throw new BoundaryError('BOUNDARY_RANDOM_UNAVAILABLE', 'there is no randomness', { cause });
      }
      throw new BoundaryError('BOUNDARY_RANDOM_UNAVAILABLE', 'the randomness is not what was asked for');
    },
  };
}
