// Reads canonical JSON (RFC 8785) where it lies in memory: no blanks, members sorted, one spelling for each value. The verifier
// hands over nothing else. A value is the range of its bytes; one that is not there is an empty range.

const QUOTE: u8 = 0x22;
const BACKSLASH: u8 = 0x5c;

export class Json {
  constructor(
    readonly at: u32,
    readonly end: u32,
  ) {}

  get isThere(): bool {
    return this.at < this.end;
  }

  get isString(): bool {
    return this.isThere && load<u8>(this.at) === QUOTE;
  }

  get isObject(): bool {
    return this.isThere && load<u8>(this.at) === 0x7b;
  }

  get isArray(): bool {
    return this.isThere && load<u8>(this.at) === 0x5b;
  }

  /** Whether it is the same value: in canonical JSON that is the same bytes. */
  equals(other: Json): bool {
    const length = this.end - this.at;
    if (other.end - other.at !== length) return false;
    for (let i: u32 = 0; i < length; i++) {
      if (load<u8>(this.at + i) !== load<u8>(other.at + i)) return false;
    }
    return true;
  }

  /** Whether it is the text `text` of ASCII without quotes and backslashes. */
  isText(text: string): bool {
    const length = <u32>text.length;
    if (!this.isString || this.end - this.at !== length + 2) return false;
    for (let i: u32 = 0; i < length; i++) {
      if (<i32>load<u8>(this.at + 1 + i) !== text.charCodeAt(i)) return false;
    }
    return true;
  }

  /** The member of an object under an ASCII name. */
  member(name: string): Json {
    if (!this.isObject) return absent();
    let at = this.at + 1;
    while (at < this.end - 1) {
      const key = new Json(at, endOf(at));
      const value = new Json(key.end + 1, endOf(key.end + 1));
      if (key.isText(name)) return value;
      at = value.end + 1;
    }
    return absent();
  }

  /** Whether it is a list that holds the value. */
  includes(value: Json): bool {
    if (!this.isArray) return false;
    for (let at = this.at + 1; at < this.end - 1; ) {
      const item = new Json(at, endOf(at));
      if (item.equals(value)) return true;
      at = item.end + 1;
    }
    return false;
  }
}

function absent(): Json {
  return new Json(0, 0);
}

/** Where the value ends that begins at an address. */
function endOf(begin: u32): u32 {
  let at = begin;
  let depth = 0;
  do {
    const byte = load<u8>(at);
    if (byte === 0x7b || byte === 0x5b) depth++;
    else if (byte === 0x7d || byte === 0x5d) depth--;
    at = byte === QUOTE ? endOfString(at) : isPlain(byte) ? endOfPlain(at) : at + 1;
  } while (depth > 0);
  return at;
}

function endOfString(begin: u32): u32 {
  let at = begin + 1;
  while (load<u8>(at) !== QUOTE) at += load<u8>(at) === BACKSLASH ? 2 : 1;
  return at + 1;
}

function endOfPlain(begin: u32): u32 {
  let at = begin;
  while (isPlain(load<u8>(at))) at++;
  return at;
}

/** Bytes of numbers, `true`, `false` and `null`. */
function isPlain(byte: u8): bool {
  return (
    (byte >= 0x61 && byte <= 0x7a) || (byte >= 0x30 && byte <= 0x39) || byte === 0x2d || byte === 0x2e || byte === 0x2b
  );
}
