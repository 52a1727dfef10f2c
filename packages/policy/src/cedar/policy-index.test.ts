import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createFacts, createIntent } from '../../test/requests.ts';
import { createCedarRequest } from '../request/cedar-request.ts';
import { PolicyIndex } from './policy-index.ts';
import { createPolicyShelf } from './prepared-set.ts';
import { policyToJson } from './wasm.ts';

const PRINCIPALS = [
  'principal',
  'principal == Human::"agent-1"',
  'principal == Human::"other"',
  'principal is Human',
  'principal is Agent',
];
const ACTIONS = [
  'action',
  'action == Action::"file.delete"',
  'action == Action::"file.read"',
  'action in Action::"file.delete"',
  'action in [Action::"file.read", Action::"file.delete", Action::"file.delete"]',
  'action in [Action::"file.read"]',
];
const RESOURCES = [
  'resource',
  'resource is Path',
  'resource is Url',
  'resource in Directory::"/srv"',
  'resource in Directory::"/etc"',
  'resource in Path::"/srv/data/report.csv"',
  'resource is Path in Directory::"/srv/data"',
  'resource is Url in Directory::"/srv/data"',
  'resource == Path::"/srv/data/report.csv"',
  'resource == Path::"/srv/data/other.csv"',
];
const CONDITIONS = ['', ' when { true }', ' when { false }', ' when { context.quantities.getTag("/none") > 0 }'];
const effects = fc.constantFrom('permit', 'forbid');

function createPolicy(id: string, text: string) {
  const answer = policyToJson(text);
  if (answer.type === 'failure') throw new TypeError(text);
  return { id, text, json: answer.json };
}

function createRequest(target: string) {
  const answer = createCedarRequest(createIntent({ target }), createFacts());
  if (answer.outcome === 'refused') throw new TypeError(answer.reason);
  return answer.request;
}

describe('PolicyIndex', () => {
  const every = PRINCIPALS.flatMap((p) => ACTIONS.flatMap((a) => RESOURCES.map((r) => `permit(${p}, ${a}, ${r});`)));
  const policies = every.map((text, index) => createPolicy(`p${index}`, text));
  const index = new PolicyIndex(policies.map(({ json }) => json));

  it.each(['/srv/data/report.csv', '/srv/x', '/', 'https://api.example.com/v1', 'mcp://srv/tool', 'name'])(
    'holds every policy that the engine finds to apply to %s, for every form of scope',
    (target) => {
      const request = createRequest(target);
      const slice = new Set(index.slice(request).map((position) => `p${position}`));
      const whole = createPolicyShelf(policies, { name: `test/superset/${target}`, schema: undefined, unsliced: true });
      const answer = whole.ask(request);
      expect(answer.outcome).toBe('answered');
      const reasons = answer.outcome === 'answered' ? answer.reasons : [];
      expect(reasons.length).toBeGreaterThan(0);
      expect(reasons.filter((id) => !slice.has(id))).toEqual([]);
      expect(slice.size).toBeLessThan(policies.length);
    },
  );

  it('keeps from the engine what it hears of elsewhere and no policy here is about, and nothing else', () => {
    const elsewhere = createPolicy('p', 'forbid(principal, action, resource in Directory::"/etc");');
    const schema = 'no schema of this name, so every question fails';
    const ask = (target: string, isSecond: boolean) =>
      createPolicyShelf([elsewhere], { name: `test/second/${isSecond}`, schema, isSecond }).ask(createRequest(target));
    expect(ask('/srv/x', true)).toEqual({ outcome: 'answered', allowed: false, reasons: [], errored: [] });
    expect(ask('/srv/x', false)).toEqual({ outcome: 'failed' });
    expect(ask('/etc/x', true)).toEqual({ outcome: 'failed' });
  });

  it('looks at a policy for an action group whatever the action, for the groups stand in the schema', () => {
    const group = createPolicy('g', 'permit(principal, action in Action::"writes", resource);');
    expect(new PolicyIndex([group.json]).slice(createRequest('/srv/x'))).toEqual([0]);
  });

  it('never changes the answer of the engine, errors included', () => {
    let run = 0;
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(
            effects,
            fc.constantFrom(...PRINCIPALS),
            fc.constantFrom(...ACTIONS),
            fc.constantFrom(...RESOURCES),
            fc.constantFrom(...CONDITIONS),
          ),
          { maxLength: 12 },
        ),
        fc.constantFrom('/srv/data/report.csv', '/etc/x', 'https://api.example.com/v1', 'name'),
        (texts, target) => {
          run += 1;
          const list = texts.map(([e, p, a, r, c], n) => createPolicy(`p${n}`, `${e}(${p}, ${a}, ${r})${c};`));
          const request = createRequest(target);
          const name = `test/equal/${run}`;
          const sliced = createPolicyShelf(list, { name: `${name}/s`, schema: undefined });
          const whole = createPolicyShelf(list, { name: `${name}/w`, schema: undefined, unsliced: true });
          expect(sort(sliced.ask(request))).toEqual(sort(whole.ask(request)));
          sliced.release();
          whole.release();
        },
      ),
      { numRuns: 300, seed: 7 },
    );
  });
});

function sort(answer: ReturnType<ReturnType<typeof createPolicyShelf>['ask']>) {
  return answer.outcome === 'failed'
    ? answer
    : { ...answer, reasons: [...answer.reasons].sort(), errored: [...answer.errored].sort() };
}
