import type { LegacyObject, LegacyValue } from '@exoarmur/canonical/legacy-python';
import type { ReplayReport } from './replay-report.ts';

/** A report while it is written. A failure cannot be taken back, and no flag is set true by anything. */
export class ReplayLedger {
  readonly #correlationId: string;
  readonly #failures: string[] = [];
  readonly #warnings: string[] = [];
  readonly intents = new Map<string, LegacyObject>();
  readonly verdicts = new Map<string, LegacyValue>();
  totalEvents = 0;
  processedEvents = 0;
  #isIntentDoubted = false;
  #isGateDoubted = false;

  constructor(correlationId: string) {
    this.#correlationId = correlationId;
  }

  fail(text: string): void {
    this.#failures.push(text);
  }

  warn(text: string): void {
    this.#warnings.push(text);
  }

  /** An intent differs from the frozen one, or there is nothing to compare it with. */
  doubtIntent(): void {
    this.#isIntentDoubted = true;
  }

  /** The gate said something unknown, or something else than what was done. */
  doubtGate(): void {
    this.#isGateDoubted = true;
  }

  get hasFailed(): boolean {
    return this.#failures.length > 0;
  }

  /** The report of a replay that came to its end. */
  finish(): ReplayReport {
    return this.#report(!this.#isIntentDoubted, !this.#isGateDoubted);
  }

  /** The report of a replay that never began: nothing was verified, so nothing is reported as verified. */
  abandon(): ReplayReport {
    return this.#report(false, false);
  }

  #report(isIntentVerified: boolean, isGateVerified: boolean): ReplayReport {
    return {
      correlation_id: this.#correlationId,
      replay_timestamp: '1970-01-01T00:00:00Z',
      result: this.hasFailed ? 'failure' : this.#warnings.length > 0 ? 'partial' : 'success',
      total_events: this.totalEvents,
      processed_events: this.processedEvents,
      failed_events: this.#failures.length,
      intent_hash_verified: isIntentVerified,
      safety_gate_verified: isGateVerified,
      audit_integrity_verified: !this.hasFailed,
      reconstructed_intents: this.intents,
      safety_gate_verdicts: this.verdicts,
      failures: this.#failures,
      warnings: this.#warnings,
    };
  }
}
