import { decodeUtf8 } from '@exoarmur/canonical';
import {
  createLegacyEvent,
  isLegacyObject,
  type LegacyEvent,
  type LegacyValue,
  parseLegacyJson,
} from '@exoarmur/canonical/legacy-python';
import { CliError } from '../../errors.ts';
import { readInputFile } from '../../files.ts';

/** Most bytes of a file of events. */
const MAX_EVENTS_BYTES = 268_435_456;

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
