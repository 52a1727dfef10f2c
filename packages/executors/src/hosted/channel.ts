import { Socket } from 'node:net';
import { ExecutorError } from '../errors.ts';
import { chooseAddress } from '../http/address.ts';
import type { DialRequest, Reach } from '../http/reach.ts';

/** The first descriptor on which the host opens connections, and how many there are. */
const FIRST_CHANNEL = 4;

/** Longest line of the host. */
const MAX_LINE_BYTES = 8192;

/** Refusals of the host that have a meaning here; any other one is a connection that could not be had. */
const REFUSALS = ['EXECUTOR_ADDRESS_FORBIDDEN', 'EXECUTOR_NAME_NOT_RESOLVED', 'EXECUTOR_TARGET_NOT_ALLOWED'] as const;

/**
 * Reaches an origin over the channels of the host, one connection each. The host chose the address; whether the rule of this request
 * allows it is decided here. @throws ExecutorError
 */
export function reachByChannels(channels: number): Reach {
  let used = 0;
  return async (url, rule) => {
    if (used >= channels) throw new ExecutorError('EXECUTOR_REDIRECT_REFUSED', 'there are no more connections');
    used += 1;
    const connection = new Socket({ fd: FIRST_CHANNEL + used - 1, readable: true, writable: true });
    const request: DialRequest = { origin: url.origin };
    connection.write(`${JSON.stringify(request)}\n`);
    const { refused, answer } = parse(await readLine(connection));
    if (answer === undefined) {
      connection.destroy();
      const code = REFUSALS.find((one) => one === refused) ?? 'EXECUTOR_CONNECT_FAILED';
      throw new ExecutorError(code, 'the host opens no connection', { pointer: '/target' });
    }
    const checked = await chooseAddress(url.hostname, rule.networks, async () => [answer.address]);
    if (checked.address === answer.address) return { ...checked, connection };
    connection.destroy();
    throw new ExecutorError('EXECUTOR_ADDRESS_FORBIDDEN', 'the connection leads to another address', {
      pointer: '/target',
    });
  };
}

interface Line {
  readonly refused?: string;
  readonly answer?: { readonly address: string };
}

function parse(line: string): Line {
  return JSON.parse(line) as Line;
}

/** The first line; what follows it stays to be read. */
function readLine(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    let begun = Buffer.alloc(0);
    const settle = (line: string | undefined): void => {
      for (const name of ['data', 'end', 'error']) socket.removeAllListeners(name);
      if (line !== undefined) resolve(line);
      else reject(new ExecutorError('EXECUTOR_CONNECT_FAILED', 'the host opens no connection', { pointer: '/target' }));
    };
    socket.on('data', (chunk: Buffer) => {
      begun = Buffer.concat([begun, chunk]);
      const end = begun.indexOf(10);
      if (end < 0 && begun.length <= MAX_LINE_BYTES) return;
      socket.pause();
      if (end >= 0 && end + 1 < begun.length) socket.unshift(begun.subarray(end + 1));
      settle(end < 0 ? undefined : begun.subarray(0, end).toString('utf8'));
    });
    socket.on('end', () => settle(undefined));
    socket.on('error', () => settle(undefined));
  });
}
