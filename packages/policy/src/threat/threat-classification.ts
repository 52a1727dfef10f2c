import type { Facts, ThreatSignal } from '@exoarmur/contracts';

type ThreatFact = NonNullable<Facts['threat']>;

/** What a kind of threat weighs, 0 to 10, and by what a severity multiplies it, in halves. */
const BASES = Object.freeze({ malware: 8, phishing: 6, command_control: 9, data_exfiltration: 10, anomaly: 4 });
const SEVERITY_HALVES = Object.freeze({ low: 1, medium: 2, high: 3, critical: 4 });

/** Least risk of the classes above `ignore`, in thousandths. Between two of them there is no gap. */
export const THREAT_BANDS = Object.freeze({ simulate: 301, escalate: 700 });

/**
 * The class of a threat: `threat` is base x severity x confidence, at most 10, `risk` is threat / 10 x confidence, both in
 * thousandths and rounded down. What is no signal of a known kind and severity with a confidence of 0 to 1000 is escalated
 * without figures: what nobody can weigh, a person has to look at. Pure; more risk never lowers the class.
 */
export function classifyThreat(signal: Readonly<Record<keyof ThreatSignal, unknown>>): ThreatFact {
  const { threat_type, severity, confidence_milli: confidence } = signal;
  const base = Object.hasOwn(BASES, String(threat_type)) ? BASES[threat_type as keyof typeof BASES] : undefined;
  const halves = Object.hasOwn(SEVERITY_HALVES, String(severity))
    ? SEVERITY_HALVES[severity as keyof typeof SEVERITY_HALVES]
    : undefined;
  if (base === undefined || halves === undefined || !isMilli(confidence)) {
    return { class: 'escalate', threat_milli: null, risk_milli: null };
  }
  const threat = Math.min(10_000, Math.floor((base * halves * confidence) / 2));
  const risk = Math.floor((threat * confidence) / 10_000);
  return { class: classOf(risk), threat_milli: threat, risk_milli: risk };
}

function classOf(risk: number): ThreatFact['class'] {
  if (risk >= THREAT_BANDS.escalate) return 'escalate';
  return risk >= THREAT_BANDS.simulate ? 'simulate' : 'ignore';
}

function isMilli(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 1000;
}
