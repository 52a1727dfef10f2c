import { CanonicalError } from '../errors.ts';
import { formatPythonFloat, roundToTwelveDecimals } from './number.ts';
import { LEGACY_LIMITS } from './reader.ts';
import type { LegacyObject, LegacyValue } from './value.ts';

/**
 * The byte dialects of the ancestor (spec/legacy-python.md, "Dialects").
 * - `replay`: sorted, compact, raw UTF-8, floats rounded to 12 decimals, non-finite floats as the string `"null"`
 * - `compact-ascii`: sorted, compact, everything outside U+0020 to U+007E escaped
 * - `compact-utf8`: sorted, compact, raw UTF-8, floats unrounded
 * - `spaced-ascii`: as `compact-ascii` with a blank after each comma and colon
 * - `indented-ascii`: as `spaced-ascii` on lines indented by two blanks
 * - `report`: as `indented-ascii` with keys in their own order
 */
export type LegacyDialect = 'replay' | 'compact-ascii' | 'compact-utf8' | 'spaced-ascii' | 'indented-ascii' | 'report';

interface Style {
  readonly sorted: boolean;
  readonly ascii: boolean;
  readonly rounded: boolean;
  readonly comma: string;
  readonly colon: string;
  readonly indented: boolean;
}

const COMPACT: Style = { sorted: true, ascii: true, rounded: false, comma: ',', colon: ':', indented: false };
const STYLES: Readonly<Record<LegacyDialect, Style>> = {
  replay: { ...COMPACT, ascii: false, rounded: true },
  'compact-ascii': COMPACT,
  'compact-utf8': { ...COMPACT, ascii: false },
  'spaced-ascii': { ...COMPACT, comma: ', ', colon: ': ' },
  'indented-ascii': { ...COMPACT, colon: ': ', indented: true },
  report: { ...COMPACT, colon: ': ', indented: true, sorted: false },
};

/**
 * The text of a value in one of the ancestor's dialects. A lone surrogate stays in the text; the UTF-8 dialects then have
 * no bytes, and hashing refuses it. @throws CanonicalError CANONICAL_LEGACY_TOO_DEEP
 */
export function formatLegacyJson(value: LegacyValue, dialect: LegacyDialect): string {
  return write(value, STYLES[dialect], 0);
}

function write(value: LegacyValue, style: Style, depth: number): string {
  switch (typeof value) {
    case 'string':
      return writeString(value, style);
    case 'bigint':
      return value.toString();
    case 'number':
      return style.rounded ? writeRounded(value) : formatPythonFloat(value);
    case 'boolean':
      return value ? 'true' : 'false';
  }
  if (value === null) return 'null';
  if (depth >= LEGACY_LIMITS.maxDepth) throw new CanonicalError('CANONICAL_LEGACY_TOO_DEEP', 'nesting is too deep');
  if (value instanceof Map) {
    const entries = sortedEntries(value, style);
    const members = entries.map(
      ([key, member]) => writeString(key, style) + style.colon + write(member, style, depth + 1),
    );
    return wrap('{', '}', members, style, depth);
  }
  const elements = (value as readonly LegacyValue[]).map((element) => write(element, style, depth + 1));
  return wrap('[', ']', elements, style, depth);
}

function wrap(open: string, close: string, parts: readonly string[], style: Style, depth: number): string {
  if (!style.indented || parts.length === 0) return open + parts.join(style.comma) + close;
  const indent = '  '.repeat(depth);
  return `${open}\n${parts.map((part) => `${indent}  ${part}`).join(',\n')}\n${indent}${close}`;
}

function sortedEntries(object: LegacyObject, style: Style): (readonly [string, LegacyValue])[] {
  const entries = [...object];
  return style.sorted && !isSorted(entries) ? entries.sort(([a], [b]) => compareCodePoints(a, b)) : entries;
}

function isSorted(entries: readonly (readonly [string, LegacyValue])[]): boolean {
  for (let i = 1; i < entries.length; i++) {
    const [before, after] = [entries[i - 1]?.[0] as string, entries[i]?.[0] as string];
    if (compareCodePoints(before, after) > 0) return false;
  }
  return true;
}

function writeRounded(value: number): string {
  return Number.isFinite(value) ? formatPythonFloat(roundToTwelveDecimals(value)) : '"null"';
}

const SHORT_ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '\\"'],
  ['\\', '\\\\'],
  ['\b', '\\b'],
  ['\f', '\\f'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
]);
const NOT_ASCII = /["\\]|[^ -~]/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must be escaped
const NOT_RAW = /["\\\u0000-\u001f]/g;

function writeString(value: string, style: Style): string {
  // Most text needs no escape, and a search costs less than a replacement.
  if (value.search(style.ascii ? NOT_ASCII : NOT_RAW) < 0) return `"${value}"`;
  const escaped = value.replace(
    style.ascii ? NOT_ASCII : NOT_RAW,
    (unit) => SHORT_ESCAPES.get(unit) ?? `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return `"${escaped}"`;
}

/**
 * Orders strings by code point, as Python does; UTF-16 order differs where astral characters meet U+E000 to U+FFFF. A lone
 * surrogate is a code point of its own to Python, below U+E000.
 */
export function compareCodePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    if (a.charCodeAt(i) !== b.charCodeAt(i)) return rank(a, i) - rank(b, i);
  }
  return a.length - b.length;
}

// The units of a pair stand for code points above every single unit. What stands before `at` is equal in both strings.
function rank(text: string, at: number): number {
  const unit = text.charCodeAt(at);
  const isPaired = isLow(unit) ? isHigh(text.charCodeAt(at - 1)) : isHigh(unit) && isLow(text.charCodeAt(at + 1));
  return isPaired ? unit + 0x10000 : unit;
}

function isHigh(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

function isLow(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}
