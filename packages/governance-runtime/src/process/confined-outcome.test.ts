import { encodeUtf8 } from '@exoarmur/canonical';
import {
  type ConfinedFailureCode,
  type ConfinedRefusalCode,
  SandboxError,
  type SandboxErrorCode,
} from '@exoarmur/sandbox';
import { describe, expect, it } from 'vitest';
import { readConfinedResult, readConfinementError } from './confined-outcome.ts';

describe('what the sandbox says of a provider', () => {
  it.each<[ConfinedFailureCode, string]>([
    ['SANDBOX_ANSWER_MALFORMED', 'malformed'],
    ['SANDBOX_ANSWER_MISSING', 'crashed'],
    ['SANDBOX_ANSWER_TOO_LARGE', 'crashed'],
    ['SANDBOX_CANCELLED', 'crashed'],
    ['SANDBOX_CRASHED', 'crashed'],
    ['SANDBOX_MEMORY', 'crashed'],
    ['SANDBOX_OUTPUT', 'crashed'],
    ['SANDBOX_PERMISSION_DENIED', 'crashed'],
    ['SANDBOX_THREW', 'crashed'],
    ['SANDBOX_WALL_CLOCK', 'timed_out'],
  ])('%s is no answer: %s', (code, outcome) => {
    expect(readConfinedResult({ outcome: 'failed', code, breaches: [] })).toEqual({ outcome });
  });

  it.each<ConfinedRefusalCode>(['SANDBOX_CODE_ALTERED', 'SANDBOX_REQUEST_INVALID', 'SANDBOX_START_FAILED'])(
    '%s is a provider that was not started',
    (code) => {
      expect(readConfinedResult({ outcome: 'refused', code })).toEqual({ outcome: 'load_failed' });
    },
  );

  it('an answer is its canonical bytes', () => {
    const answered = readConfinedResult({ outcome: 'answered', answer: { b: 1, a: [null] } });
    expect(answered).toEqual({ outcome: 'answered', bytes: encodeUtf8('{"a":[null],"b":1}') });
  });

  it.each<[SandboxErrorCode, string]>([
    ['SANDBOX_NETWORK_UNCONFINED', 'unconfined'],
    ['SANDBOX_UNSUPPORTED', 'unconfined'],
    ['SANDBOX_CONFIG_INVALID', 'load_failed'],
    ['SANDBOX_CODE_UNREADABLE', 'load_failed'],
  ])('%s: %s', (code, outcome) => {
    expect(readConfinementError(new SandboxError(code, 'no confinement'))).toEqual({ outcome });
  });

  it('anything else is a failed load', () => {
    expect(readConfinementError(new Error('disk full'))).toEqual({ outcome: 'load_failed' });
  });
});
