import { request as requestPlain } from 'node:http';
import { request as requestTls } from 'node:https';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { ExecutorError } from '../errors.ts';

/** One request to one address that was checked. */
export interface Exchange {
  readonly method: string;
  readonly url: URL;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Uint8Array | null;
  readonly address: string;
  readonly family: 4 | 6;
  /** A connection to the address that is there already; without it one is made. */
  readonly connection?: Duplex | undefined;
  readonly maxResponseBytes: number;
  readonly signal: AbortSignal;
  /** Certificates to trust in place of the system's, in PEM. */
  readonly ca?: string | undefined;
}

/** What came back. */
export interface HttpResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Uint8Array;
  /** The body was larger than allowed, and the rest of it was not read. */
  readonly isCut: boolean;
}

/** Largest head of a response, in bytes. */
const MAX_HEAD_BYTES = 16_384;

/** The connection broke after something may have been sent: whether the effect happened is not known. */
export class ExchangeBroken extends Error {}

/**
 * Sends a request to the given address and no other: no name is resolved here, no connection is used again, no proxy is asked.
 * @throws ExecutorError EXECUTOR_CONNECT_FAILED while nothing was sent, {@link ExchangeBroken} afterwards
 */
export function exchange(options: Exchange): Promise<HttpResponse> {
  const { url, method, headers, body, address, family, connection, maxResponseBytes, signal, ca } = options;
  const isTls = url.protocol === 'https:';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const isName = isIP(host) === 0;
  let isConnected = false;
  return new Promise((resolve, reject) => {
    const fail = () =>
      reject(
        isConnected
          ? new ExchangeBroken('the connection broke')
          : new ExecutorError('EXECUTOR_CONNECT_FAILED', 'no connection to the host', { pointer: '/target' }),
      );
    const tls = isTls ? { servername: isName ? host : '', ...(ca === undefined ? {} : { ca }) } : {};
    const over = (socket: Duplex): Duplex =>
      isTls ? connectTls({ ...tls, host: isName ? host : address, socket }) : socket;
    const request = (isTls ? requestTls : requestPlain)({
      ...{ method, family, signal, maxHeaderSize: MAX_HEAD_BYTES, insecureHTTPParser: false },
      host: address,
      port: url.port === '' ? (isTls ? 443 : 80) : Number(url.port),
      path: `${url.pathname}${url.search}`,
      setHost: false,
      headers: {
        ...Object.fromEntries(headers),
        host: url.host,
        'accept-encoding': 'identity',
        connection: 'close',
        ...(body === null ? {} : { 'content-length': String(body.length) }),
      },
      ...(connection === undefined ? { agent: false, ...tls } : { createConnection: () => over(connection) }),
    });
    request.on('socket', (socket) => {
      // A connection without TLS that is there already is ready for the request.
      if (connection !== undefined && !isTls) {
        isConnected = true;
        connection.resume();
      }
      socket.once(isTls ? 'secureConnect' : 'connect', () => {
        isConnected = true;
      });
    });
    request.on('error', fail);
    request.on('response', (response) => {
      const chunks: Uint8Array[] = [];
      let length = 0;
      const done = (isCut: boolean) => {
        const whole = Buffer.concat(chunks).subarray(0, maxResponseBytes);
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: new Uint8Array(whole), isCut });
      };
      response.on('data', (chunk: Uint8Array) => {
        chunks.push(chunk);
        length += chunk.length;
        if (length <= maxResponseBytes) return;
        done(true);
        request.destroy();
      });
      // A response that breaks off ends in an error, never here.
      response.on('end', () => done(false));
      response.on('error', fail);
      response.on('close', fail);
    });
    request.end(body ?? undefined);
  });
}
