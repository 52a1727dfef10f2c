import { resolve } from 'node:path';
import { decodeUtf8 } from '@exoarmur/canonical';
import {
  createLegacyEvent,
  isLegacyObject,
  type LegacyEvent,
  type LegacyValue,
  parseLegacyJson,
} from '@exoarmur/canonical/legacy-python';
import { formatReplayReport, hashReplayReport, ReplayEngine, type ReplayReport } from '@exoarmur/replay';
import type { CommandContext } from '../../commands.ts';
import { CliError } from '../../errors.ts';
import { EXIT_CODES } from '../../exit-code.ts';
import { readInputFile } from '../../files.ts';
import { formatJson } from '../../json-output.ts';
import { printable } from '../../terminal.ts';
import type { ReplayOptions } from './options.ts';

/** Most bytes of a file of events. */
const MAX_EVENTS_BYTES = 268_435_456;

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

/** Events of a file, a JSON array or one object per line. @throws CliError CLI_EVENTS_MALFORMED; CanonicalError for bad JSON */
export function readEvents(path: string): LegacyEvent[] {
  const text = decodeUtf8(readInputFile(path, MAX_EVENTS_BYTES).bytes);
  const values: readonly LegacyValue[] = text.trimStart().startsWith('[')
    ? asList(parseLegacyJson(text))
    : text
        .split('\n')
        .filter((line) => line.trim() !== '')
        .map((line) => parseLegacyJson(line));
  return values.map((value, index) => {
    if (!isLegacyObject(value)) throw malformed(`item ${index + 1} is no object`);
    return createLegacyEvent(value);
  });
}

function asList(value: LegacyValue): readonly LegacyValue[] {
  if (!Array.isArray(value)) throw malformed('the file is no list of events');
  return value;
}

function malformed(message: string): CliError {
  return new CliError('CLI_EVENTS_MALFORMED', message);
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
