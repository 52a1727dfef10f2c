import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { expectRefusal } from '../test/errors.ts';
import { encodeUtf8 } from './bytes.ts';
import { commitPayload, digestBytes, digestValue, formatDigest, isDigest, parseDigest, sha256 } from './digest.ts';
import { encodeHex } from './hex.ts';
import { countDomains, MAX_DOMAINS } from './internal/domain.ts';
import { platform as browser } from './platform/browser.ts';
import { platform as node } from './platform/node.ts';

const expected = (...parts: (string | Uint8Array)[]) => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return `sha256:${hash.digest('hex')}`;
};

describe('digests', () => {
  it('separate the domain from the bytes with a zero byte', () => {
    expect(digestBytes('exoarmur.intent/1', encodeUtf8('x'))).toBe(expected('exoarmur.intent/1', '\0', 'x'));
    expect(digestBytes('ab', encodeUtf8('c'))).not.toBe(digestBytes('a', encodeUtf8('bc')));
    expect(digestValue('d', { b: 'é', a: 1 })).toBe(expected('d', '\0', '{"a":1,"b":"é"}'));
  });

  it('are the same under any number of domains, in any order', () => {
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 100; i++) {
        const domain = `d/${(i * 7919) % 100}`;
        expect(digestBytes(domain, encodeUtf8('x'))).toBe(expected(domain, '\0', 'x'));
      }
    }
  });

  it('of payloads cover the salt', () => {
    const salt = new Uint8Array(16).fill(5);
    expect(commitPayload(salt, { a: 1 })).toBe(expected('exoarmur.payload/1', '\0', salt, '{"a":1}'));
    expect(() => commitPayload(new Uint8Array(15), {})).toThrow(RangeError);
  });

  it.each(['', 'a b', 'é', 'a\0', 'x'.repeat(129)])('refuse the domain %j', (domain) => {
    expect(() => digestBytes(domain, new Uint8Array(0))).toThrow(TypeError);
    expect(() => digestValue(domain, null)).toThrow(TypeError);
  });

  it('keep no more domains at hand than a few, and forget none of their meaning', () => {
    for (let number = 0; number < 3 * MAX_DOMAINS; number++) {
      expect(digestValue(`domain/${number}`, null)).toBe(expected(`domain/${number}`, '\0null'));
      expect(countDomains()).toBeLessThanOrEqual(MAX_DOMAINS);
    }
  });

  it('have one text', () => {
    const text = formatDigest(sha256(new Uint8Array(0)));
    expect(text).toBe('sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    expect(`sha256:${encodeHex(parseDigest(text))}`).toBe(text);
    expect(() => formatDigest(new Uint8Array(31))).toThrow(RangeError);
    for (const bad of [
      text.toUpperCase(),
      text.slice(0, -1),
      `${text}0`,
      ` ${text}`,
      text.slice(7),
      `${text}\n`,
      5,
      null,
    ]) {
      expect(isDigest(bad)).toBe(false);
      if (typeof bad === 'string') expectRefusal('CANONICAL_DIGEST_MALFORMED', () => parseDigest(bad));
    }
  });

  it('do not depend on the platform', () => {
    for (const text of ['', 'é😀', 'x'.repeat(1000)]) {
      expect(browser.sha256HexOfText(text)).toBe(node.sha256HexOfText(text));
      expect(browser.sha256(encodeUtf8(text))).toEqual(node.sha256(encodeUtf8(text)));
    }
  });
});
