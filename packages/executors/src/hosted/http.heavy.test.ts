import { describe, expect, it } from 'vitest';
import { openHttp, ruleAt } from '../../test/hosted-executors.ts';
import { CERTIFICATE, serve } from '../../test/http-servers.ts';
import { intentOf } from '../../test/intent.ts';

describe('the http executor in a process of its own', () => {
  it('speaks TLS inside, with a certificate of the name', async () => {
    const server = await serve((_, response) => response.end('hello'), { tls: true });
    const origin = `https://api.test:${server.port}`;
    const intent = intentOf('http.get', `${origin}/`);
    const [known, unknown] = await Promise.all([
      openHttp(ruleAt(origin), { ca: CERTIFICATE }),
      openHttp(ruleAt(origin)),
    ]);
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
    const host = await openHttp(ruleAt(origin, { maxRedirects: 1 }));
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
      openHttp(unnamed),
      openHttp(ruleAt(origin), { resolver: async () => [] }),
      openHttp(ruleAt('http://api.test:1')),
    ]);
    const intent = intentOf('http.post', `${origin}/`);
    expect(await inner.run(intent)).toMatchObject({ status: 'failed', errorCode: 'EXECUTOR_ADDRESS_FORBIDDEN' });
    expect(await nobody.run(intent)).toMatchObject({ status: 'failed', errorCode: 'EXECUTOR_NAME_NOT_RESOLVED' });
    const other = intentOf('http.post', 'http://api.test:1/');
    expect(await gone.run(other)).toMatchObject({ status: 'failed', errorCode: 'EXECUTOR_CONNECT_FAILED' });
    expect(server.connections()).toBe(0);
    const literal = intentOf('http.get', `http://127.0.0.1:${server.port}/`);
    const bare = await openHttp({ ...unnamed, origin: `http://127.0.0.1:${server.port}` });
    expect(await bare.checkTarget(literal)).toMatchObject({
      ...{ result: 'violates_constraints', evidence: { code: 'EXECUTOR_ADDRESS_FORBIDDEN' } },
    });
  });

  it('leaves it open what happened when a server goes away while something was to be changed', async () => {
    const server = await serve((request) => request.socket.destroy());
    const origin = `http://api.test:${server.port}`;
    const host = await openHttp(ruleAt(origin));
    expect(await host.run(intentOf('http.post', `${origin}/`))).toMatchObject({ status: 'ambiguous' });
    expect(await host.run(intentOf('http.get', `${origin}/`))).toMatchObject({ errorCode: 'EXECUTOR_RESPONSE_FAILED' });
  });
});
