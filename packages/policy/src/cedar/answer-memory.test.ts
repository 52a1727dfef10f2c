import type { ActionIntent, Facts } from '@exoarmur/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createFacts, createIntent, createPolicySet } from '../../test/requests.ts';
import { type CedarValue, createCedarRequest } from '../request/cedar-request.ts';
import { AnswerMemory } from './answer-memory.ts';
import { compilePolicySet } from './compile.ts';
import { createPolicyShelf, type EngineAnswer, preparePolicySet } from './prepared-set.ts';
import { policyToJson, preparseSchema } from './wasm.ts';

const { cedar_schema: SCHEMA } = createPolicySet({});
preparseSchema('memory', SCHEMA);

function policyOf(id: string, text: string) {
  const answer = policyToJson(text);
  if (answer.type === 'failure') throw new TypeError(text);
  return { id, text, json: answer.json };
}

function requestOf(intent: Partial<ActionIntent>, facts: Partial<Facts> = {}) {
  const answer = createCedarRequest(createIntent(intent), createFacts(facts));
  if (answer.outcome === 'refused') throw new TypeError(answer.reason);
  return answer.request;
}

const ANSWER: EngineAnswer = { outcome: 'answered', allowed: true, reasons: ['p'], errored: [] };

/** How often the engine is asked when one policy answers requests one after the other. */
function asksOf(policy: string, requests: readonly ReturnType<typeof requestOf>[], answer = ANSWER): number {
  const memory = new AnswerMemory([policyOf('p', policy).json]);
  let asks = 0;
  for (const request of requests) {
    memory.recall([0], request, () => {
      asks++;
      return answer;
    });
  }
  return asks;
}

const SCOPE_ONLY = 'permit(principal, action, resource in Directory::"/srv");';
const when = (condition: string): string => `permit(principal, action, resource) when { ${condition} };`;
const ENVIRONMENT = createFacts().environment;

/** Pairs of requests that differ in one value, with a condition that reads it and one that does not. */
const DIFFERENCES: readonly (readonly [name: string, read: string, unread: string, Parameters<typeof requestOf>])[] = [
  [
    'time',
    'context.time < datetime("2030-01-01")',
    'context.policy_verified',
    [{}, { time: '2024-02-02T00:00:00.000Z' }],
  ],
  ['reason', 'context.reason == "clean up"', 'context has trust_milli', [{ reason: 'other' }]],
  ['correlation', 'context.correlation like "c*"', 'context.time < datetime("2030-01-01")', [{ correlation_id: 'x' }]],
  ['trust', 'context has trust_milli && context.trust_milli > 5', 'resource.name == "a"', [{}, { trust_milli: 3 }]],
  ['load', 'context.environment has degraded', 'true', [{}, { environment: { ...ENVIRONMENT, cell_load_milli: 7 } }]],
  [
    'self',
    'resource == Path::"/srv/data/report.csv"',
    'principal.tenant == "demo"',
    [{ target: '/srv/data/other.csv' }],
  ],
  ['directory', 'resource in Directory::"/srv"', 'resource in Path::"/srv"', [{ target: '/etc/data/other.csv' }]],
  [
    'one of',
    'resource in [Directory::"/a", Directory::"/etc"]',
    'resource is Path',
    [{ target: '/etc/data/other.csv' }],
  ],
  ['whole', '{ it: resource }.it has name', 'resource != Path::"/a"', [{ target: '/srv/data/other.csv' }]],
  ['person', 'principal != Human::"agent-2"', 'principal in Human::"agent-3"', [{ actor_id: 'agent-2' }]],
  ['name', 'resource.name == "x"', 'resource.depth == 2', [{ target: '/srv/data/other.csv' }]],
  ['actor', 'principal == resource', 'principal.cell == "demo"', [{ actor_id: 'agent-2' }]],
];

describe('AnswerMemory', () => {
  it.each(DIFFERENCES)('asks again when what is read differs, and only then: %s', (_, read, unread, change) => {
    const requests = [requestOf({}), requestOf(...change), requestOf({}), requestOf(...change)];
    expect(asksOf(when(read), requests)).toBe(2);
    expect(asksOf(when(unread), requests)).toBe(1);
  });

  it.each([
    ['the action', { action_type: 'file.read' }, {}],
    ['the kind of actor', { actor_type: 'agent' }, {}],
    ['the kind of target', { target: 'https://example.com/' }, {}],
    ['the action class', { action_class: 'A0_observe' }, {}],
    ['a fact that is missing', {}, { trust_milli: null }],
    ['parameters', { parameters: { a: 1 } }, {}],
    ['a time that the engine might refuse', {}, { time: '0999-01-01T00:00:00.000Z' }],
  ] as const)('always tells apart: %s', (_, intent, facts) => {
    const policy = when('principal.tenant == "demo" && context.action_class == "A1_soft_containment"');
    expect(asksOf(policy, [requestOf({}), requestOf(intent, facts)])).toBe(2);
  });

  it('keeps slices apart', () => {
    const memory = new AnswerMemory([policyOf('a', SCOPE_ONLY).json, policyOf('b', SCOPE_ONLY).json]);
    const none: EngineAnswer = { ...ANSWER, allowed: false };
    expect(memory.recall([0], requestOf({}), () => ANSWER)).toBe(ANSWER);
    expect(memory.recall([0, 1], requestOf({}), () => none)).toBe(none);
  });

  it('remembers no failure and no error', () => {
    const requests = [requestOf({}), requestOf({})];
    expect(asksOf(SCOPE_ONLY, requests, { outcome: 'failed' })).toBe(2);
    expect(asksOf(SCOPE_ONLY, requests, { ...ANSWER, errored: ['p'] })).toBe(2);
    expect(asksOf(SCOPE_ONLY, requests)).toBe(1);
  });

  it.each([
    when('Agent::"a" in Agent::"b"'),
    when('Agent::"a".tenant == "x"'),
    when('principal in [Agent::"a", principal] || Agent::"a" has tenant'),
    when('{ it: resource }.it has name && {"Var": 1} == {"Var": 2}'),
  ])('asks each time for a condition that it cannot limit: %s', (policy) =>
    expect(asksOf(policy, [requestOf({}), requestOf({})])).toBe(2),
  );

  it('lets the least recently used answer make room', () => {
    const numbers = Array.from({ length: 8193 }, (_, trust_milli) => requestOf({}, { trust_milli }));
    const policy = when('context has trust_milli && context.trust_milli > 5');
    expect(asksOf(policy, [...numbers, numbers[8192], numbers[0]] as typeof numbers)).toBe(8194);
  });

  it('never changes an answer of the engine', () => {
    const conditions = [
      '',
      ...DIFFERENCES.flatMap(([, read, unread]) => [` when { ${read} }`, ` unless { ${unread} }`]),
      ' when { context.arguments.hasTag("/a") }',
      ' when { context.quantities.getTag("/none") > 0 }',
      ' when { context.environment.cell_load_milli > 50 }',
      ' when { if resource is Path then resource.depth > 2 else context.trust_milli > 100 }',
    ];
    const scopes = ['resource', 'resource in Directory::"/srv"', 'resource is Url', 'resource == Path::"/srv/a"'];
    const policy = fc.tuple(
      fc.constantFrom('permit', 'forbid'),
      fc.constantFrom('principal', 'principal is Agent', 'principal == Human::"agent-1"'),
      fc.constantFrom(...scopes),
      fc.constantFrom(...conditions),
    );
    const request = fc.tuple(
      fc.record({
        target: fc.constantFrom('/srv/a', '/srv/data/b', '/etc/a', 'https://example.com/a'),
        actor_id: fc.constantFrom('agent-1', 'agent-2'),
        actor_type: fc.constantFrom('agent' as const, 'human' as const),
        action_type: fc.constantFrom('file.read', 'file.delete'),
        reason: fc.constantFrom('clean up', 'other'),
        parameters: fc.constantFrom({}, { a: 'x' }, { a: 1 }),
      }),
      fc.record({
        time: fc.constantFrom('2024-01-01T12:00:00.000Z', '2031-01-01T12:00:00.000Z', '0999-01-01T00:00:00.000Z'),
        trust_milli: fc.constantFrom(null, 3, 900),
        environment: fc.constantFrom(ENVIRONMENT, { ...ENVIRONMENT, cell_load_milli: 7, degraded: null }),
      }),
    );
    let runs = 0;
    fc.assert(
      fc.property(
        fc.array(policy, { maxLength: 4 }),
        fc.array(request, { minLength: 8, maxLength: 16 }),
        (texts, asked) => {
          const list = texts.map(([e, p, r, c], n) => policyOf(`p${n}`, `${e}(${p}, action, ${r})${c};`));
          const name = `test/memory/${runs++}`;
          const remembering = createPolicyShelf(list, { name: `${name}/m`, schema: 'memory' });
          const asking = createPolicyShelf(list, { name: `${name}/a`, schema: 'memory', unsliced: true });
          for (const [intent, facts] of asked) {
            const question = requestOf(intent, facts);
            expect(sorted(remembering.ask(question))).toEqual(sorted(asking.ask(question)));
          }
          remembering.release();
          asking.release();
        },
      ),
      { numRuns: 150, seed: 11 },
    );
  });

  it('is not used under a schema that lists entities, which refuses by id', () => {
    const listed = SCHEMA.replace('entity Directory;', 'entity Directory enum ["/", "/srv"];');
    const set = createPolicySet({ all: 'permit(principal, action, resource);' });
    const answer = compilePolicySet({ ...set, cedar_schema: listed });
    if (answer.outcome === 'refused') throw new TypeError('the schema is refused');
    const prepared = preparePolicySet(answer.compiled, 'test/listed');
    expect(prepared?.askPlain(requestOf({ target: '/srv/a' }))).toMatchObject({ outcome: 'answered', allowed: true });
    expect(prepared?.askPlain(requestOf({ target: '/etc/a' }))).toEqual({ outcome: 'failed' });
  });
});

function sorted(answer: EngineAnswer) {
  return answer.outcome === 'failed'
    ? answer
    : { ...answer, reasons: [...answer.reasons].sort(), errored: [...answer.errored].sort() };
}

describe('a request of another shape than ours', () => {
  type Shape = ReturnType<typeof requestOf>;
  const [actor, target, ...others] = requestOf({}).entities as [
    Shape['entities'][0],
    Shape['entities'][0],
    ...Shape['entities'],
  ];
  const shapeOf = (change: Partial<Shape>): Shape => ({ ...requestOf({}), ...change });

  it('is known when it is ours', () => {
    expect(asksOf(SCOPE_ONLY, [requestOf({}), requestOf({})])).toBe(1);
  });

  it.each<[string, Shape]>([
    ['its entities in another order', shapeOf({ entities: [target, actor, ...others] })],
    ['the resource elsewhere', shapeOf({ entities: [actor, ...others, target] })],
    [
      'attributes of a third entity',
      shapeOf({ entities: [actor, target, { ...target, uid: { type: 'Path', id: '/x' }, parents: [] }] }),
    ],
    [
      'a third entity that is in something',
      shapeOf({ entities: [actor, target, { uid: { type: 'Path', id: '/x' }, attrs: {}, parents: [target.uid] }] }),
    ],
    [
      'an attribute that leads to the principal',
      shapeOf({ entities: [actor, { ...target, attrs: { owner: { __entity: { ...actor.uid } } } }, ...others] }),
    ],
    [
      'a tag that leads to the principal',
      shapeOf({
        entities: [
          actor,
          target,
          {
            ...{ uid: { type: 'Arguments', id: 'parameters' }, attrs: {}, parents: [] },
            tags: { owner: { __entity: { ...actor.uid } } as never },
          },
        ],
      }),
    ],
    ['a context that leads to the resource', shapeOf({ context: { deep: { of: { __entity: { ...target.uid } } } } })],
    ['a principal that is the resource', shapeOf({ principal: target.uid, entities: [target, target, ...others] })],
  ])('is asked about each time: %s', (_, request) => {
    expect(asksOf(SCOPE_ONLY, [request, request])).toBe(2);
  });

  it.each<[string, CedarValue, CedarValue]>([
    ['of another type', 'text', 5],
    ['to another entity', { __entity: { type: 'Path', id: '/x' } }, { __entity: { type: 'Path', id: '/y' } }],
    ['with another member', { one: 1 }, { two: 1 }],
    ['with more in it', ['x'], ['x', 'y']],
    ['of two parts and not of three', { a: { b: 1, c: 1 } }, { a: { b: 1 }, c: 1 }],
  ])('is told apart by what nobody reads: a value %s', (_, one, two) => {
    const requests = [one, two, one].map((value) => shapeOf({ context: { ...requestOf({}).context, value } }));
    expect(asksOf(SCOPE_ONLY, requests)).toBe(2);
  });
});
