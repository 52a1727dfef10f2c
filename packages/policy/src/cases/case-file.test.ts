import { describe, expect, it } from 'vitest';
import { parsePolicyCases } from '../index.ts';

const HEAD = 'schema: exoarmur.policy-cases/1\n';
const INTENT =
  '{actor_id: bot, actor_type: agent, action_type: file.read, action_class: A0_observe, target: /srv/a, parameters: {n: 3}}';

function withCase(rest: string): string {
  return `${HEAD}defaults: {intent: ${INTENT}}\ncases:\n  - {name: one, expect: {verdict: allow}${rest}}\n`;
}

describe('parsePolicyCases', () => {
  it('lays a case over the defaults of the file, and facts member by member', () => {
    const [one] = parsePolicyCases(withCase(', intent: {target: /srv/b}, facts: {environment: {degraded: null}}'));
    expect(one?.intent).toMatchObject({ actor_id: 'bot', target: '/srv/b', parameters: { n: 3 } });
    expect(one?.facts.environment).toEqual({
      degraded: null,
      cell_load_milli: 0,
      network_health_milli: 1000,
      resource_availability_milli: 1000,
    });
    expect(one?.expect).toEqual({ verdict: 'allow', policies: undefined, rules: undefined });
  });

  it('reads json as well', () => {
    const text = JSON.stringify({
      schema: 'exoarmur.policy-cases/1',
      must_deny: [
        {
          name: 'x',
          intent: { actor_id: 'a', actor_type: 'human', action_type: 'a', action_class: 'A0_observe', target: '/' },
        },
      ],
    });
    expect(parsePolicyCases(text)).toMatchObject([{ name: 'x', expect: null }]);
  });

  it.each([
    ['an alias', `${HEAD}cases: [&a {name: x}, *a]`, ''],
    ['a tag of its own', `${HEAD}cases: !mine []`, ''],
    ['a key twice', `${HEAD}cases: []\ncases: []`, ''],
    [
      'a number that would be rounded',
      withCase(', intent: {parameters: {n: 9007199254740993}}'),
      '/cases/0/intent/parameters/n',
    ],
    ['a number that is none', withCase(', intent: {parameters: {n: .nan}}'), '/cases/0/intent/parameters/n'],
    ['a prototype', withCase(', intent: {parameters: {__proto__: {a: 1}}}'), '/cases/0/intent/parameters'],
    ['nesting without an end', `${HEAD}cases: ${'['.repeat(100_000)}`, ''],
    ['nesting beyond the limit', `${HEAD}cases: ${'['.repeat(80)}${']'.repeat(80)}`, `/cases${'/0'.repeat(64)}`],
    ['two documents', `${HEAD}---\n${HEAD}`, ''],
    ['text that is no mapping', 'hello', ''],
    ['another schema', 'schema: exoarmur.policy-cases/2', '/schema'],
    ['a member that is misspelt', withCase(', inten: {}'), '/cases/0'],
    ['an intent that is misspelt', withCase(', intent: {taget: /srv}'), '/cases/0/intent'],
    ['facts of another shape', withCase(', facts: {trust_milli: 0.5}'), '/cases/0/facts/trust_milli'],
    ['a case without an expectation', `${HEAD}cases: [{name: x, intent: ${INTENT}}]`, '/cases/0/expect'],
    ['a verdict that there is not', withCase('').replace('allow', 'permit'), '/cases/0/expect/verdict'],
    [
      'an intent that leaves the target open',
      `${HEAD}must_deny: [{name: x, intent: {actor_id: a}}]`,
      '/must_deny/0/intent/actor_type',
    ],
    ['an expectation of what must be denied', `${HEAD}must_deny: [{name: x, expect: {verdict: deny}}]`, '/must_deny/0'],
    ['two cases of one name', `${withCase('')}  - {name: one, expect: {verdict: deny}}\n`, '/cases/1/name'],
    ['a file that is too large', ' '.repeat(4_194_305), ''],
  ])('refuses %s', (_, text, pointer) => {
    expect(() => parsePolicyCases(text)).toThrowError(
      expect.objectContaining({ code: 'POLICY_CASES_MALFORMED', pointer }),
    );
  });
});
