import { Duplex } from 'node:stream';
import { canonicalize, type JsonValue } from '@exoarmur/canonical';

/** A connection that was opened for a confined process, and what it is told about it. */
export interface Dialled {
  /** Of bytes, and open. */
  readonly connection: Duplex;
  /** At most 8192 canonical bytes with the word `answer` around it. */
  readonly answer: JsonValue;
}

/**
 * Opens a connection for a confined process, which has no network of its own. `request` is the word of that process: hostile.
 * Whatever it throws is a refusal; the process is told the `code` of the error and nothing else. Something else than {@link Dialled}
 * is a refusal, too, and its connection is ended.
 */
export type Dial = (request: unknown) => Promise<Dialled>;

/** Most connections of one run. */
export const MAX_CONNECTIONS = 8;

/** Longest line of a channel, whoever writes it. */
const MAX_LINE_BYTES = 8192;

/**
 * Serves one channel, which is good for one connection: a line of JSON comes, one goes (`{"answer":…}` or `{"refused":code}`), and
 * from then on bytes are carried both ways. Never throws.
 */
export function serveChannel(channel: Duplex, dial: Dial): void {
  let begun = Buffer.alloc(0);
  const onData = (chunk: Buffer): void => {
    begun = Buffer.concat([begun, chunk]);
    const end = begun.indexOf(10);
    if (end < 0 && begun.length <= MAX_LINE_BYTES) return;
    channel.off('data', onData);
    channel.pause();
    if (end < 0 || end > MAX_LINE_BYTES) {
      channel.destroy();
      return;
    }
    connect(channel, dial, begun.subarray(0, end).toString('utf8'), begun.subarray(end + 1)).catch(() => {
      // SECURITY: a connection that is not what it says throws wherever it is touched; nothing of that may end this process.
      channel.destroy();
    });
  };
  channel.on('data', onData);
  channel.on('error', () => channel.destroy());
}

async function connect(channel: Duplex, dial: Dial, line: string, rest: Buffer): Promise<void> {
  let opened: Opened | undefined;
  let refused = 'SANDBOX_DIAL_FAILED';
  try {
    opened = readDialled(await dial(JSON.parse(line)));
  } catch (error) {
    refused = refusalOf(error) ?? refused;
  }
  if (opened === undefined) {
    channel.end(`${JSON.stringify({ refused })}\n`);
    channel.resume();
    return;
  }
  const { connection, reply } = opened;
  // Whichever side ends, the other one ends with it.
  for (const [one, other] of [
    [channel, connection],
    [connection, channel],
  ] as const) {
    one.on('error', () => other.destroy());
    one.on('close', () => other.destroy());
  }
  if (channel.destroyed) {
    connection.destroy();
    return;
  }
  channel.write(`${reply}\n`);
  if (rest.length > 0) connection.write(rest);
  channel.pipe(connection);
  connection.pipe(channel);
}

interface Opened {
  readonly connection: Duplex;
  /** The line that the process is told. */
  readonly reply: string;
}

/** What a dial gave; undefined when it is not what it should be, and then its connection is ended. */
function readDialled(dialled: Dialled): Opened | undefined {
  let connection: unknown;
  try {
    ({ connection } = dialled);
    // What comes out of a stream of objects cannot be written to a channel: that would throw where nobody can catch it.
    if (connection instanceof Duplex && !connection.readableObjectMode && !connection.destroyed) {
      const { answer } = dialled;
      return { connection, reply: canonicalize({ answer }, { maxBytes: MAX_LINE_BYTES }) };
    }
  } catch {
    // SECURITY: what is not what it should be throws whatever it likes when it is looked at.
  }
  if (connection instanceof Duplex) {
    connection.on('error', () => undefined);
    connection.destroy();
  }
  return undefined;
}

/** The code that a refusal is told by, if it has one. */
function refusalOf(error: unknown): string | undefined {
  try {
    const { code } = error as { readonly code?: unknown };
    return typeof code === 'string' && /^[A-Z][A-Z0-9_]{2,63}$/.test(code) ? code : undefined;
  } catch {
    // SECURITY: whatever was thrown may throw again when it is looked at.
    return undefined;
  }
}
