import type { HypotheticalTrail } from '@exoarmur/contracts';
import { oneLine } from '../one-line.ts';

/** The trail as text for a person: what was changed, what was recorded, what would have been. */
export function formatHypotheticalTrail(trail: HypotheticalTrail): string {
  const lines = [
    `HYPOTHETICAL  ${trail.outcome}  recorded: ${trail.recorded_end}, would be: ${trail.hypothetical_end}`,
    `  stream    ${oneLine(trail.stream, 128)}`,
    `  original  ${trail.original_digest}`,
    ...trail.interventions.map(
      ({ on, pointer, recorded, value }) =>
        `  changed   ${on}${oneLine(pointer, 200)}  ${recorded ?? 'absent'} -> ${value ?? 'absent'}`,
    ),
    ...trail.assumptions.map((code) => `  assumed   ${code}`),
    '',
  ];
  for (const step of trail.steps) {
    const would = step.decision === null ? 'not reached' : step.decision.verdict;
    lines.push(`  record ${step.record}  recorded ${step.recorded_verdict}, would be ${would}  ${step.shift}`);
    for (const { pointer, recorded, hypothetical } of step.differences) {
      lines.push(`    ${oneLine(pointer, 200)}  ${recorded ?? 'absent'} -> ${hypothetical ?? 'absent'}`);
    }
  }
  lines.push('', 'Nothing of this happened, and nothing of it is a record.');
  return `${lines.join('\n')}\n`;
}
