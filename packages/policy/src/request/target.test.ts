import { describe, expect, it } from 'vitest';
import { parseTarget } from './target.ts';

describe('parseTarget', () => {
  it('reads a path with every directory above it', () => {
    expect(parseTarget('/srv/data/a.csv')).toEqual({
      outcome: 'valid',
      target: {
        kind: 'Path',
        id: '/srv/data/a.csv',
        path: '/srv/data/a.csv',
        name: 'a.csv',
        directories: ['/', '/srv', '/srv/data'],
      },
    });
    expect(parseTarget('/')).toMatchObject({ target: { kind: 'Path', directories: [] } });
  });

  it('reads a URL with its host and the domains above it', () => {
    expect(parseTarget('https://api.example.com/v1/x?q=1')).toEqual({
      outcome: 'valid',
      target: {
        kind: 'Url',
        id: 'https://api.example.com/v1/x?q=1',
        scheme: 'https',
        host: 'api.example.com',
        port: 443,
        path: '/v1/x',
        query: 'q=1',
        ip: undefined,
        domains: ['api.example.com', 'example.com', 'com'],
      },
    });
    expect(parseTarget('http://127.0.0.1:8080/')).toMatchObject({ target: { ip: '127.0.0.1', port: 8080 } });
    expect(parseTarget('http://[2001:db8::1]/')).toMatchObject({ target: { ip: '2001:db8::1' } });
    expect(parseTarget('http://[64:ff9a::1]/')).toMatchObject({ target: { ip: '64:ff9a::1' } });
    expect(parseTarget('http://[::1]:8080/')).toMatchObject({ target: { ip: '::1', host: '[::1]', port: 8080 } });
    expect(parseTarget('https://example.com')).toMatchObject({ target: { path: '', host: 'example.com' } });
    expect(parseTarget('s3://bucket/key')).toMatchObject({ target: { scheme: 's3', host: 'bucket', port: undefined } });
  });

  it('reads an MCP tool and a plain name', () => {
    expect(parseTarget('mcp://github/create_issue')).toEqual({
      outcome: 'valid',
      target: { kind: 'Tool', id: 'github/create_issue', server: 'github', name: 'create_issue' },
    });
    expect(parseTarget('host-42')).toMatchObject({ target: { kind: 'Name', name: 'host-42' } });
    expect(parseTarget('user@example.com')).toMatchObject({ target: { kind: 'Name' } });
  });

  it.each([
    ['/srv/../etc/passwd', 'dot_segment'],
    ['/srv/./x', 'dot_segment'],
    ['/srv/..', 'dot_segment'],
    ['//srv/x', 'empty_segment'],
    ['/srv//x', 'empty_segment'],
    ['/srv/', 'trailing_slash'],
    ['/srv\\..\\x', 'backslash'],
    [`/${'a/'.repeat(64)}b`, 'too_many_segments'],
    ['a/../b', 'dot_segment'],
    ['HTTP://example.com/', 'empty_segment'],
    ['https://example.com/a/../b', 'dot_segment'],
    ['https://example.com/a//b', 'empty_segment'],
    ['https://example.com/%2e%2e/b', 'encoded_separator'],
    ['https://example.com/a%2Fb', 'encoded_separator'],
    ['https://example.com/a%5cb', 'encoded_separator'],
    ['https://example.com/a%00', 'encoded_separator'],
    ['https://good.example@evil.example/', 'userinfo'],
    ['https://example.com/#x', 'fragment'],
    ['https://EXAMPLE.com/', 'host_malformed'],
    ['https://example.com./', 'host_malformed'],
    ['https://0x7f.1/', 'host_malformed'],
    ['https://2130706433/', 'host_malformed'],
    ['https://127.0.0.01/', 'host_malformed'],
    ['http://0.0.0.0/', 'host_malformed'],
    ['http://[::]/', 'host_malformed'],
    ['http://[::ffff:7f00:1]/', 'host_malformed'],
    ['http://[::7f00:1]/', 'host_malformed'],
    ['http://[::ffff:0:7f00:1]/', 'host_malformed'],
    ['http://[64:ff9b::7f00:1]/', 'host_malformed'],
    ['http://[64:ff9b:1::7f00:1]/', 'host_malformed'],
    ['http://[2002:7f00:1::]/', 'host_malformed'],
    ['http://[2001::7f00:1]/', 'host_malformed'],
    ['http://[2001:0:1::7f00:1]/', 'host_malformed'],
    ['https://exämple.com/', 'host_malformed'],
    ['https://example.com:0443/', 'host_malformed'],
    ['https:///x', 'host_malformed'],
    ['https://example.com:443/', 'not_normalised'],
    ['https://example.com:99999/', 'not_normalised'],
    ['https://example.com/a b', 'not_normalised'],
    ['https://[0:0::1]/', 'not_normalised'],
    ['mcp://server/', 'tool_malformed'],
    ['mcp://server/a/b', 'tool_malformed'],
    ['mcp://server/a?x', 'tool_malformed'],
    ['mcp://server/a%20b', 'tool_malformed'],
  ])('refuses %s', (text, reason) => {
    expect(parseTarget(text)).toEqual({ outcome: 'refused', reason });
  });
});
