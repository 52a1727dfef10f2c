import { resolve } from 'node:path';
import { formatReplayReport, hashReplayReport, ReplayEngine, type ReplayReport } from '@exoarmur/replay';
import type { CommandContext } from '../../commands.ts';
import { EXIT_CODES } from '../../exit-code.ts';
import { formatJson } from '../../json-output.ts';
import { printable } from '../../terminal.ts';
import { readEvents } from './event-file.ts';
import type { ReplayOptions } from './options.ts';

/** Replays one correlation of a file of events as the Python ancestor did, strict where it was blind. */
export function replayEvents(
  correlation: string,
  options: ReplayOptions & { readonly events: string },
  { cwd, terminal, finish }: CommandContext,
): void {
  const events = readEvents(resolve(cwd, options.events));
  // The engine judges what was recorded for a correlation; here that is what names it.
  const store = new Map([[correlation, events.filter((event) => event.correlation_id === correlation)]]);
  const report = new ReplayEngine({ auditStore: store }).replayCorrelation(correlation);
  const hash = hashReplayReport(report);
  if (options.json === true)
    terminal.out(formatJson({ replay_hash: hash, report: JSON.parse(formatReplayReport(report)) }));
  else terminal.out(printable(formatEventReport(report, hash)));
  finish(report.result === 'success' ? EXIT_CODES.pass : EXIT_CODES.fail);
}

function formatEventReport(report: ReplayReport, hash: string): string {
  return [
    `Replay of ${report.correlation_id}`,
    `  events   ${report.processed_events} of ${report.total_events} replayed, ${report.failed_events} failed`,
    ...report.failures.map((text) => `  failure  ${text}`),
    ...report.warnings.map((text) => `  warning  ${text}`),
    `Replay hash: ${hash}`,
    `REPLAY_RESULT=${report.result}`,
    '',
  ].join('\n');
}
