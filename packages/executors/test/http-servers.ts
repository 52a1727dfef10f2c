import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach } from 'vitest';

/** A certificate for `api.test` that nobody but a test trusts, and its key. */
export const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBkTCCATigAwIBAgIUZsEOdzSZe2uMc+MKsDGSM2Ef28wwCgYIKoZIzj0EAwIw
EzERMA8GA1UEAwwIYXBpLnRlc3QwIBcNMjYxMTI2MjMzOTQ1WhgPMjEyNjExMDIy
MzM5NDVaMBMxETAPBgNVBAMMCGFwaS50ZXN0MFkwEwYHKoZIzj0CAQYIKoZIzj0D
AQcDQgAEhQxZ4ZXxTHcXPffE3z6h4WsQjkQRE8VY6atkSxBA/akbjxkTYYndk5V9
mF+yZQl6ss69zRIT6cj7Jx109bq36KNoMGYwHQYDVR0OBBYEFFTCwrQeZ+BJCLtG
nfJ6OLv9K/2hMB8GA1UdIwQYMBaAFFTCwrQeZ+BJCLtGnfJ6OLv9K/2hMA8GA1Ud
EwEB/wQFMAMBAf8wEwYDVR0RBAwwCoIIYXBpLnRlc3QwCgYIKoZIzj0EAwIDRwAw
RAIgBIrn2Z0d5DcwUakVKT/P3IAg2Z5rLWtxda1TDNjrZpgCIDxjrjdv3PnwMn5K
mXPZbJAkRrZCPjziuFgYmiSR2wsH
-----END CERTIFICATE-----
`;
const PRIVATE_KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQggIjAcAyQjjnjXLU6
9NG0yfeTK6OTEWoh4W4XYGaqpC6hRANCAASFDFnhlfFMdxc998TfPqHhaxCORBET
xVjpq2RLEED9qRuPGRNhid2TlX2YX7JlCXqyzr3NEhPpyPsnHXT1urfo
-----END PRIVATE KEY-----
`;

/** A server of a test: where it listens, and what it was asked. */
export interface TestServer {
  readonly port: number;
  readonly requests: { readonly method: string; readonly url: string; readonly headers: Record<string, unknown> }[];
  /** Connections, also those without a request. */
  readonly connections: () => number;
}

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** Starts a server that is gone after the test. */
export async function serve(
  listener: RequestListener,
  { host = '127.0.0.1', port = 0, tls = false }: { host?: string; port?: number; tls?: boolean } = {},
): Promise<TestServer> {
  const requests: { method: string; url: string; headers: Record<string, unknown> }[] = [];
  let connections = 0;
  const listen: RequestListener = (request, response) => {
    requests.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers });
    listener(request, response);
  };
  const server = tls ? createTlsServer({ cert: CERTIFICATE, key: PRIVATE_KEY }, listen) : createServer(listen);
  server.on('connection', () => {
    connections += 1;
  });
  servers.push(server as Server);
  await new Promise<void>((resolve) => server.listen(port, host, resolve));
  return { port: (server.address() as AddressInfo).port, requests, connections: () => connections };
}
