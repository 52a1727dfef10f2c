import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { findIssuePointers, withOwnMember, withPollutedPrototype } from '../test/model-laws.ts';
import { legacyActionIntentSchema } from './boundary/intent.ts';
import { policyDecisionSchema } from './boundary/policy.ts';
import { executionTraceSchema } from './boundary/trace.ts';
import { BUNDLE_MEDIA_TYPE } from './bundle.ts';
import {
  canonicalDemoBundleSchema,
  detectBundleShape,
  legacyBundleSchema,
  unversionedLegacyBundleSchema,
  wrappedDemoBundleSchema,
} from './legacy-bundle.ts';

type Members = Record<string, unknown>;

function readVector(name: string): Members {
  const url = new URL(`../../../spec/vectors/legacy-python/legacy-bundles/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(url, 'utf8')) as Members;
}

const HASH = '1554def6200a4309992eecfa003cecea94bed3b7913d51669f880a54d976672c';

/** The smallest bundle the ancestor makes: open parts hold whatever they were handed. */
const minimal = {
  bundle_id: '7N1ZVZHV4P9TM1KKR3GYD0A1TA',
  schema_version: '2.0',
  intent: { actor_id: 'a', big: 1e16, intent_id: 'i1', n: 1, note: 'é😀', small: 1e-7 },
  policy_decision: { verdict: 'allow' },
  safety_verdict: { verdict: 'allow' },
  final_verdict: 'allow',
  execution_trace: {},
  executor_result: {},
  replay_hash: HASH,
};
const ORDER =
  'bundle_id schema_version bundle_version intent policy_decision safety_verdict final_verdict approval_records execution_trace executor_result replay_hash bundle_created_at governance_evidence resolution_evidence executor_capabilities validation_evidence executor_failure_evidence bundle_checksum integrity_hash replay_verification_timestamp deterministic_timestamps deterministic_ids canonicalization_verified audit_stream_id audit_event_count';

test('a minimal bundle gets the defaults of the ancestor, in its order', () => {
  const bundle = legacyBundleSchema.parse(minimal);
  expect(Object.keys(bundle).join(' ')).toBe(ORDER);
  expect(bundle).toMatchObject({
    bundle_version: 'v1',
    approval_records: [],
    bundle_created_at: null,
    bundle_checksum: null,
    deterministic_timestamps: true,
    deterministic_ids: true,
    canonicalization_verified: false,
    audit_event_count: 0,
  });
  expect(bundle.intent).toBe(minimal.intent);
});

test.each([
  [{ bundle_id: 1 }, '/bundle_id'],
  [{ schema_version: '3.0' }, '/schema_version'],
  [{ schema_version: 2 }, '/schema_version'],
  [{ intent: null }, '/intent'],
  [{ policy_decision: [] }, '/policy_decision'],
  [{ final_verdict: 'defer' }, '/final_verdict'],
  [{ approval_records: ['x'] }, '/approval_records/0'],
  [{ replay_hash: HASH.toUpperCase() }, '/replay_hash'],
  [{ replay_hash: `sha256:${HASH}` }, '/replay_hash'],
  [{ replay_hash: HASH.slice(1) }, '/replay_hash'],
  [{ bundle_checksum: 'x' }, '/bundle_checksum'],
  [{ bundle_created_at: 0 }, '/bundle_created_at'],
  [{ governance_evidence: null }, '/governance_evidence'],
  [{ audit_event_count: '0' }, '/audit_event_count'],
  [{ extra: 1 }, ''],
])('a bundle 2.0 with %j is refused at %j', (change, pointer) => {
  expect(findIssuePointers(legacyBundleSchema, { ...minimal, ...change })).toEqual([pointer]);
});

test.each([
  'bundle_id',
  'intent',
  'policy_decision',
  'safety_verdict',
  'final_verdict',
  'execution_trace',
  'replay_hash',
])('a bundle without %s is refused, in both versions', (member) => {
  const { [member as 'intent']: _, ...rest } = minimal;
  const { schema_version: __, ...unversioned } = rest;
  expect(findIssuePointers(legacyBundleSchema, rest)).toEqual([`/${member}`]);
  expect(findIssuePointers(unversionedLegacyBundleSchema, unversioned)).toEqual([`/${member}`]);
});

test('a bundle 1.0 has no version or says 1.0, and none of the later members', () => {
  const { schema_version: _, ...unversioned } = minimal;
  expect(findIssuePointers(unversionedLegacyBundleSchema, unversioned)).toEqual([]);
  expect(findIssuePointers(unversionedLegacyBundleSchema, { ...unversioned, schema_version: '1.0' })).toEqual([]);
  expect(findIssuePointers(unversionedLegacyBundleSchema, minimal)).toEqual(['/schema_version']);
  expect(findIssuePointers(unversionedLegacyBundleSchema, { ...unversioned, bundle_checksum: null })).toEqual(['']);
});

test.each(['allow-plain', 'allow-nested', 'allow-unicode', 'allow-governance', 'approval-pending'])(
  'the recorded bundle %s is a 2.0 one, and its trace and decision have their shapes',
  (name) => {
    const file = readVector(name);
    expect(detectBundleShape(file)).toBe('legacy_2_0');
    const bundle = legacyBundleSchema.parse(file);
    expect(bundle).toEqual(file);
    expect(executionTraceSchema.parse(bundle.execution_trace)).toEqual(bundle.execution_trace);
    expect(policyDecisionSchema.parse(bundle.policy_decision)).toEqual(bundle.policy_decision);
  },
);

test('the recorded canonical demo is read with its records and events', () => {
  const file = readVector('canonical-demo');
  expect(detectBundleShape(file)).toBe('legacy_canonical_demo');
  const demo = canonicalDemoBundleSchema.parse(file);
  expect(demo).toEqual(file);
  expect(demo.audit_events.map((event) => ('audit_id' in event ? 'record' : 'event'))).toEqual(['record', 'event']);
});

test.each([
  [{ timestamp: 'now' }, '/timestamp'],
  [{ audit_events: [{ event_id: 'x' }] }, '/audit_events/0'],
  [{ audit_events: {} }, '/audit_events'],
  [{ extra: 1 }, ''],
  [{ execution_proof: null }, '/execution_proof'],
])('a canonical demo with %j is refused at %j', (change, pointer) => {
  expect(findIssuePointers(canonicalDemoBundleSchema, { ...readVector('canonical-demo'), ...change })).toEqual([
    pointer,
  ]);
});

test.each([
  [{ replay_hash: 'x' }, 'replay_hash'],
  [{ trace_final_status: 'denied' }, 'trace_final_status'],
  [{ events_count: -1 }, 'events_count'],
  [{ intent: {} }, 'intent/intent_id'],
])('a canonical demo whose proof has %j is refused at %s', (change, pointer) => {
  const file = readVector('canonical-demo');
  const proof = { ...(file.execution_proof as Members), ...change };
  expect(findIssuePointers(canonicalDemoBundleSchema, { ...file, execution_proof: proof })).toContain(
    `/execution_proof/${pointer}`,
  );
});

test('the recorded wrapped demo holds a bundle 2.0 with the intent as it was', () => {
  const file = readVector('model-wrapped-demo');
  expect(detectBundleShape(file)).toBe('legacy_wrapped_demo');
  const demo = wrappedDemoBundleSchema.parse(file);
  expect(demo).toEqual(file);
  expect(detectBundleShape(demo.bundle)).toBe('legacy_2_0');
  expect(legacyActionIntentSchema.parse(demo.bundle.intent)).toEqual(demo.bundle.intent);
  expect(executionTraceSchema.parse(demo.bundle.execution_trace)).toEqual(demo.bundle.execution_trace);
});

test.each([
  [{ action_executed: 'false' }, '/action_executed'],
  [{ written_at: 1 }, '/written_at'],
  [{ final_verdict: 'DENIED' }, '/final_verdict'],
  [{ bundle: { ...minimal, schema_version: '1.0' } }, '/bundle/schema_version'],
  [{ extra: 1 }, ''],
])('a wrapped demo with %j is refused at %j', (change, pointer) => {
  expect(findIssuePointers(wrappedDemoBundleSchema, { ...readVector('model-wrapped-demo'), ...change })).toEqual([
    pointer,
  ]);
});

test.each([
  ['a bundle 3', { media_type: BUNDLE_MEDIA_TYPE }, 'bundle_3'],
  ['an older media type', { media_type: 'application/json' }, 'unknown'],
  ['a media type that is no text', { media_type: [BUNDLE_MEDIA_TYPE] }, 'unknown'],
  ['schema 2.0', minimal, 'legacy_2_0'],
  ['schema 1.0', { ...minimal, schema_version: '1.0' }, 'legacy_1_0'],
  ['no schema version', { bundle_id: 'x', replay_hash: HASH }, 'legacy_1_0'],
  ['a schema that does not exist', { ...minimal, schema_version: '2.1' }, 'unknown'],
  ['a schema that is no text', { ...minimal, schema_version: 2 }, 'unknown'],
  ['a null schema', { ...minimal, schema_version: null }, 'unknown'],
  ['a schema version alone', { schema_version: '2.0' }, 'unknown'],
  ['a bundle id alone', { bundle_id: 'x' }, 'unknown'],
  ['a replay hash alone', { replay_hash: HASH }, 'unknown'],
  ['nothing', {}, 'unknown'],
  ['two shapes at once, 3 and 2.0', { ...minimal, media_type: BUNDLE_MEDIA_TYPE }, 'unknown'],
  ['two shapes at once, 2.0 and the demo', { ...minimal, execution_proof: {} }, 'unknown'],
  ['two shapes at once, both demos', { bundle: {}, execution_proof: {} }, 'unknown'],
  ['a version beside a demo', { schema_version: '2.0', execution_proof: {} }, 'unknown'],
])('%s is told apart', (_, file, shape) => {
  expect(detectBundleShape(file)).toBe(shape);
});

test.each([null, undefined, 1, 'bundle', [], [minimal], new Map(), () => minimal])(
  'what is no object has no shape (%#)',
  (value) => {
    expect(detectBundleShape(value)).toBe('unknown');
  },
);

test('a shape is told by own members only', () => {
  const file = withOwnMember({}, '__proto__', minimal);
  expect(detectBundleShape(file)).toBe('unknown');
  expect(detectBundleShape(Object.create(minimal))).toBe('unknown');
  withPollutedPrototype({ bundle: {} }, () => expect(detectBundleShape({})).toBe('unknown'));
});
