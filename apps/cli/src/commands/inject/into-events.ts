import { resolve } from 'node:path';
import { encodeUtf8 } from '@exoarmur/canonical';
import { formatLegacyEvent, formatLegacyJson } from '@exoarmur/canonical/legacy-python';
import { createFaultGenerator, type FaultType, injectFault } from '@exoarmur/replay/faults';
import type { CommandContext } from '../../commands.ts';
import { replaceFile } from '../../files.ts';
import { formatJson } from '../../json-output.ts';
import { printable } from '../../terminal.ts';
import { readEvents } from '../replay/event-file.ts';
import type { InjectOptions } from './options.ts';

/** Writes a copy of events, one per line, with one kind of fault in some of them. */
export function injectIntoEvents(
  options: InjectOptions & { readonly events: string; readonly fault: FaultType; readonly out: string },
  { cwd, terminal }: CommandContext,
): void {
  const random = createFaultGenerator(options.seed);
  const { events, hits } = injectFault(readEvents(resolve(cwd, options.events)), options.fault, {
    random,
    severityMilli: options.severity,
  });
  const lines = events.map((event) => `${formatLegacyJson(formatLegacyEvent(event), 'compact-ascii')}\n`);
  replaceFile(resolve(cwd, options.out), encodeUtf8(lines.join('')));
  const text = hits.map(({ index, members }) => `Event ${index + 1}: ${members.join(', ')}\n`).join('');
  terminal.out(
    options.json === true ? formatJson({ hits }) : printable(`${text}Events hit: ${hits.length} of ${events.length}\n`),
  );
}
