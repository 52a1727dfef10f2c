import type { Duplex } from 'node:stream';
import type { JsonValue } from '@exoarmur/canonical';

/** A connection that was opened for a confined process, and what it is told about it. */
export interface Dialled {
  readonly connection: Duplex;
  readonly answer: JsonValue;
}

/**
 * Opens a connection for a confined process, which has no network of its own. `request` is the word of that process: hostile.
 * Whatever it throws is a refusal; the process is told the `code` of the error and nothing else.
 */
export type Dial = (request: unknown) => Promise<Dialled>;

/** Most connections of one run. */
export const MAX_CONNECTIONS = 8;

const MAX_REQUEST_BYTES = 8192;

/**
 * Serves one channel, which is good for one connection: a line of JSON comes, one goes (`{"answer":…}` or `{"refused":code}`), and
 * from then on bytes are carried both ways. Never throws.
 */
export function serveChannel(channel: Duplex, dial: Dial): void {
  let begun = Buffer.alloc(0);
  const onData = (chunk: Buffer): void => {
    begun = Buffer.concat([begun, chunk]);
    const end = begun.indexOf(10);
    if (end < 0 && begun.length <= MAX_REQUEST_BYTES) return;
    channel.off('data', onData);
    channel.pause();
    if (end < 0 || end > MAX_REQUEST_BYTES) {
      channel.destroy();
      return;
    }
    void connect(channel, dial, begun.subarray(0, end).toString('utf8'), begun.subarray(end + 1));
  };
  channel.on('data', onData);
  channel.on('error', () => channel.destroy());
}

async function connect(channel: Duplex, dial: Dial, line: string, rest: Buffer): Promise<void> {
  let dialled: Dialled;
  try {
    dialled = await dial(JSON.parse(line));
  } catch (error) {
    const { code } = (error ?? {}) as { readonly code?: unknown };
    const refused = typeof code === 'string' && /^[A-Z][A-Z0-9_]{2,63}$/.test(code) ? code : 'SANDBOX_DIAL_FAILED';
    channel.end(`${JSON.stringify({ refused })}\n`);
    channel.resume();
    return;
  }
  const { connection, answer } = dialled;
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
  channel.write(`${JSON.stringify({ answer })}\n`);
  if (rest.length > 0) connection.write(rest);
  channel.pipe(connection);
  connection.pipe(channel);
}
