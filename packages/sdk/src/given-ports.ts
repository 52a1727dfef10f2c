import type { Clock, RandomSource } from '@exoarmur/contracts';
import { SdkError } from './errors.ts';
import { ignoreRejection } from './foreign-code.ts';

/** Years 0001 to 9999, which is what a record can hold. */
const FIRST_MS = -62_135_596_800_000;
const LAST_MS = 253_402_300_799_999;

/**
 * A clock of the application, which may answer anything; it is asked once. @throws SdkError SDK_CONFIG_INVALID for what is no
 * time, now and at each later reading
 */
export function guardClock(clock: Clock): Clock {
  const guarded = {
    now: () => {
      const now = ask(() => clock.now(), '/clock');
      if (typeof now === 'number' && Number.isInteger(now) && now >= FIRST_MS && now <= LAST_MS) return now;
      throw invalid('the clock gives no time in whole milliseconds', '/clock');
    },
  };
  guarded.now();
  return guarded;
}

/** A random source of the application, which may answer anything. It throws SdkError SDK_CONFIG_INVALID for other bytes. */
export function guardRandom(random: RandomSource): RandomSource {
  return {
    bytes: (length) => {
      // Copied, for what it answers is looked at once, and is not the application's afterwards.
      const bytes = ask(() => copyBytes(random.bytes(length)), '/random');
      if (bytes instanceof Uint8Array && bytes.length === length) return bytes;
      throw invalid('the random source gives no bytes of the length asked for', '/random');
    },
  };
}

/** What a port answers at once. */
function ask(question: () => unknown, pointer: string): unknown {
  let answer: unknown;
  try {
    answer = question();
  } catch (cause) {
    throw invalid('a part of the configuration failed', pointer, cause);
  }
  ignoreRejection(answer);
  return answer;
}

function copyBytes(bytes: unknown): unknown {
  return bytes instanceof Uint8Array ? new Uint8Array(bytes) : bytes;
}

function invalid(message: string, pointer: string, cause?: unknown): SdkError {
  return new SdkError('SDK_CONFIG_INVALID', message, { pointer, cause });
}
