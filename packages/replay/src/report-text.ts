import type { CheckName, CheckResult, CheckStatus, Divergence, VerificationReport } from '@exoarmur/contracts';
import type { LimitationCode } from './codes.ts';
import { oneLine } from './one-line.ts';

const SHAPES: Readonly<Record<VerificationReport['bundle']['shape'], string>> = {
  bundle_3: 'proof bundle 3',
  legacy_2_0: 'bundle 2.0 of the Python ancestor',
  legacy_1_0: 'bundle 1.0 of the Python ancestor',
  legacy_canonical_demo: 'canonical demo bundle of the Python ancestor',
  legacy_wrapped_demo: 'wrapped demo bundle of the Python ancestor',
  unknown: 'file of no known shape',
};

/** What each check establishes when it passes. */
const QUESTIONS: Readonly<Record<CheckName, string>> = {
  structure: 'one spelling, strict shape, nothing unreferenced',
  integrity: 'hashes, proofs and signatures inside the file agree',
  signer: 'a key that you trust vouches for it',
  completeness: 'no record of the action is missing',
  lifecycle: 'every step was lawful',
  decision: 'the recorded decisions come out the same again',
  witness: 'witnesses that you trust saw the log',
  governance: 'the governance artifacts are in order',
};

/** The same for the ancestor's bundles, which have neither proofs nor signatures. */
const LEGACY_QUESTIONS: Readonly<Partial<Record<CheckName, string>>> = {
  structure: 'a shape that the ancestor wrote, no key twice',
  integrity: 'the hashes, ids and verdicts inside the file agree',
};

const STATUSES: Readonly<Record<CheckStatus, string>> = {
  passed: 'passed',
  failed: 'FAILED',
  unverifiable: 'open',
  not_requested: '-',
};

const LIMITATIONS: Readonly<Record<LimitationCode, string>> = {
  approver_keys_not_verified: 'approvals are bound to this action, but whose keys signed them was not checked',
  checkpoint_freshness_not_checked: 'the log may have grown since; nobody was asked for its newest checkpoint',
  decision_not_reexecuted: 'the decision was read, not taken again',
  executor_claims_not_observed: 'what happened outside is what the executor reported and observed',
  governance_not_checked: 'governance artifacts are bound by their digest and not judged',
  key_not_trusted: 'anybody could have made and signed this file; bring a trust file to know who did',
  legacy_checksum_absent: 'there is no bundle checksum; it may have been taken out',
  legacy_events_absent: 'there are no audit events; they may have been taken out',
  legacy_fields_not_covered: 'some members are covered by no hash and may have been changed',
  legacy_forgeable: 'the hashes have no key: anybody can change the bundle and compute them anew',
  legacy_id_not_recomputable: 'the intent id is not derived from the content of the bundle',
  legacy_members_absent: 'members that would be covered are absent; they may have been taken out',
  legacy_records_not_bound: 'no hash binds the audit events to the proof beside them',
  legacy_stale_trace_hash: 'the trace hash was made before the verdict was known, as the ancestor used to do',
  payloads_withheld: 'some payloads are withheld; what they say was not checked',
  witnesses_not_checked: 'no witness was asked whether it saw the same log',
};

/** The report as text for a person: the verdict, each question with its answer, and what the report does not say. */
export function formatReport(report: VerificationReport): string {
  const { bundle, coverage } = report;
  const facts: (readonly [string, string])[] = [['bundle', `${SHAPES[bundle.shape]}, ${bundle.digest}`]];
  if (bundle.stream !== null) facts.push(['stream', bundle.stream]);
  if (bundle.final_verdict !== null) facts.push(['verdict', bundle.final_verdict]);
  if (bundle.outcome !== null) facts.push(['outcome', bundle.outcome]);
  for (const vkey of bundle.signed_by) facts.push(['signed by', vkey]);
  const lines = [
    `${report.verify_verdict}  assurance: ${report.assurance}`,
    ...facts.map(([name, value]) => `  ${name.padEnd(10)}${oneLine(value, 200)}`),
    '',
    'Checks',
    ...report.checks.flatMap((check) => formatCheck(check, report)),
  ];
  if (coverage !== null) {
    lines.push('', 'Members whose change would show', ...wrap(coverage.covered));
    lines.push('', 'Members that may have been changed unseen', ...wrap(coverage.not_covered));
  }
  if (report.limitations.length > 0)
    lines.push('', 'What this does not say', ...report.limitations.map(formatLimitation));
  return `${lines.join('\n')}\n`;
}

function formatCheck(check: CheckResult, { required, coverage }: VerificationReport): string[] {
  const need = required.includes(check.name) ? 'required' : '';
  const question = (coverage === null ? undefined : LEGACY_QUESTIONS[check.name]) ?? QUESTIONS[check.name];
  const head = `  ${STATUSES[check.status].padEnd(8)}${check.name.padEnd(14)}${need.padEnd(10)}${question}`;
  return [head, ...check.divergences.map((divergence) => `          ${formatDivergence(divergence)}`)];
}

function formatDivergence({ code, pointer, record, expected, found }: Divergence): string {
  const parts = [code];
  if (record !== null) parts.push(`record ${record}`);
  if (pointer !== '') parts.push(`at ${oneLine(pointer, 200)}`);
  if (expected !== null) parts.push(`expected ${oneLine(expected, 160)}`);
  if (found !== null) parts.push(`found ${oneLine(found, 160)}`);
  return parts.join('  ');
}

function formatLimitation(code: string): string {
  const text = Object.hasOwn(LIMITATIONS, code) ? LIMITATIONS[code as LimitationCode] : '';
  return `  ${code.padEnd(34)}${text}`.trimEnd();
}

function wrap(pointers: readonly string[]): string[] {
  return pointers.length === 0 ? ['  none'] : pointers.map((pointer) => `  ${oneLine(pointer, 200)}`);
}
