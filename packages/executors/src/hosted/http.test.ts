import { fileURLToPath } from 'node:url';
import type { JsonObject } from '@exoarmur/contracts';
import { confine, createSandboxedHost, digestCode } from '@exoarmur/sandbox';
import { describe, expect, it } from 'vitest';
import { CERTIFICATE, serve } from '../../test/http-servers.ts';
import { intentOf } from '../../test/intent.ts';
import type { HttpExecutorOptions } from '../http/http-executor.ts';
import { dialOrigin } from '../http/reach.ts';
import { type HttpRule, parseRules } from '../http/rule.ts';
import { describeHttpExecutor } from './describe-http.ts';

const SECRET = 'Bearer s3cr3t/token+value==';
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

const ruleAt = (origin: string, change: Partial<HttpRule> = {}): HttpRule => ({
  ...{ origin, methods: METHODS, paths: ['/'], networks: ['127.0.0.0/8'] },
  ...change,
});

const open = async (rule: HttpRule, change: Partial<HttpExecutorOptions> = {}) => {
  const described = describeHttpExecutor({ rules: [rule], resolver: async () => ['127.0.0.1'], ...change });
  const code = { ...described.code, digest: digestCode(described.code) };
  const limits = { targetLimits: { wallClockMs: 30_000 }, executionLimits: { wallClockMs: 60_000 } };
  return createSandboxedHost({ ...described, ...limits, code, acceptsUnrestrictedNetwork: true });
};

describe('the http executor in a process of its own', () => {
  it('sends a request with its secret over a connection of the host, and neither of them tells it', async () => {
    const server = await serve((request, response) => {
      response.writeHead(200, { 'content-type': 'text/plain', etag: String(request.headers.authorization) });
      response.end(`you sent ${request.headers.authorization}`);
    });
    const origin = `http://api.test:${server.port}`;
    const host = await open(ruleAt(origin, { secretHeaders: { authorization: SECRET } }));
    expect(host.hosting).toMatchObject({ connections: 1 });
    expect(host.hosting).not.toMatchObject({ network: 'allowed' });
    const intent = intentOf('http.post', `${origin}/v1/items`, { body: 'hello' });
    const [check, preview] = await Promise.all([host.checkTarget(intent), host.preview?.(intent)]);
    expect(check).toMatchObject({ result: 'valid', evidence: { method: 'POST', path: '/v1/items', address: null } });
    expect(preview?.body).toContain('authorization: [secret]');
    expect(server.connections()).toBe(0);
    const outcome = await host.run(intent);
    expect(outcome).toMatchObject({
      ...{ status: 'succeeded', claimed: { status: 200, is_redacted: true, content: 'you sent [redacted]' } },
      observed: { address: '127.0.0.1' },
    });
    expect(server.requests).toMatchObject([{ method: 'POST', headers: { authorization: SECRET } }]);
    expect(JSON.stringify([check, preview, outcome, host.hosting, host.identity])).not.toMatch(/s3cr3t|czNjcjN0/);
  });

  it('speaks TLS inside, with a certificate of the name', async () => {
    const server = await serve((_, response) => response.end('hello'), { tls: true });
    const origin = `https://api.test:${server.port}`;
    const intent = intentOf('http.get', `${origin}/`);
    const [known, unknown] = await Promise.all([open(ruleAt(origin), { ca: CERTIFICATE }), open(ruleAt(origin))]);
    expect(await known.run(intent)).toMatchObject({ status: 'succeeded', claimed: { content: 'hello' } });
    expect(await unknown.run(intent)).toMatchObject({ status: 'failed', errorCode: 'EXECUTOR_CONNECT_FAILED' });
    expect(server.requests).toHaveLength(1);
  });

  it('follows a redirect over another connection, to where its rule allows', async () => {
    const server = await serve((request, response) => {
      if (request.url === '/a') response.writeHead(302, { location: '/b' }).end();
      else if (request.url === '/out') response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end();
      else response.end('there');
    });
    const origin = `http://api.test:${server.port}`;
    const host = await open(ruleAt(origin, { maxRedirects: 1 }));
    const [followed, refused] = await Promise.all(
      ['/a', '/out'].map((path) => host.run(intentOf('http.get', `${origin}${path}`))),
    );
    expect(followed).toMatchObject({ claimed: { content: 'there' } });
    expect(refused).toMatchObject({ status: 'failed', errorCode: 'EXECUTOR_REDIRECT_REFUSED' });
  });

  it('is refused what the name stands for, and knows that nothing was sent', async () => {
    const server = await serve((_, response) => response.end('hello'));
    const origin = `http://api.test:${server.port}`;
    const { networks: _, ...unnamed } = ruleAt(origin);
    const [inner, nobody, gone] = await Promise.all([
      open(unnamed),
      open(ruleAt(origin), { resolver: async () => [] }),
      open(ruleAt('http://api.test:1')),
    ]);
    const intent = intentOf('http.post', `${origin}/`);
    expect(await inner.run(intent)).toMatchObject({ status: 'failed', errorCode: 'EXECUTOR_ADDRESS_FORBIDDEN' });
    expect(await nobody.run(intent)).toMatchObject({ status: 'failed', errorCode: 'EXECUTOR_NAME_NOT_RESOLVED' });
    const other = intentOf('http.post', 'http://api.test:1/');
    expect(await gone.run(other)).toMatchObject({ status: 'failed', errorCode: 'EXECUTOR_CONNECT_FAILED' });
    expect(server.connections()).toBe(0);
    const literal = intentOf('http.get', `http://127.0.0.1:${server.port}/`);
    const bare = await open({ ...unnamed, origin: `http://127.0.0.1:${server.port}` });
    expect(await bare.checkTarget(literal)).toMatchObject({
      ...{ result: 'violates_constraints', evidence: { code: 'EXECUTOR_ADDRESS_FORBIDDEN' } },
    });
  });

  it('leaves it open what happened when a server goes away while something was to be changed', async () => {
    const server = await serve((request) => request.socket.destroy());
    const origin = `http://api.test:${server.port}`;
    const host = await open(ruleAt(origin));
    expect(await host.run(intentOf('http.post', `${origin}/`))).toMatchObject({ status: 'ambiguous' });
    expect(await host.run(intentOf('http.get', `${origin}/`))).toMatchObject({ errorCode: 'EXECUTOR_RESPONSE_FAILED' });
  });
});

describe('a fault of the http executor', () => {
  const KIT = fileURLToPath(new URL('../../test/hosted-http-kit.mjs', import.meta.url));

  it('reaches no network, no other origin, no file and no secret before its time', async () => {
    const server = await serve((_, response) => response.end('hello'));
    const other = await serve((_, response) => response.end('other'));
    const origin = `http://api.test:${server.port}`;
    const described = describeHttpExecutor({
      rules: [ruleAt(origin), ruleAt(`http://api.test:${other.port}`)],
      resolver: async () => ['127.0.0.1'],
    });
    const code = { entry: KIT, digest: digestCode({ entry: KIT }) };
    const confined = await confine({
      ...{
        code,
        mode: 'function',
        network: 'denied',
        hasScratch: false,
        connections: 4,
        acceptsUnrestrictedNetwork: true,
      },
      limits: { wallClockMs: 30_000 },
    });
    const intent = intentOf('http.get', `${origin}/`);
    const dial = (asked: unknown) => described.dial?.(asked, intent) as ReturnType<NonNullable<typeof described.dial>>;
    const request: JsonObject = {
      port: other.port,
      asks: [
        JSON.stringify({ origin: `http://api.test:${other.port}` }),
        JSON.stringify({ origin: 'http://127.0.0.1:1' }),
        'no json',
        JSON.stringify({ origin }),
      ],
    };
    const isClosed = confined.hosting.network !== 'none';
    expect(await confined.run(request, undefined, dial)).toEqual({
      outcome: 'answered',
      answer: {
        connect: isClosed ? 'closed' : 'open',
        asks: ['EXECUTOR_TARGET_NOT_ALLOWED', 'EXECUTOR_TARGET_NOT_ALLOWED', 'SANDBOX_DIAL_FAILED', 'hello'],
      },
    });
    expect(server.connections()).toBe(1);
  });

  it('is not dialled for an origin that is of no rule, whatever the intent says', async () => {
    const rules = parseRules([ruleAt('http://api.test:80')].map((rule) => ({ ...rule, origin: 'http://api.test' })));
    const resolver = async () => ['127.0.0.1'];
    for (const [asked, target] of [
      [{ origin: 'http://evil.test' }, 'http://evil.test/'],
      [{ origin: 'http://api.test' }, 'http://evil.test/'],
      [{ origin: 'http://api.test' }, 'no url'],
      [null, 'http://api.test/'],
      [{ origin: ['http://api.test'] }, 'http://api.test/'],
    ] as const) {
      await expect(dialOrigin(asked, target, { rules, resolver })).rejects.toMatchObject({
        code: 'EXECUTOR_TARGET_NOT_ALLOWED',
      });
    }
  });
});

describe('the description of an http executor', () => {
  it('has the names of secret headers in its configuration, and their values apart', () => {
    const described = describeHttpExecutor({
      rules: [ruleAt('http://api.test', { secretHeaders: { Authorization: SECRET } })],
    });
    expect(JSON.stringify(described.config)).not.toContain('s3cr3t');
    expect(described.config).toMatchObject({ rules: [{ secretHeaders: ['Authorization'] }] });
    const secretsOf = (target: string) => described.secrets?.(intentOf('http.get', target));
    expect(secretsOf('http://api.test/x')).toEqual({ headers: [{ Authorization: SECRET }] });
    // Another origin, another rule: nothing is told that is not needed.
    for (const target of ['http://other.test/', 'no url']) expect(secretsOf(target)).toEqual({ headers: [{}] });
    expect(described.redact?.(`x ${SECRET} y`)).toBe('x [redacted] y');
    expect(described).toMatchObject({ read: [], write: [], connections: 1 });
  });

  it('refuses what the executor refuses', () => {
    expect(() => describeHttpExecutor({ rules: [] })).toThrow(
      expect.objectContaining({ code: 'EXECUTOR_CONFIG_INVALID' }),
    );
  });
});
