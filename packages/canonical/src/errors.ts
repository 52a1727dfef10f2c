/** Every code a {@link CanonicalError} can carry. The list is closed: a new code is a visible change of this package. */
export type CanonicalErrorCode =
  | 'CANONICAL_BASE64_MALFORMED'
  | 'CANONICAL_CHECKPOINT_MALFORMED'
  | 'CANONICAL_DIGEST_MALFORMED'
  | 'CANONICAL_ENVELOPE_MALFORMED'
  | 'CANONICAL_HEX_MALFORMED'
  | 'CANONICAL_JSON_ACCESSOR'
  | 'CANONICAL_JSON_BYTE_ORDER_MARK'
  | 'CANONICAL_JSON_DUPLICATE_KEY'
  | 'CANONICAL_JSON_LONE_SURROGATE'
  | 'CANONICAL_JSON_NEGATIVE_ZERO'
  | 'CANONICAL_JSON_NOT_CANONICAL'
  | 'CANONICAL_JSON_NOT_FINITE'
  | 'CANONICAL_JSON_ROUNDED_NUMBER'
  | 'CANONICAL_JSON_SPARSE_ARRAY'
  | 'CANONICAL_JSON_SYNTAX'
  | 'CANONICAL_JSON_TOO_DEEP'
  | 'CANONICAL_JSON_TOO_LARGE'
  | 'CANONICAL_JSON_TRAILING_DATA'
  | 'CANONICAL_JSON_UNSAFE_INTEGER'
  | 'CANONICAL_JSON_UNSUPPORTED_TYPE'
  | 'CANONICAL_KEY_MALFORMED'
  | 'CANONICAL_LEGACY_EVENT_MALFORMED'
  | 'CANONICAL_LEGACY_INTENT_MALFORMED'
  | 'CANONICAL_LEGACY_JSON_SYNTAX'
  | 'CANONICAL_LEGACY_TOO_DEEP'
  | 'CANONICAL_LEGACY_TOO_LARGE'
  | 'CANONICAL_LEGACY_VALUE_UNSUPPORTED'
  | 'CANONICAL_NOTE_MALFORMED'
  | 'CANONICAL_POLICY_MALFORMED'
  | 'CANONICAL_PROOF_MALFORMED'
  | 'CANONICAL_TILE_MALFORMED'
  | 'CANONICAL_TIME_MALFORMED'
  | 'CANONICAL_UTF8_MALFORMED';

/** The brand shared by the errors of every plane, so that two copies of a package still recognise each other's. */
const BRAND = Symbol.for('exoarmur.error');

/** Where and why a value was refused, beyond the code. */
export interface CanonicalErrorDetail {
  /**
   * RFC 6901 JSON pointer to the refused place; the empty string is the whole document. A key of more than 40 characters
   * is cut and ends in an ellipsis.
   */
  readonly pointer?: string | undefined;
  readonly cause?: unknown;
}

/**
 * The only error this package throws for bad input. Callers switch on `code`, never on the text. Misuse by the calling
 * program itself is a `TypeError` or `RangeError` instead.
 */
export class CanonicalError extends Error {
  readonly code: CanonicalErrorCode;
  readonly pointer?: string;

  constructor(code: CanonicalErrorCode, message: string, detail: CanonicalErrorDetail = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.name = 'CanonicalError';
    this.code = code;
    if (detail.pointer !== undefined) this.pointer = detail.pointer;
    Object.defineProperty(this, BRAND, { value: true });
  }
}

/** Quotes outside text for an error message: one line, at most 40 characters, in backticks, and nothing of a private key. */
export function quote(text: string): string {
  const flat = text.replace(/PRIVATE\+KEY\+.*/s, '(a private key)').replace(/[^\x20-\x5f\x61-\x7e]/g, '?');
  return flat.length > 40 ? `\`${flat.slice(0, 40)}…\`` : `\`${flat}\``;
}
