import type { PolicyFlip, PolicyReplay } from '@exoarmur/contracts';
import { oneLine } from '../one-line.ts';

/** Flips that a person is shown; the JSON lists more. */
const SHOWN_FLIPS = 20;

/** The report as a table for a person: totals, counts by action, and the looser flips that nobody accepted. */
export function formatPolicyReport(report: PolicyReplay): string {
  const { totals } = report;
  const lines = [
    `${report.verdict}  ${totals.decisions} decisions under ${report.policy_digest}`,
    `  same ${totals.same}  tighter ${totals.tighter}  looser ${totals.looser} (${totals.looser_accepted} accepted)  not decidable ${totals.not_decidable}${report.undecidable_exempted ? ' (exempted)' : ''}`,
    '',
    `  ${'action'.padEnd(28)}${'recorded'.padEnd(18)}${'proposed'.padEnd(18)}${'shift'.padEnd(15)}count`,
    ...report.table.map(
      (row) =>
        `  ${show(row.action_type, 27).padEnd(28)}${show(row.recorded).padEnd(18)}${show(row.proposed).padEnd(18)}${row.shift.padEnd(15)}${row.count}`,
    ),
  ];
  const open = report.flips.filter((flip) => flip.shift === 'looser' && !flip.accepted);
  lines.push(...section('Looser and not accepted', open, totals.looser - totals.looser_accepted));
  const undecided = report.flips.filter((flip) => flip.shift === 'not_decidable');
  lines.push(...section('Not decidable', undecided, totals.not_decidable));
  if (report.reviews_unused > 0) lines.push('', `  ${report.reviews_unused} review entries match no flip`);
  return `${lines.join('\n')}\n`;
}

function section(title: string, flips: readonly PolicyFlip[], total: number): string[] {
  if (total === 0) return [];
  const shown = flips.slice(0, SHOWN_FLIPS).map(formatFlip);
  return ['', title, ...shown, ...(total > shown.length ? [`  and ${total - shown.length} more`] : [])];
}

function formatFlip(flip: PolicyFlip): string {
  const change = flip.proposed === null ? show(flip.recorded) : `${show(flip.recorded)} -> ${flip.proposed}`;
  const place = `${oneLine(flip.stream, 128)}#${flip.seq}`;
  return `  ${place}  ${show(flip.action_type, 64)}  ${change}${flip.code === null ? '' : `  ${flip.code}`}  ${flip.decision_digest ?? ''}`.trimEnd();
}

function show(text: string | null, limit = 64): string {
  return text === null ? '-' : oneLine(text, limit);
}
