import type { ActionIntent, JsonObject } from '@exoarmur/contracts';
import { describe, expect, it } from 'vitest';
import { CERTIFICATE, serve } from '../../test/http-servers.ts';
import { intentOf } from '../../test/intent.ts';
import { createHttpExecutor, type HttpExecutorOptions } from './http-executor.ts';
import { createRedactor } from './redact.ts';
import type { HttpRule } from './rule.ts';

const SECRET = 'Bearer s3cr3t/token+value==';

const ask = (target: string, action = 'http.get', parameters: JsonObject = {}) => intentOf(action, target, parameters);

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

/** A rule for the whole of `api.test` at a port, which may be on the loopback network. */
const ruleAt = (port: number, change: Partial<HttpRule> = {}): HttpRule => ({
  origin: `http://api.test:${port}`,
  methods: METHODS,
  paths: ['/'],
  networks: ['127.0.0.0/8'],
  ...change,
});

const executorOf = (rule: HttpRule, change: Partial<HttpExecutorOptions> = {}) =>
  createHttpExecutor({ rules: [rule], resolver: async () => ['127.0.0.1'], ...change });

const perform = (executor: ReturnType<typeof createHttpExecutor>, intent: ActionIntent) =>
  executor.execute(intent, { signal: new AbortController().signal });

describe('an http executor', () => {
  it('sends what was asked for, and reports what it claims and what it observed', async () => {
    const server = await serve((request, response) => {
      response.writeHead(201, { 'content-type': 'text/plain', 'x-other': 'not kept' });
      request.pipe(response);
    });
    const executor = executorOf(ruleAt(server.port));
    const target = `http://api.test:${server.port}/v1/items?limit=2`;
    const parameters = { headers: { 'content-type': 'text/plain' }, body: 'hello' };
    const report = await perform(executor, ask(target, 'http.post', parameters));
    expect(report).toEqual({
      success: true,
      error_code: null,
      claimed: {
        method: 'POST',
        url: target,
        status: 201,
        headers: { 'content-type': 'text/plain' },
        content: 'hello',
        is_redacted: false,
      },
      observed: {
        address: '127.0.0.1',
        status: 201,
        bytes: 5,
        is_cut: false,
        sha256: '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824',
      },
    });
    expect(server.requests).toMatchObject([
      {
        method: 'POST',
        url: '/v1/items?limit=2',
        headers: { host: `api.test:${server.port}`, 'content-length': '5', 'accept-encoding': 'identity' },
      },
    ]);
  });

  it('declares a floor for every method, none of them mere observation', () => {
    const { manifest } = executorOf(ruleAt(8080));
    expect(Object.keys(manifest.action_class_floors ?? {})).toEqual(manifest.action_types);
    expect(Object.values(manifest.action_class_floors ?? {})).not.toContain('A0_observe');
    expect(manifest.capabilities).toContain('http.delete:http://api.test:8080/');
  });

  it('shows a person the request, without its secrets', async () => {
    const executor = executorOf(ruleAt(8080, { secretHeaders: { Authorization: SECRET } }));
    const preview = await executor.preview?.(ask('http://api.test:8080/a', 'http.put', { body: 'text' }));
    expect(preview).toMatchObject({ summary: 'PUT to api.test:8080, 4 bytes of body', is_truncated: false });
    expect(preview?.body).toBe('PUT /a HTTP/1.1\nhost: api.test:8080\nauthorization: [secret]\n\ntext');
  });

  it.each([
    ['http.get', 404, { success: false, error_code: 'EXECUTOR_HTTP_STATUS' }],
    ['http.get', 500, { success: false, error_code: 'EXECUTOR_HTTP_STATUS' }],
    ['http.post', 409, { success: false, error_code: 'EXECUTOR_HTTP_STATUS' }],
    ['http.get', 302, { success: false, error_code: 'EXECUTOR_HTTP_STATUS', claimed: { status: 302 } }],
    ['http.delete', 204, { success: true, error_code: null }],
  ])('answers for %s and status %d', async (action, status, expected) => {
    const server = await serve((_, response) => response.writeHead(status, { location: 'http://elsewhere/' }).end());
    const report = perform(executorOf(ruleAt(server.port)), ask(`http://api.test:${server.port}/`, action));
    expect(await report).toMatchObject(expected);
    expect(server.requests).toHaveLength(1);
  });

  it('leaves it open what happened when a server failed, or went away, while something was to be changed', async () => {
    const failing = await serve((_, response) => response.writeHead(503).end());
    const leaving = await serve((request) => request.socket.destroy());
    for (const { port } of [failing, leaving]) {
      const executor = executorOf(ruleAt(port));
      await expect(perform(executor, ask(`http://api.test:${port}/`, 'http.post'))).rejects.toThrow();
    }
    const cutting = await serve((request, response) => {
      response.writeHead(200, { 'content-length': '10' });
      response.write('half', () => request.socket.destroy());
    });
    for (const { port } of [leaving, cutting]) {
      const reading = await perform(executorOf(ruleAt(port)), ask(`http://api.test:${port}/`));
      expect(reading).toMatchObject({ success: false, error_code: 'EXECUTOR_RESPONSE_FAILED' });
    }
  });

  it('knows that nothing happened when there was no connection', async () => {
    const { port } = await serve(() => undefined);
    const other = executorOf({ ...ruleAt(port), origin: 'http://api.test:1' });
    const report = await perform(other, ask('http://api.test:1/', 'http.post'));
    expect(report).toMatchObject({ success: false, error_code: 'EXECUTOR_CONNECT_FAILED' });
  });

  it('stops in time, and when it is told to', async () => {
    const server = await serve(() => undefined);
    const executor = executorOf(ruleAt(server.port), { timeoutMs: 50 });
    const url = `http://api.test:${server.port}/`;
    expect(await perform(executor, ask(url))).toMatchObject({ error_code: 'EXECUTOR_RESPONSE_FAILED' });
    await expect(perform(executor, ask(url, 'http.put'))).rejects.toThrow('connection broke');
    const asked = server.requests.length;
    const report = await executor.execute(ask(url), { signal: AbortSignal.abort() });
    expect(report).toMatchObject({ success: false, error_code: 'EXECUTOR_ABORTED' });
    expect(server.requests).toHaveLength(asked);
  });

  it('reads no more than it may', async () => {
    const server = await serve((_, response) => response.end('x'.repeat(5000)));
    const url = `http://api.test:${server.port}/`;
    const executor = executorOf(ruleAt(server.port), { maxResponseBytes: 1000 });
    const read = await perform(executor, ask(url));
    expect(read).toMatchObject({
      success: false,
      error_code: 'EXECUTOR_RESPONSE_TOO_LARGE',
      observed: { bytes: 1000 },
    });
    const written = await perform(executor, ask(url, 'http.post'));
    expect(written).toMatchObject({ success: true, observed: { bytes: 1000, is_cut: true } });
    const headed = await serve((_, response) => response.writeHead(200, { 'x-long': 'x'.repeat(20_000) }).end());
    const report = await perform(executorOf(ruleAt(headed.port)), ask(`http://api.test:${headed.port}/`));
    expect(report).toMatchObject({ error_code: 'EXECUTOR_RESPONSE_FAILED' });
  });

  it('hangs up on a response that is too long', async () => {
    let gone: (() => void) | undefined;
    const closed = new Promise<void>((resolve) => {
      gone = resolve;
    });
    const server = await serve((request, response) => {
      const writing = setInterval(() => response.write('x'.repeat(10_000)), 1);
      request.socket.on('close', () => {
        clearInterval(writing);
        gone?.();
      });
    });
    const executor = executorOf(ruleAt(server.port), { maxResponseBytes: 1000 });
    await perform(executor, ask(`http://api.test:${server.port}/`));
    await closed;
  });

  it('sends nothing a second time that changes something', async () => {
    const server = await serve((_, response) => response.writeHead(307, { location: '/again' }).end());
    const executor = executorOf(ruleAt(server.port, { maxRedirects: 3 }));
    const report = await perform(executor, ask(`http://api.test:${server.port}/`, 'http.post', { body: 'x' }));
    expect(report).toMatchObject({ success: false, error_code: 'EXECUTOR_HTTP_STATUS', claimed: { status: 307 } });
    expect(server.requests).toHaveLength(1);
  });

  it('carries what is no text', async () => {
    const server = await serve((_, response) => response.end(Uint8Array.of(0xff, 0x00, 0x80)));
    const report = await perform(executorOf(ruleAt(server.port)), ask(`http://api.test:${server.port}/`));
    expect(report.claimed).toMatchObject({ content_base64: '/wCA' });
  });
});

describe('secrets', () => {
  it.each(['s3cr3t/token+value==', 'a"quoted\\token of words'])(
    'reach the server, and no record, however they are echoed: %s',
    async (token) => {
      const secret = `Bearer ${token}`;
      const prefixes = ['', 'a', 'ab'];
      const encoded = prefixes.map((before) => Buffer.from(`${before}${secret}!`).toString('base64'));
      const echoes = [secret, token, encodeURIComponent(secret), JSON.stringify(secret), ...encoded];
      const server = await serve((_, response) => {
        response.writeHead(200, { etag: token });
        response.end(echoes.join('\n'));
      });
      const executor = executorOf(ruleAt(server.port, { secretHeaders: { Authorization: secret } }));
      const report = await perform(executor, ask(`http://api.test:${server.port}/`));
      expect(server.requests[0]?.headers.authorization).toBe(secret);
      expect(report.claimed).toMatchObject({ is_redacted: true, headers: { etag: '[redacted]' } });
      const lines = (report.claimed.content as string).split('\n');
      expect(lines.slice(0, 4)).toEqual(['[redacted]', '[redacted]', '[redacted]', '"[redacted]"']);
      // Of each base64 text only what mixes with what stands around it is left.
      for (const [index, text] of encoded.entries()) {
        expect(lines[4 + index]).toContain('[redacted]');
        expect(lines[4 + index]).not.toContain(text.slice(8, 20));
      }
    },
  );

  it('that begin alike are taken out whole', () => {
    const redact = createRedactor(['token-abcdefgh', 'token-abcdefgh-and-more']);
    expect(redact('a token-abcdefgh-and-more b token-abcdefgh c')).toBe('a [redacted] b [redacted] c');
  });

  it('cannot be set or replaced by the one who asks', async () => {
    const executor = executorOf(ruleAt(8080, { secretHeaders: { 'idempotency-key': 'fixed-by-operator' } }));
    for (const headers of [{ authorization: 'x' }, { cookie: 'x' }, { host: 'x' }, { 'idempotency-key': 'x' }]) {
      const check = await executor.validateTarget(ask('http://api.test:8080/', 'http.get', { headers }));
      expect(check).toMatchObject({ result: 'invalid', evidence: { code: 'EXECUTOR_PARAMETERS_MALFORMED' } });
    }
  });
});

describe('TLS', () => {
  it('holds a host to its name although the address was chosen here', async () => {
    const server = await serve((_, response) => response.end('ok'), { tls: true });
    const at = (host: string) => `https://${host}:${server.port}`;
    const executorFor = (host: string, ca?: string) =>
      executorOf({ ...ruleAt(server.port), origin: at(host) }, ca === undefined ? {} : { ca });
    const good = await perform(executorFor('api.test', CERTIFICATE), ask(`${at('api.test')}/`));
    expect(good).toMatchObject({ success: true, claimed: { content: 'ok' } });
    for (const [host, ca] of [
      ['other.test', CERTIFICATE],
      ['api.test', undefined],
    ] as const) {
      const bad = await perform(executorFor(host, ca), ask(`${at(host)}/`, 'http.post'));
      expect(bad).toMatchObject({ success: false, error_code: 'EXECUTOR_CONNECT_FAILED' });
    }
    expect(server.requests).toHaveLength(1);
  });
});

describe('an intent', () => {
  it.each<[string, string, JsonObject, string]>([
    ['of another kind', 'file.read', {}, 'EXECUTOR_ACTION_UNSUPPORTED'],
    ['with an unknown parameter', 'http.get', { timeout: 5 }, 'EXECUTOR_PARAMETERS_MALFORMED'],
    ['to read with a body', 'http.get', { body: 'x' }, 'EXECUTOR_PARAMETERS_MALFORMED'],
    ['with two bodies', 'http.post', { body: 'x', body_base64: 'eA==' }, 'EXECUTOR_PARAMETERS_MALFORMED'],
    ['with a body that is no text', 'http.post', { body: 5 }, 'EXECUTOR_PARAMETERS_MALFORMED'],
    ['with a body that is no base64', 'http.post', { body_base64: 'e*==' }, 'EXECUTOR_PARAMETERS_MALFORMED'],
    ['with a body too large', 'http.post', { body: 'x'.repeat(1_048_577) }, 'EXECUTOR_TARGET_TOO_LARGE'],
    ['with headers that are none', 'http.get', { headers: ['accept'] }, 'EXECUTOR_PARAMETERS_MALFORMED'],
    ['with a header that splits', 'http.get', { headers: { accept: 'a\r\nx: y' } }, 'EXECUTOR_PARAMETERS_MALFORMED'],
    ['with a header in capitals', 'http.get', { headers: { Accept: 'a' } }, 'EXECUTOR_PARAMETERS_MALFORMED'],
  ])('is refused: %s', async (_, action, parameters, code) => {
    const executor = executorOf(ruleAt(8080));
    const intent = ask('http://api.test:8080/', action, parameters);
    expect((await executor.validateTarget(intent)).evidence).toEqual({ code });
    expect(await perform(executor, intent)).toMatchObject({ success: false, error_code: code });
  });
});

describe('a configuration', () => {
  it.each<[string, Partial<HttpRule>]>([
    ['an origin with a path', { origin: 'https://api.test/v1' }],
    ['an origin of another scheme', { origin: 'ftp://api.test' }],
    ['no origin', { origin: 'api.test' }],
    ['no method', { methods: [] }],
    ['an unknown method', { methods: ['TRACE' as never] }],
    ['no path', { paths: [] }],
    ['a path that climbs', { paths: ['/a/../b'] }],
    ['an encoded path', { paths: ['/a%2f'] }],
    ['a network that is none', { networks: ['10.0.0.0'] }],
    ['too many redirects', { maxRedirects: 6 }],
    ['a secret in a header of the connection', { secretHeaders: { host: 'something-else' } }],
    ['a secret that splits', { secretHeaders: { authorization: 'secret\r\nx: y' } }],
    ['a secret that is none', { secretHeaders: { authorization: 'short' } }],
  ])('is refused: %s', (_, change) => {
    expect(() => executorOf(ruleAt(8080, change))).toThrow(
      expect.objectContaining({ code: 'EXECUTOR_CONFIG_INVALID' }),
    );
  });

  it.each<Partial<HttpExecutorOptions>>([{ rules: [] }, { maxResponseBytes: 2 ** 21 }, { timeoutMs: 0 }])(
    'has bounds: %j',
    (change) => {
      expect(() => executorOf(ruleAt(8080), change)).toThrow(
        expect.objectContaining({ code: 'EXECUTOR_CONFIG_INVALID' }),
      );
    },
  );
});
