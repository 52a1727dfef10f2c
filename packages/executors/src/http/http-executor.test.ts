import type { ActionIntent, JsonObject } from '@exoarmur/contracts';
import { describe, expect, it } from 'vitest';
import { CERTIFICATE, serve } from '../../test/http-servers.ts';
import { createHttpExecutor, type HttpExecutorOptions } from './http-executor.ts';
import type { HttpRule } from './rule.ts';

const SECRET = 'Bearer s3cr3t/token+value==';

const intentOf = (target: string, action = 'http.get', parameters: JsonObject = {}): ActionIntent => ({
  schema: 'exoarmur.intent/1',
  intent_id: 'intent-1',
  correlation_id: 'session-1',
  trace_id: null,
  tenant_id: 'demo',
  cell_id: 'cell',
  actor_id: 'agent-1',
  actor_type: 'agent',
  action_type: action,
  action_class: 'A2_hard_containment',
  target,
  parameters,
  safety_context: {},
  reason: 'test',
  idempotency_key: null,
  timestamp: '2024-01-01T12:00:00.000Z',
});

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
    const report = await perform(executor, intentOf(target, 'http.post', parameters));
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
      { method: 'POST', url: '/v1/items?limit=2', headers: { host: `api.test:${server.port}`, 'content-length': '5' } },
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
    const preview = await executor.preview?.(intentOf('http://api.test:8080/a', 'http.put', { body: 'text' }));
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
    const report = perform(executorOf(ruleAt(server.port)), intentOf(`http://api.test:${server.port}/`, action));
    expect(await report).toMatchObject(expected);
    expect(server.requests).toHaveLength(1);
  });

  it('leaves it open what happened when a server failed, or went away, while something was to be changed', async () => {
    const failing = await serve((_, response) => response.writeHead(503).end());
    const leaving = await serve((request) => request.socket.destroy());
    for (const { port } of [failing, leaving]) {
      const executor = executorOf(ruleAt(port));
      await expect(perform(executor, intentOf(`http://api.test:${port}/`, 'http.post'))).rejects.toThrow();
    }
    const reading = await perform(executorOf(ruleAt(leaving.port)), intentOf(`http://api.test:${leaving.port}/`));
    expect(reading).toMatchObject({ success: false, error_code: 'EXECUTOR_RESPONSE_FAILED' });
  });

  it('knows that nothing happened when there was no connection', async () => {
    const { port } = await serve(() => undefined);
    const other = executorOf({ ...ruleAt(port), origin: 'http://api.test:1' });
    const report = await perform(other, intentOf('http://api.test:1/', 'http.post'));
    expect(report).toMatchObject({ success: false, error_code: 'EXECUTOR_CONNECT_FAILED' });
  });

  it('stops in time, and when it is told to', async () => {
    const server = await serve(() => undefined);
    const executor = executorOf(ruleAt(server.port), { timeoutMs: 50 });
    const url = `http://api.test:${server.port}/`;
    expect(await perform(executor, intentOf(url))).toMatchObject({ error_code: 'EXECUTOR_RESPONSE_FAILED' });
    await expect(perform(executor, intentOf(url, 'http.put'))).rejects.toThrow('connection broke');
    const asked = server.requests.length;
    const report = await executor.execute(intentOf(url), { signal: AbortSignal.abort() });
    expect(report).toMatchObject({ success: false, error_code: 'EXECUTOR_ABORTED' });
    expect(server.requests).toHaveLength(asked);
  });

  it('reads no more than it may', async () => {
    const server = await serve((_, response) => response.end('x'.repeat(5000)));
    const url = `http://api.test:${server.port}/`;
    const executor = executorOf(ruleAt(server.port), { maxResponseBytes: 1000 });
    const read = await perform(executor, intentOf(url));
    expect(read).toMatchObject({
      success: false,
      error_code: 'EXECUTOR_RESPONSE_TOO_LARGE',
      observed: { bytes: 1000 },
    });
    const written = await perform(executor, intentOf(url, 'http.post'));
    expect(written).toMatchObject({ success: true, observed: { bytes: 1000, is_cut: true } });
    const headed = await serve((_, response) => response.writeHead(200, { 'x-long': 'x'.repeat(20_000) }).end());
    const report = await perform(executorOf(ruleAt(headed.port)), intentOf(`http://api.test:${headed.port}/`));
    expect(report).toMatchObject({ error_code: 'EXECUTOR_RESPONSE_FAILED' });
  });

  it('carries what is no text', async () => {
    const server = await serve((_, response) => response.end(Uint8Array.of(0xff, 0x00, 0x80)));
    const report = await perform(executorOf(ruleAt(server.port)), intentOf(`http://api.test:${server.port}/`));
    expect(report.claimed).toMatchObject({ content_base64: '/wCA' });
  });
});

describe('secrets', () => {
  it('reach the server, and no record, however they are echoed', async () => {
    const token = SECRET.slice('Bearer '.length);
    const echoes = [
      SECRET,
      token,
      encodeURIComponent(SECRET),
      JSON.stringify({ token: SECRET }),
      ...['', 'a', 'ab'].map((before) => Buffer.from(`${before}${SECRET}!`).toString('base64')),
    ];
    const server = await serve((_, response) => {
      response.writeHead(200, { etag: `"${token}"` });
      response.end(echoes.join('\n'));
    });
    const executor = executorOf(ruleAt(server.port, { secretHeaders: { Authorization: SECRET } }));
    const report = await perform(executor, intentOf(`http://api.test:${server.port}/`));
    expect(server.requests[0]?.headers.authorization).toBe(SECRET);
    expect(report.claimed).toMatchObject({ is_redacted: true, headers: { etag: '"[redacted]"' } });
    const told = JSON.stringify(report);
    for (const spelling of [
      token,
      encodeURIComponent(token),
      's3cr3t',
      Buffer.from(token).toString('base64').slice(4, 20),
    ]) {
      expect(told).not.toContain(spelling);
    }
  });

  it('cannot be set or replaced by the one who asks', async () => {
    const executor = executorOf(ruleAt(8080, { secretHeaders: { 'idempotency-key': 'fixed-by-operator' } }));
    for (const headers of [{ authorization: 'x' }, { cookie: 'x' }, { host: 'x' }, { 'idempotency-key': 'x' }]) {
      const check = await executor.validateTarget(intentOf('http://api.test:8080/', 'http.get', { headers }));
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
    const good = await perform(executorFor('api.test', CERTIFICATE), intentOf(`${at('api.test')}/`));
    expect(good).toMatchObject({ success: true, claimed: { content: 'ok' } });
    for (const [host, ca] of [
      ['other.test', CERTIFICATE],
      ['api.test', undefined],
    ] as const) {
      const bad = await perform(executorFor(host, ca), intentOf(`${at(host)}/`, 'http.post'));
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
    const intent = intentOf('http://api.test:8080/', action, parameters);
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
