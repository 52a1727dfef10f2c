import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ADD_CHECKPOINT_LIMITS, type Witness, type WitnessResponse } from '@exoarmur/audit/witness';

/**
 * Serves a witness until the process is told to end (SIGINT, SIGTERM): `POST /add-checkpoint` and
 * `GET /<hex of SHA-256 of the origin>/checkpoint`.
 */
export async function serveWitness(
  witness: Witness,
  { host, port }: { readonly host: string; readonly port: number },
  onListening: (address: string) => void,
): Promise<void> {
  const server = createWitnessServer(witness);
  server.listen(port, host);
  await once(server, 'listening');
  const address = server.address() as AddressInfo;
  onListening(`http://${host.includes(':') ? `[${host}]` : host}:${address.port}/`);
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  server.close();
  server.closeAllConnections();
}

/** The HTTP face of a witness; not yet listening. */
export function createWitnessServer(witness: Witness): Server {
  const server = createServer({ requestTimeout: 10_000, headersTimeout: 5_000 }, (request, response) => {
    answer(witness, request).then(
      ({ status, type, body }) => {
        response.writeHead(status, { 'content-type': type }).end(body);
      },
      // The witness could not write down what it saw, so it says nothing about the log.
      () => response.writeHead(500).end(),
    );
  });
  return server;
}

type Answer = Omit<WitnessResponse, 'status'> & { readonly status: number };

async function answer(witness: Witness, request: IncomingMessage): Promise<Answer> {
  const text = (status: number, body: string): Answer => ({ status, type: 'text/plain; charset=utf-8', body });
  const path = (request.url ?? '').split('?')[0] ?? '';
  if (path === '/add-checkpoint') {
    if (request.method !== 'POST') return text(405, 'method not allowed\n');
    const body = await readBody(request);
    return body === undefined ? text(413, 'request is too large\n') : witness.addCheckpoint(body);
  }
  const [, originHash] = /^\/([0-9a-f]{64})\/checkpoint$/.exec(path) ?? [];
  if (originHash === undefined) return text(404, 'not found\n');
  return request.method === 'GET' ? witness.latest(originHash) : text(405, 'method not allowed\n');
}

async function readBody(request: IncomingMessage): Promise<Uint8Array | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    length += (chunk as Buffer).length;
    if (length > ADD_CHECKPOINT_LIMITS.maxBytes) return undefined;
    chunks.push(chunk as Buffer);
  }
  return new Uint8Array(Buffer.concat(chunks));
}
