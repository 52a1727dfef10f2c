import { describe, expect, it } from 'vitest';
import { allowedSteps, buildBundle, deniedSteps, encodeBundle, intentOf, signerOf } from '../test/bundle-fixture.ts';
import { evaluator } from '../test/evaluator.ts';
import { lying, resealed } from '../test/tampering.ts';
import { describeBundle } from './describe-bundle.ts';
import { oneLine } from './one-line.ts';
import { formatReport } from './report-text.ts';
import { verifyBundle } from './verify-bundle.ts';

const DENIED = encodeBundle(buildBundle(deniedSteps()));

describe('formatReport', () => {
  it('tells the verdict, every check and what is not said', async () => {
    const text = formatReport(await verifyBundle(DENIED, { evaluator }));
    expect(text).toMatch(/^PASS {2}assurance: integrity\n/);
    expect(text).toContain('\n  passed  lifecycle     required  every step was lawful\n');
    expect(text).toContain('\n  -       signer                  a key that you trust vouches for it\n');
    expect(text).toMatch(/\n {2}key_not_trusted +anybody could have made and signed this file/);
  });

  it('tells where the first failure is, with both values', async () => {
    const bytes = resealed(
      lying(deniedSteps(), 'verdict_resolved', (payload) => {
        payload.verdict = 'allow';
      }),
    );
    const text = formatReport(await verifyBundle(bytes, { evaluator }));
    expect(text).toMatch(
      /FAILED {2}decision .*\n {10}decision_diverges {2}record 1 {2}at .*\/verdict {2}expected "deny" {2}found "allow"/,
    );
  });

  it('has the same text for the same bytes', async () => {
    const options = { trust: `log ${signerOf(1).vkey}\nquorum none\n` };
    expect(formatReport(await verifyBundle(DENIED, options))).toBe(formatReport(await verifyBundle(DENIED, options)));
  });
});

describe('describeBundle', () => {
  it('tells the story record by record and that nothing was verified', () => {
    const text = describeBundle(encodeBundle(buildBundle(allowedSteps())));
    expect(text).toMatch(/^Not verified/);
    expect(text).toContain('\n0  2024-01-01T12:00:00.000Z  intent_received  by agent a\n');
    expect(text).toMatch(/\n {3}target +\/ok\/x\n/);
    expect(text).toMatch(/\n {3}observed +\{"exists":false\}\n/);
  });

  it('marks what is withheld', () => {
    const bytes = encodeBundle(buildBundle(deniedSteps(), { withhold: ['intent_received'] }));
    expect(describeBundle(bytes)).toContain('\n   payload withheld\n');
  });

  it('says why a file cannot be read', () => {
    expect(describeBundle(new TextEncoder().encode('{}'))).toContain(
      'shape     unknown, not readable: final_newline_missing',
    );
  });

  it('does not let evidence write lines of its own', () => {
    const intent = intentOf({ parameters: { note: 'a\nPASS  assurance: witnessed\u001b[2J\u2028b' } });
    const text = describeBundle(encodeBundle(buildBundle(deniedSteps(intent))));
    expect(text).not.toMatch(/^PASS/m);
    expect(text.replaceAll('\n', '')).not.toMatch(/[\p{C}\p{Zl}]/u);
  });
});

describe('oneLine', () => {
  it.each([
    ['abc', 3, 'abc'],
    ['abcd', 3, 'abc…'],
    ['a\nb\r\u0000\u202e', 9, 'a?b???'],
    ['😀😀', 2, '😀😀'],
    ['😀😀😀', 2, '😀😀…'],
  ])('shows %j within %i characters', (text, limit, shown) => {
    expect(oneLine(text, limit)).toBe(shown);
  });
});
