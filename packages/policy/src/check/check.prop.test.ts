import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createFacts, createIntent, createPolicySet } from '../../test/requests.ts';
import { createPolicyProbe } from '../explain/policy-probe.ts';
import { checkPolicySet } from '../index.ts';

const action = fc.constantFrom(
  'action',
  'action == Action::"file.read"',
  'action in [Action::"file.read", Action::"file.delete"]',
);
const principal = fc.constantFrom(
  'principal',
  'principal is Human',
  'principal is Agent',
  'principal == Human::"agent-1"',
  'principal in Agent::"agent-1"',
);
const resource = fc.constantFrom(
  'resource',
  'resource is Path',
  'resource is Url',
  'resource in Directory::"/srv"',
  'resource in Directory::"/srv/data"',
  'resource is Path in Directory::"/srv/data"',
  'resource == Path::"/srv/data"',
  'resource == Path::"/srv/data/a"',
  'resource in Path::"/srv/data/a"',
  'resource in Directory::"/srv/data/"',
  'resource in Host::"example.com"',
  'resource in Host::"api.example.com"',
  'resource in Host::"0.0.1"',
  'resource in Host::"10.0.0.1"',
  'resource == Url::"https://api.example.com/"',
  'resource in Server::"a"',
  'resource == Tool::"a/b"',
  'resource in Tool::"a/b"',
);
const conditions = fc.constantFrom(
  '',
  'when { context has trust_milli }',
  'when { context has trust_milli } unless { context.policy_verified }',
  'when { false }',
);
const effect = fc.constantFrom('permit', 'forbid', '@approval("human") forbid');
const policy = fc
  .tuple(effect, principal, action, resource, conditions)
  .map(([e, p, a, r, c]) => `${e}(${p}, ${a}, ${r}) ${c};`);

const targets = [
  '/srv',
  '/srv/data',
  '/srv/data/a',
  '/srv/data/a/b',
  'https://api.example.com/',
  'https://example.com/x',
  'http://10.0.0.1/',
  'mcp://a/b',
  'mcp://ab/c',
  'name',
];
const requests = targets.flatMap((target) =>
  (['human', 'agent'] as const).flatMap((actor_type) =>
    ['file.read', 'http.request'].flatMap((action_type) =>
      [true, false].map(
        (policy_verified) =>
          [createIntent({ target, actor_type, action_type }), createFacts({ policy_verified })] as const,
      ),
    ),
  ),
);

it('finds only what holds for every request', () => {
  fc.assert(
    fc.property(fc.array(policy, { minLength: 1, maxLength: 6 }), (texts) => {
      const set = createPolicySet(Object.fromEntries(texts.map((text, n) => [`p${n}`, text])));
      const { findings } = checkPolicySet(set);
      const probe = createPolicyProbe(set);
      try {
        for (const [intent, facts] of requests) {
          const seen = probe.ask(intent, facts);
          const held = new Set([...(seen?.permits ?? []), ...(seen?.forbids ?? []), ...(seen?.demands ?? [])]);
          for (const { kind, policy, by, message } of findings) {
            if (kind === 'action_never_permitted' && message === `no policy can permit \`${intent.action_type}\``) {
              expect((seen?.permits.length ?? 0) === 0 || (seen?.forbids.length ?? 0) > 0).toBe(true);
            }
            if (policy === null || !held.has(policy)) continue;
            expect(kind).not.toBe('unreachable');
            expect(held).toContain(by);
          }
        }
      } finally {
        probe.release();
      }
    }),
    { numRuns: 60 },
  );
});
