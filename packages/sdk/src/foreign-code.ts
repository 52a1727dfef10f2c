import { type ExoArmurError, isExoArmurError } from '@exoarmur/contracts';

/** Tells a listener of the application something. What it throws or rejects with reaches nobody, and changes nothing. */
export function tell<Told>(listener: ((told: Told) => unknown) | undefined, told: Told): void {
  try {
    ignoreRejection(listener?.(told));
  } catch {
    // A listener may fail in any way; the action that it is told of goes on.
  }
}

/** Takes the rejection of what an application answered, if it is a promise, or anything like one, that nobody waits for. */
export function ignoreRejection(answer: unknown): void {
  if (typeof answer !== 'object' || answer === null) return;
  // Unlike Promise.resolve, it reads nothing of the answer outside of the promise.
  new Promise((resolve) => resolve(answer)).catch(() => undefined);
}

/** Whether what foreign code threw is an error of ExoArmur. Total: the traps of a thrown proxy throw in their turn. */
export function isCodedError(thrown: unknown): thrown is ExoArmurError {
  try {
    return isExoArmurError(thrown) && typeof thrown.code === 'string' && typeof thrown.message === 'string';
  } catch {
    return false;
  }
}
