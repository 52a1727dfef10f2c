import { fileURLToPath } from 'node:url';
import type { JsonObject } from '@exoarmur/contracts';
import { confine, digestCode } from '@exoarmur/sandbox';
import { describe, expect, it } from 'vitest';
import { hostDescribed, openHttp, ruleAt } from '../../test/hosted-executors.ts';
import { serve } from '../../test/http-servers.ts';
import { intentOf } from '../../test/intent.ts';
import { dialOrigin } from '../http/reach.ts';
import { parseRules } from '../http/rule.ts';
import { describeHttpExecutor } from './describe-http.ts';

const SECRET = 'Bearer s3cr3t/token+value==';

describe('the http executor in a process of its own', () => {
  it('sends a request with its secret over a connection of the host, and neither of them tells it', async () => {
    const server = await serve((request, response) => {
      response.writeHead(200, { 'content-type': 'text/plain', etag: String(request.headers.authorization) });
      response.end(`you sent ${request.headers.authorization}`);
    });
    const origin = `http://api.test:${server.port}`;
    const host = await openHttp(ruleAt(origin, { secretHeaders: { authorization: SECRET } }));
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
});

describe('two rules of one origin', () => {
  it('are kept apart: what the host may connect to for one is not sent to for the other', async () => {
    const server = await serve((_, response) => response.end('hello'));
    const origin = `http://api.test:${server.port}`;
    const { networks: _, ...outer } = ruleAt(origin, { paths: ['/outer'] });
    const rules = [ruleAt(origin, { paths: ['/inner'] }), outer];
    const host = await hostDescribed(describeHttpExecutor({ rules, resolver: async () => ['127.0.0.1'] }));
    const [inside, outside] = await Promise.all(
      ['/inner', '/outer'].map((path) => host.run(intentOf('http.get', `${origin}${path}`))),
    );
    expect(inside).toMatchObject({ status: 'succeeded' });
    expect(outside).toMatchObject({ status: 'failed', errorCode: 'EXECUTOR_ADDRESS_FORBIDDEN' });
    expect(server.requests).toHaveLength(1);
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
