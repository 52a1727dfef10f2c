import type { LegacyObject, LegacyValue } from '@exoarmur/canonical/legacy-python';
import type { ReplayReport } from './replay-report.ts';

/** A report while it is written. A failure cannot be taken back, and no flag is set true by anything. */
export class ReplayLedger {
  readonly #correlationId: string;
  /** Texts that are listed of each kind; beyond it they are counted. */
  readonly #limit: number;
  readonly #failures: string[] = [];
  readonly #warnings: string[] = [];
  #failureCount = 0;
  #warningCount = 0;
  readonly intents = new Map<string, LegacyObject>();
  readonly decisions = new Map<string, LegacyObject>();
  readonly verdicts = new Map<string, LegacyValue>();
  totalEvents = 0;
  processedEvents = 0;
  #isIntentDoubted = false;
  #isGateDoubted = false;

  constructor(correlationId: string, limit = Number.POSITIVE_INFINITY) {
    this.#correlationId = correlationId;
    this.#limit = limit;
  }

  fail(text: string): void {
    this.#failureCount += 1;
    if (this.#failures.length < this.#limit) this.#failures.push(unicodeOf(text));
  }

  warn(text: string): void {
    this.#warningCount += 1;
    if (this.#warnings.length < this.#limit) this.#warnings.push(unicodeOf(text));
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
    return this.#failureCount > 0;
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
      result: this.hasFailed ? 'failure' : this.#warningCount > 0 ? 'partial' : 'success',
      total_events: this.totalEvents,
      processed_events: this.processedEvents,
      failed_events: this.#failureCount,
      intent_hash_verified: isIntentVerified,
      safety_gate_verified: isGateVerified,
      audit_integrity_verified: !this.hasFailed,
      reconstructed_intents: this.intents,
      reconstructed_decisions: this.decisions,
      safety_gate_verdicts: this.verdicts,
      failures: listed(this.#failures, this.#failureCount),
      warnings: listed(this.#warnings, this.#warningCount),
    };
  }
}

function listed(texts: readonly string[], count: number): string[] {
  return count === texts.length ? [...texts] : [...texts, `and ${count - texts.length} more`];
}

/** A lone surrogate of hostile text has no UTF-8 form and would leave the report without a hash. */
function unicodeOf(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\ufffd');
}
