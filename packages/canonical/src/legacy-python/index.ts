export { contentUlid, contentUlidPreimage, ulidOfLegacyJson } from './content-id.ts';
export { compareCodePoints, formatLegacyJson, type LegacyDialect } from './dialects.ts';
export { hashLegacyJson, hashLegacyText } from './hash.ts';
export { formatPythonFloat, roundToTwelveDecimals } from './number.ts';
export { LEGACY_LIMITS, parseLegacyJson } from './reader.ts';
export { isLegacyObject, type LegacyObject, type LegacyValue, toLegacyValue } from './value.ts';
