import { platform } from '#platform';
import { isWellFormed } from '../bytes.ts';
import { CanonicalError } from '../errors.ts';
import { formatLegacyJson, type LegacyDialect } from './dialects.ts';
import type { LegacyValue } from './value.ts';

/**
 * Lower-case hex SHA-256 of a value's text in a dialect: the ancestor's only hash rule, without domain or key.
 * @throws CanonicalError CANONICAL_LEGACY_VALUE_UNSUPPORTED for a lone surrogate in a UTF-8 dialect.
 */
export function hashLegacyJson(value: LegacyValue, dialect: LegacyDialect): string {
  return hashLegacyText(formatLegacyJson(value, dialect));
}

/** Lower-case hex SHA-256 of the UTF-8 bytes of a text. @throws CanonicalError CANONICAL_LEGACY_VALUE_UNSUPPORTED */
export function hashLegacyText(text: string): string {
  if (!isWellFormed(text))
    throw new CanonicalError('CANONICAL_LEGACY_VALUE_UNSUPPORTED', 'text holds a lone surrogate');
  return platform.sha256HexOfText(text);
}
