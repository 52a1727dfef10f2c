import { decodeUtf8, encodeUtf8 } from '../src/bytes.ts';
import { canonicalize } from '../src/canonical-json.ts';
import { CanonicalError } from '../src/errors.ts';
import { parseCanonicalJson, parseJson } from '../src/json-reader.ts';
import { formatLegacyJson, type LegacyDialect } from '../src/legacy-python/dialects.ts';
import { parseLegacyJson } from '../src/legacy-python/reader.ts';

/** A law did not hold. Anything else that escapes from a law is a broken law too. */
export class LawBroken extends Error {
  override readonly name = 'LawBroken';
}

/** The value, or the refusal; every other error goes on. */
export function attempt<T>(run: () => T): { readonly value: T } | { readonly refusal: CanonicalError } {
  try {
    return { value: run() };
  } catch (error) {
    if (error instanceof CanonicalError) return { refusal: error };
    throw error;
  }
}

/**
 * For any bytes: the reader answers with a value or with its own error; what it accepts, `JSON.parse` accepts with the same
 * meaning; what it calls a syntax error, `JSON.parse` refuses; canonical text reads back as itself and is a fixed point.
 */
export function jsonReaderLaw(bytes: Uint8Array): void {
  const result = attempt(() => parseJson(bytes));
  const text = attempt(() => decodeUtf8(bytes));
  if ('refusal' in text) {
    if (!('refusal' in result)) throw new LawBroken('bytes that are not UTF-8 were read');
    return;
  }
  const native = parseNatively(text.value);
  if ('refusal' in result) {
    const { code } = result.refusal;
    const isSyntax = code === 'CANONICAL_JSON_SYNTAX' || code === 'CANONICAL_JSON_TRAILING_DATA';
    if (isSyntax && native !== undefined) throw new LawBroken(`JSON.parse reads what was refused with ${code}`);
    if ('value' in attempt(() => parseCanonicalJson(bytes))) throw new LawBroken('only the strict reader accepts');
    return;
  }
  if (native === undefined) throw new LawBroken('JSON.parse refuses what was read');
  const canonical = canonicalize(result.value);
  if (canonical !== canonicalize(native.value)) throw new LawBroken('JSON.parse reads another value');
  if (canonicalize(parseCanonicalJson(encodeUtf8(canonical))) !== canonical) throw new LawBroken('no fixed point');
  const isCanonical = 'value' in attempt(() => parseCanonicalJson(bytes));
  if (isCanonical !== (canonical === text.value)) throw new LawBroken('another spelling passes as canonical');
}

const DIALECTS: readonly LegacyDialect[] = [
  'replay',
  'compact-ascii',
  'compact-utf8',
  'spaced-ascii',
  'indented-ascii',
];

/** For any bytes: the reader of old data answers likewise, accepts all strict JSON, and its dialects are fixed points. */
export function legacyReaderLaw(bytes: Uint8Array): void {
  const result = attempt(() => parseLegacyJson(bytes));
  if ('refusal' in result) {
    if ('value' in attempt(() => parseJson(bytes))) throw new LawBroken('strict JSON was refused as old data');
    return;
  }
  for (const dialect of DIALECTS) {
    const text = formatLegacyJson(result.value, dialect);
    if (formatLegacyJson(parseLegacyJson(text), dialect) !== text) throw new LawBroken(`${dialect} is no fixed point`);
  }
}

function parseNatively(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
