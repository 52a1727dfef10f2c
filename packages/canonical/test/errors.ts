import { expect } from 'vitest';
import { CanonicalError, type CanonicalErrorCode } from '../src/errors.ts';

/** Runs something that must be refused and returns the refusal, after checking its code. */
export function expectRefusal(code: CanonicalErrorCode, run: () => unknown): CanonicalError {
  let thrown: unknown;
  try {
    run();
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(CanonicalError);
  const error = thrown as CanonicalError;
  expect(error.code).toBe(code);
  expect(error.message).toMatch(/^[^\n]{1,200}[^.\n]$/);
  return error;
}
