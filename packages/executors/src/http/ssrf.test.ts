import { describe, expect, it } from 'vitest';
import { serve } from '../../test/http-servers.ts';
import { intentOf } from '../../test/intent.ts';
import { createHttpExecutor } from './http-executor.ts';
import type { HttpRule } from './rule.ts';

const intentTo = (target: string) => intentOf('http.get', target);

const ruleFor = (origin: string, change: Partial<HttpRule> = {}): HttpRule => ({
  origin,
  methods: ['GET'],
  paths: ['/'],
  ...change,
});

const ask = async (target: string, rules: readonly HttpRule[], addresses: readonly string[] = ['127.0.0.1']) => {
  const executor = createHttpExecutor({ rules, resolver: async () => addresses });
  const check = await executor.validateTarget(intentTo(target));
  const report = await executor.execute(intentTo(target), { signal: new AbortController().signal });
  // What is refused when it is validated is refused when it is performed, and the other way round.
  expect(report.success ? undefined : report.error_code).toBe(check.evidence.code);
  return report.error_code;
};

describe('a spelling of an address that is not its one spelling is refused', () => {
  it.each([
    'http://2130706433/',
    'http://0x7f.1/',
    'http://0x7f000001/',
    'http://0177.0.0.1/',
    'http://127.1/',
    'http://127.0.0.1./',
    'http://[::ffff:127.0.0.1]/',
    'http://[0:0:0:0:0:0:0:1]/',
    'http://①②⑦.0.0.1/',
    'http://user@api.test/',
    'http://api.test@127.0.0.1/',
    'http://api.test#@127.0.0.1/',
    'http://api.test/#',
    'http://api.test/#part',
    'http://api.test\\@127.0.0.1/',
    'http:/api.test/',
    'http:api.test',
    'HTTP://api.test/',
    'http://API.test/',
    'http://api.test:80/',
    'http://api.test/../x',
    'http://api.test/%2e%2e/x',
    'http://api.test/a%2fb',
    'http://api.test//etc',
    'http://api.test/\tx',
    ' http://api.test/',
    'ftp://api.test/',
    'file:///etc/passwd',
    'gopher://api.test/',
    'data:text/plain,x',
    '//api.test/',
    '',
  ])('%j', async (target) => {
    // Rules for everything that a lenient reader could make of it.
    const origins = ['http://127.0.0.1', 'http://[::1]', 'http://[::ffff:7f00:1]', 'http://api.test'];
    const rules = origins.map((origin) => ruleFor(origin, { networks: ['127.0.0.0/8', '::1/128'] }));
    expect(await ask(target, rules)).toBe('EXECUTOR_TARGET_MALFORMED');
  });
});

describe('an address that is not public is not connected to', () => {
  it.each([
    ['this host', '0.0.0.0'],
    ['loopback', '127.0.0.1'],
    ['loopback, elsewhere in its block', '127.255.255.254'],
    ['private 10/8', '10.0.0.1'],
    ['private 172.16/12', '172.31.255.255'],
    ['private 192.168/16', '192.168.1.1'],
    ['shared 100.64/10', '100.64.0.1'],
    ['link-local, the metadata service', '169.254.169.254'],
    ['protocol assignments', '192.0.0.8'],
    ['documentation', '192.0.2.1'],
    ['benchmarking', '198.18.0.1'],
    ['multicast', '224.0.0.1'],
    ['reserved', '240.0.0.1'],
    ['broadcast', '255.255.255.255'],
    ['IPv6 unspecified', '::'],
    ['IPv6 loopback', '::1'],
    ['IPv4-mapped', '::ffff:169.254.169.254'],
    ['IPv4-mapped, public', '::ffff:8.8.8.8'],
    ['IPv4-compatible', '::127.0.0.1'],
    ['NAT64', '64:ff9b::a9fe:a9fe'],
    ['NAT64, local use', '64:ff9b:1::a9fe:a9fe'],
    ['6to4', '2002:7f00:1::1'],
    ['Teredo', '2001::1'],
    ['unique local', 'fd00::1'],
    ['unique local, the metadata service', 'fd00:ec2::254'],
    ['link-local', 'fe80::1'],
    ['link-local with a zone', 'fe80::1%eth0'],
    ['site-local', 'fec0::1'],
    ['IPv6 multicast', 'ff02::1'],
    ['IPv6 documentation', '2001:db8::1'],
    ['discard only', '100::1'],
    ['IPv6 that nobody was given', '4000::1'],
    ['IPv6 that nobody was given, low', '1::1'],
    ['a public address with a zone', '2606:4700:4700::1111%eth0'],
    ['an octal spelling', '0177.0.0.1'],
    ['a short spelling', '127.1'],
    ['no address at all', 'localhost'],
  ])('%s: %s', async (_, address) => {
    expect(await ask('http://api.test/', [ruleFor('http://api.test')], [address])).toBe('EXECUTOR_ADDRESS_FORBIDDEN');
    // One good answer does not carry a bad one.
    const both = ['93.184.215.14', address];
    expect(await ask('http://api.test/', [ruleFor('http://api.test')], both)).toBe('EXECUTOR_ADDRESS_FORBIDDEN');
  });

  it.each(['http://127.0.0.1', 'http://10.1.2.3', 'http://169.254.169.254', 'http://[::1]', 'http://[fd00:ec2::254]'])(
    'written into the target: %s',
    async (origin) => {
      expect(await ask(`${origin}/`, [ruleFor(origin)])).toBe('EXECUTOR_ADDRESS_FORBIDDEN');
    },
  );

  it('unless its network is named, and then that network alone', async () => {
    const server = await serve((_, response) => response.end('ok'));
    const rule = ruleFor(`http://api.test:${server.port}`, { networks: ['127.0.0.0/8'] });
    expect(await ask(`http://api.test:${server.port}/`, [rule])).toBeNull();
    expect(await ask(`http://api.test:${server.port}/`, [rule], ['10.0.0.1'])).toBe('EXECUTOR_ADDRESS_FORBIDDEN');
    expect(await ask(`http://api.test:${server.port}/`, [rule], ['::ffff:127.0.0.1'])).toBe(
      'EXECUTOR_ADDRESS_FORBIDDEN',
    );
    expect(server.requests).toHaveLength(1);
  });

  it.each<[string, () => Promise<readonly string[]>]>([
    ['none', async () => []],
    ['an error', () => Promise.reject(new Error('SERVFAIL'))],
    ['a flood', async () => Array.from({ length: 65 }, () => '93.184.215.14')],
  ])('and a name with %s as an answer has no address', async (_, resolver) => {
    const executor = createHttpExecutor({ rules: [ruleFor('http://api.test')], resolver });
    const report = await executor.execute(intentTo('http://api.test/'), { signal: new AbortController().signal });
    expect(report).toMatchObject({ success: false, error_code: 'EXECUTOR_NAME_NOT_RESOLVED' });
  });
});

// Only Linux has more than one loopback address without being told.
it.each(process.platform === 'linux' ? ['127.0.0.2'] : [])(
  'a name that is bound anew after %s was checked leads nowhere else',
  async () => {
    const inner = await serve((_, response) => response.end('secret'), { host: '127.0.0.1' });
    const outer = await serve((_, response) => response.end('public'), { host: '127.0.0.2', port: inner.port });
    const answers = [['127.0.0.2'], ['127.0.0.1']];
    let asked = 0;
    const executor = createHttpExecutor({
      rules: [ruleFor(`http://api.test:${inner.port}`, { networks: ['127.0.0.2/32'] })],
      resolver: async () => answers[Math.min(asked++, 1)] as string[],
    });
    const report = await executor.execute(intentTo(`http://api.test:${inner.port}/`), {
      signal: new AbortController().signal,
    });
    expect(report).toMatchObject({ success: true, claimed: { content: 'public' }, observed: { address: '127.0.0.2' } });
    expect([asked, outer.requests.length, inner.connections()]).toEqual([1, 1, 0]);
  },
);

describe('a rule', () => {
  it.each([
    ['another host', 'http://other.test/v1/a'],
    ['another port', 'http://api.test:8080/v1/a'],
    ['another scheme', 'https://api.test/v1/a'],
    ['a host below', 'http://x.api.test/v1/a'],
    ['a host with a final dot', 'http://api.test./v1/a'],
    ['a path beside', 'http://api.test/v10'],
    ['a path above', 'http://api.test/'],
    ['a path in capitals', 'http://api.test/V1/a'],
  ])('does not allow %s', async (_, target) => {
    const rules = [ruleFor('http://api.test', { paths: ['/v1'] })];
    expect(await ask(target, rules)).toBe('EXECUTOR_TARGET_NOT_ALLOWED');
  });
});

describe('a redirect', () => {
  const follow = async (location: (port: number, own: number) => string, change: Partial<HttpRule> = {}) => {
    const elsewhere = await serve((_, response) => response.end('elsewhere'));
    const server = await serve((request, response) => {
      if (request.url?.startsWith('/v1/end')) response.end('end');
      else response.writeHead(302, { location: location(elsewhere.port, request.socket.localPort ?? 0) }).end();
    });
    const rule = ruleFor(`http://api.test:${server.port}`, {
      ...{
        paths: ['/v1'],
        networks: ['127.0.0.0/8'],
        maxRedirects: 2,
        secretHeaders: { authorization: 'Bearer secret-1' },
      },
      ...change,
    });
    const executor = createHttpExecutor({ rules: [rule], resolver: async () => ['127.0.0.1'] });
    const target = `http://api.test:${server.port}/v1/start`;
    const report = await executor.execute(intentTo(target), { signal: new AbortController().signal });
    return { report, elsewhere, server };
  };

  it('is followed to what the same rule allows', async () => {
    const { report, server } = await follow(() => '/v1/end');
    expect(report).toMatchObject({ success: true, claimed: { content: 'end', status: 200 } });
    expect(server.requests.map(({ url }) => url)).toEqual(['/v1/start', '/v1/end']);
  });

  it('is reported and not followed unless that was said', async () => {
    const { report, server } = await follow(() => '/v1/end', { maxRedirects: 0 });
    expect(report).toMatchObject({ success: false, claimed: { status: 302, headers: { location: '/v1/end' } } });
    expect(server.requests).toHaveLength(1);
  });

  it('is reported without a secret that it carries', async () => {
    const { report } = await follow(() => '/v1/end?token=secret-1');
    expect(report.claimed.url).toMatch(/\/v1\/end\?token=\[redacted\]$/);
  });

  it.each<[string, (port: number, own: number) => string]>([
    ['the metadata service', () => 'http://169.254.169.254/latest/meta-data/'],
    ['another port of the same host', (port) => `http://api.test:${port}/v1/end`],
    ['this machine', (port) => `http://127.0.0.1:${port}/`],
    ['another path', () => '/admin'],
    ['a path that climbs', () => '/v1/../admin'],
    ['an encoded path that climbs', () => '/v1/%2e%2e/admin'],
    ['a path with an encoded slash', () => '/v1/end%2f..%2f..%2fadmin'],
    ['a path with an empty part', () => '/v1//end'],
    ['credentials', (_, own) => `http://a:b@api.test:${own}/v1/end`],
    ['another scheme', () => 'file:///etc/passwd'],
    ['nowhere', () => 'http://[::1'],
    ['itself, for ever', () => '/v1/start'],
  ])('is refused to %s', async (_, location) => {
    const { report, elsewhere } = await follow(location);
    expect(report).toMatchObject({ success: false, error_code: 'EXECUTOR_REDIRECT_REFUSED' });
    expect(elsewhere.connections()).toBe(0);
  });
});
