import type { CheckName, CheckResult, Divergence } from '@exoarmur/contracts';
import { oneLine } from './one-line.ts';

/** Most divergences a check reports; the first one is what matters, the rest helps a person. */
export const MAX_DIVERGENCES = 32;

/** Longest value shown in a divergence, in characters. */
const MAX_SHOWN = 160;

/** Where something was found, with what was expected there. */
export interface Place {
  /** JSON pointer into the bundle file; the whole file when left out. */
  readonly pointer?: string;
  readonly record?: number;
  readonly expected?: string | number | null;
  readonly found?: string | number | null;
}

/**
 * One check while it is made. Nothing is passed until `finish`: a check with a failure failed, one with a gap and no
 * failure is unverifiable, and only one that met neither passed.
 */
export class Check {
  readonly name: CheckName;
  readonly #failures: Divergence[] = [];
  readonly #gaps: Divergence[] = [];

  constructor(name: CheckName) {
    this.name = name;
  }

  /** The evidence contradicts the rule. */
  fail(code: string, place: Place = {}): void {
    this.#failures.push(divergence(code, place));
  }

  /** The evidence that the rule needs is not there. */
  gap(code: string, place: Place = {}): void {
    this.#gaps.push(divergence(code, place));
  }

  get hasFailed(): boolean {
    return this.#failures.length > 0;
  }

  finish(): CheckResult {
    if (this.hasFailed)
      return { name: this.name, status: 'failed', divergences: this.#failures.slice(0, MAX_DIVERGENCES) };
    if (this.#gaps.length > 0) {
      return { name: this.name, status: 'unverifiable', divergences: this.#gaps.slice(0, MAX_DIVERGENCES) };
    }
    return { name: this.name, status: 'passed', divergences: [] };
  }
}

/** Makes one check and gives its result. */
export function runCheck(name: CheckName, run: (check: Check) => void): CheckResult {
  const check = new Check(name);
  run(check);
  return check.finish();
}

/** A check nobody asked for. */
export function notRequested(name: CheckName): CheckResult {
  return { name, status: 'not_requested', divergences: [] };
}

/** A check whose ground is gone: an earlier one failed, and its own answer would mean nothing. */
export function notReached(name: CheckName): CheckResult {
  const check = new Check(name);
  check.gap('not_reached');
  return check.finish();
}

function divergence(code: string, place: Place): Divergence {
  return {
    code,
    pointer: place.pointer ?? '',
    record: place.record ?? null,
    expected: show(place.expected),
    found: show(place.found),
  };
}

function show(value: string | number | null | undefined): string | null {
  if (value === undefined || value === null) return null;
  return oneLine(String(value), MAX_SHOWN);
}
