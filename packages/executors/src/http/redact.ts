/** What stands in a record where a secret came back. */
const REDACTED = '[redacted]';

/**
 * Takes secrets out of a text in the spellings in which servers echo them: as they are, percent-encoded, in base64 and in
 * JSON strings. A server that encodes a secret in another way is not kept from telling it.
 */
export function createRedactor(secrets: Iterable<string>): (text: string) => string {
  const spellings = new Set<string>();
  for (const secret of secrets) {
    // A scheme in front (`Bearer …`) is often left off.
    const parts = [secret, secret.slice(secret.indexOf(' ') + 1)];
    for (const part of parts.filter(({ length }) => length >= 8)) {
      spellings.add(part);
      spellings.add(encodeURIComponent(part));
      spellings.add(JSON.stringify(part).slice(1, -1));
      for (const offset of [0, 1, 2]) spellings.add(base64Core(part, offset));
    }
  }
  // The longest first: what is left of a long secret whose beginning is a short one would be told.
  const ordered = [...spellings].filter(({ length }) => length >= 8).sort((a, b) => b.length - a.length);
  return (text) => ordered.reduce((rest, spelling) => rest.replaceAll(spelling, REDACTED), text);
}

/** The part of the base64 text of a value that is the same whatever stands before it (`offset` bytes) and after it. */
function base64Core(part: string, offset: number): string {
  const text = Buffer.concat([Buffer.alloc(offset), Buffer.from(part)]).toString('base64');
  return text.slice(offset === 0 ? 0 : 4, text.length - 4);
}
