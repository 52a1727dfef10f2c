import type { Digest } from '@exoarmur/contracts';
import { describe, expect, it } from 'vitest';
import { approvedSteps, buildBundle, encodeBundle, json } from '../test/bundle-fixture.ts';
import { evaluator } from '../test/evaluator.ts';
import type { Loose } from '../test/tampering.ts';
import { type ComparedRecord, findTrailDivergence } from './trail-divergence.ts';
import { verifyBundle } from './verify-bundle.ts';

const HONEST = buildBundle(approvedSteps());
const trailOf = (bundle: typeof HONEST): ComparedRecord[] =>
  bundle.records.map((record) => ({ record, payload: bundle.payloads[record.payload.digest as Digest]?.value }));
const TRAIL = trailOf(HONEST);
const ZERO = `sha256:${'0'.repeat(64)}`;

/** A copy of the honest trail with one record changed, header and payload. */
function changed(index: number, change: (step: { record: Loose; payload: Loose }) => void): ComparedRecord[] {
  const trail = json(TRAIL) as Loose;
  change(trail[index]);
  return trail;
}

const DECISIONS = [1, 4];
const ALL = TRAIL.map((_, index) => index);

/** Each kind of mutation, where it can happen, and what has to be said about it. */
const MUTATIONS: readonly (readonly [
  string,
  readonly number[],
  (step: { record: Loose; payload: Loose }) => void,
  string,
  string,
])[] = [
  [
    'kind',
    ALL,
    ({ record }) => {
      record.kind = 'policy_activated';
    },
    'kind_diverges',
    '/record/kind',
  ],
  [
    'stream',
    ALL,
    ({ record }) => {
      record.stream = 'x';
    },
    'identity_diverges',
    '/record/stream',
  ],
  [
    'correlation',
    ALL,
    ({ record }) => {
      record.correlation = 'x';
    },
    'identity_diverges',
    '/record/correlation',
  ],
  [
    'tenant',
    ALL,
    ({ record }) => {
      record.tenant = 'x';
    },
    'identity_diverges',
    '/record/tenant',
  ],
  [
    'actor',
    ALL,
    ({ record }) => {
      record.actor.id = 'x';
    },
    'actor_diverges',
    '/record/actor/id',
  ],
  [
    'time',
    ALL,
    ({ record }) => {
      record.time = '2025-01-01T00:00:00.000Z';
    },
    'time_diverges',
    '/record/time',
  ],
  [
    'seq',
    ALL,
    ({ record }) => {
      record.seq += 1;
    },
    'sealing_diverges',
    '/record/seq',
  ],
  [
    'prev',
    ALL,
    ({ record }) => {
      record.prev = ZERO;
    },
    'sealing_diverges',
    '/record/prev',
  ],
  [
    'commitment',
    ALL,
    ({ record }) => {
      record.payload.digest = ZERO;
    },
    'sealing_diverges',
    '/record/payload/digest',
  ],
  [
    'input',
    [0],
    ({ payload }) => {
      payload.parameters = { 'a/b': 1 };
    },
    'input_diverges',
    '/payload/parameters/a~1b',
  ],
  [
    'target',
    [0],
    ({ payload }) => {
      payload.target = '/ok/y';
    },
    'input_diverges',
    '/payload/target',
  ],
  [
    'fact',
    DECISIONS,
    ({ payload }) => {
      payload.facts.trust_milli = 1;
      payload.pdp.rationale = 'y';
    },
    'fact_diverges',
    '/payload/facts/trust_milli',
  ],
  [
    'policy',
    DECISIONS,
    ({ payload }) => {
      payload.policy_digest = ZERO;
      payload.pdp.rationale = 'y';
    },
    'policy_diverges',
    '/payload/policy_digest',
  ],
  [
    'engine',
    DECISIONS,
    ({ payload }) => {
      payload.engine.version = '9';
      payload.facts.trust_milli = 1;
    },
    'engine_diverges',
    '/payload/engine/version',
  ],
  [
    'decided intent',
    DECISIONS,
    ({ payload }) => {
      payload.intent_digest = ZERO;
    },
    'decision_diverges',
    '/payload/intent_digest',
  ],
  [
    'verdict',
    DECISIONS,
    ({ payload }) => {
      payload.verdict = 'deny';
    },
    'decision_diverges',
    '/payload/verdict',
  ],
  [
    'request',
    [2],
    ({ payload }) => {
      payload.requirement.quorum = 3;
    },
    'approval_diverges',
    '/payload/requirement/quorum',
  ],
  [
    'approval',
    [3],
    ({ payload }) => {
      payload.approval_digest = ZERO;
    },
    'approval_diverges',
    '/payload/approval_digest',
  ],
  [
    'target answer',
    [5],
    ({ payload }) => {
      payload.result = 'invalid';
    },
    'output_diverges',
    '/payload/result',
  ],
  [
    'grant',
    [6],
    ({ payload }) => {
      payload.nonce = '22'.repeat(16);
    },
    'grant_diverges',
    '/payload/nonce',
  ],
  [
    'output',
    [7],
    ({ payload }) => {
      payload.claimed = { deleted: false };
    },
    'output_diverges',
    '/payload/claimed/deleted',
  ],
  [
    'observed',
    [7],
    ({ payload }) => {
      payload.observed = null;
    },
    'output_diverges',
    '/payload/observed',
  ],
  [
    'closing',
    [8],
    ({ payload }) => {
      payload.reason = 'denied';
    },
    'output_diverges',
    '/payload/reason',
  ],
];

describe('two tellings of a trail', () => {
  it('are the same when nothing differs', () => {
    expect(findTrailDivergence(TRAIL, json(TRAIL) as Loose)).toBeUndefined();
    expect(findTrailDivergence([], [])).toBeUndefined();
  });

  it.each(MUTATIONS)('part at the first record with another %s', (_, places, change, code, pointer) => {
    for (const index of places) {
      const divergence = findTrailDivergence(TRAIL, changed(index, change));
      expect(divergence).toMatchObject({ code, record: index, pointer });
      expect(divergence?.expected).not.toBe(divergence?.found);
    }
  });

  it('part at the first of several differences', () => {
    const trail = changed(7, ({ payload }) => {
      payload.observed = null;
    });
    (trail as Loose)[4].record.actor.id = 'x';
    expect(findTrailDivergence(TRAIL, trail)).toMatchObject({ code: 'actor_diverges', record: 4 });
  });

  it('part where a record is missing, also the first and the last', () => {
    for (const index of ALL) {
      expect(findTrailDivergence(TRAIL, TRAIL.toSpliced(index, 1))).toMatchObject({
        code: 'record_missing',
        record: index,
        expected: TRAIL[index]?.record.kind,
      });
    }
  });

  it('part where there is one too many, also before the first and after the last', () => {
    const extra = changed(0, ({ record }) => {
      record.time = '2023-01-01T00:00:00.000Z';
    })[0] as ComparedRecord;
    for (const index of [...ALL, TRAIL.length]) {
      expect(findTrailDivergence(TRAIL, TRAIL.toSpliced(index, 0, extra))).toMatchObject({
        code: 'record_extra',
        record: index,
        found: 'intent_received',
      });
    }
  });

  it('part where two records stand in another order', () => {
    for (const index of ALL.slice(1)) {
      const trail = [...TRAIL];
      [trail[index - 1], trail[index]] = [trail[index] as ComparedRecord, trail[index - 1] as ComparedRecord];
      const divergence = findTrailDivergence(TRAIL, trail);
      expect(divergence).toMatchObject({ code: 'order_diverges', record: index - 1, pointer: '/record/kind' });
    }
  });

  it('say nothing about a payload that one of them withholds, and compare its commitment', () => {
    const withheld = TRAIL.map((step, index) => (index === 0 ? { ...step, payload: undefined } : step));
    expect(findTrailDivergence(TRAIL, withheld)).toBeUndefined();
    const other = changed(0, ({ record }) => {
      record.payload.digest = ZERO;
    }).map((step, index) => (index === 0 ? { ...step, payload: undefined } : step));
    expect(findTrailDivergence(TRAIL, other)).toMatchObject({ code: 'payload_withheld', record: 0, expected: null });
  });

  it('are read no further than the first difference needs', () => {
    let read = 0;
    function* endless(): Generator<ComparedRecord> {
      for (;;) {
        read += 1;
        yield TRAIL[read % TRAIL.length] as ComparedRecord;
      }
    }
    expect(findTrailDivergence(TRAIL, endless())?.record).toBe(0);
    expect(read).toBeLessThan(200);
  });
});

describe('a bundle that was edited after it was sealed', () => {
  const edits = MUTATIONS.filter(([name]) => name !== 'kind' && name !== 'commitment');
  it.each(edits)('fails at the same record for another %s', async (_, places, change) => {
    for (const index of places) {
      const bundle = json(HONEST) as Loose;
      const record = bundle.records[index];
      change({ record, payload: bundle.payloads[record.payload.digest].value });
      const report = await verifyBundle(encodeBundle(bundle), { evaluator });
      const integrity = report.checks.find(({ name }) => name === 'integrity');
      expect(report.verify_verdict).toBe('FAIL');
      expect(integrity?.status).toBe('failed');
      expect(integrity?.divergences[0]?.record).toBe(firstRecordOf(integrity?.divergences ?? []));
      expect(integrity?.divergences.some((divergence) => divergence.record === index)).toBe(true);
    }
  });
});

function firstRecordOf(divergences: readonly { readonly record: number | null }[]): number | null {
  return divergences[0]?.record ?? null;
}
