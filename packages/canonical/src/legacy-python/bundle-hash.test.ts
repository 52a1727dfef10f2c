import { describe, expect, it } from 'vitest';
import { readVectorText } from '../../test/vectors.ts';
import {
  legacyBundleChecksum,
  legacyBundleIds,
  legacyDemoReplayHash,
  legacyReplayHash,
  legacyTraceEventHash,
  legacyTraceHash,
} from './bundle-hash.ts';
import { hashLegacyPayload } from './event.ts';
import { parseLegacyJson } from './reader.ts';
import type { LegacyObject, LegacyValue } from './value.ts';

const CURRENT = ['allow-governance', 'allow-nested', 'allow-plain', 'allow-unicode', 'approval-pending'];

function readBundle(name: string): LegacyObject {
  const file = parseLegacyJson(readVectorText(`legacy-python/legacy-bundles/${name}.json`)) as LegacyObject;
  return (file.get('bundle') as LegacyObject | undefined) ?? file;
}

const withField = (object: LegacyObject, name: string, value: LegacyValue) => new Map([...object, [name, value]]);

describe.each([...CURRENT, 'model-wrapped-demo'])('the legacy bundle %s', (name) => {
  const bundle = readBundle(name);
  const trace = bundle.get('execution_trace') as LegacyObject;
  const events = trace.get('events') as readonly LegacyObject[];

  it('carries the hashes of its content', () => {
    expect(legacyReplayHash(bundle)).toBe(bundle.get('replay_hash'));
    expect(legacyBundleChecksum(bundle)).toBe(bundle.get('bundle_checksum'));
    for (const event of events) expect(legacyTraceEventHash(event)).toBe(event.get('event_hash'));
  });

  it('loses its replay hash with any of the fourteen fields', () => {
    for (const field of [
      'schema_version',
      'bundle_version',
      'intent',
      'policy_decision',
      'safety_verdict',
      'final_verdict',
      'approval_records',
      'execution_trace',
      'executor_result',
      'governance_evidence',
      'resolution_evidence',
      'executor_capabilities',
      'validation_evidence',
      'executor_failure_evidence',
    ]) {
      expect(legacyReplayHash(withField(bundle, field, 'tampered'))).not.toBe(bundle.get('replay_hash'));
    }
    expect(legacyReplayHash(withField(bundle, 'bundle_created_at', 'tampered'))).toBe(bundle.get('replay_hash'));
  });

  it('loses its checksum with any of the six values under it', () => {
    const intent = bundle.get('intent') as LegacyObject;
    for (const tampered of [
      withField(bundle, 'bundle_id', 'x'),
      withField(bundle, 'bundle_version', 'x'),
      withField(bundle, 'final_verdict', 'x'),
      withField(bundle, 'replay_hash', 'x'),
      withField(bundle, 'intent', withField(intent, 'intent_id', 'x')),
      withField(bundle, 'intent', withField(intent, 'correlation_id', 'x')),
    ]) {
      expect(legacyBundleChecksum(tampered)).not.toBe(bundle.get('bundle_checksum'));
    }
  });

  it('loses an event hash with any of the seven fields under it', () => {
    const event = events[0] as LegacyObject;
    for (const field of ['event_id', 'stage', 'ok', 'code', 'details', 'sequence', 'parent_event_id']) {
      expect(legacyTraceEventHash(withField(event, field, 'x'))).not.toBe(event.get('event_hash'));
    }
  });

  it('has the trace hash of the verdict that was in force when the trace was hashed', () => {
    const hashes = [legacyTraceHash(trace), legacyTraceHash(trace, 'allow')];
    expect(hashes).toContain(trace.get('trace_hash'));
    const tampered = withField(trace, 'intent_id', 'x');
    expect([legacyTraceHash(tampered), legacyTraceHash(tampered, 'allow')]).not.toContain(trace.get('trace_hash'));
  });
});

describe('bundle ids', () => {
  it('hash a literal in the later scheme and the replay hash in the earlier one', () => {
    for (const name of CURRENT)
      expect(legacyBundleIds(readBundle(name)).constant).toBe(readBundle(name).get('bundle_id'));
    const demo = readBundle('model-wrapped-demo');
    expect(legacyBundleIds(demo)).toEqual({ constant: '3JSG7Q4KC4Y6WPFN6N7ANDRVD5', bound: demo.get('bundle_id') });
  });
});

describe('absent fields', () => {
  it('stand for the defaults of the model', () => {
    const bundle = parseLegacyJson(
      '{"bundle_id":"7N1ZVZHV4P9TM1KKR3GYD0A1TA","intent":{"actor_id":"a","big":1e16,"intent_id":"i1","n":1.0,' +
        '"note":"\u00e9\ud83d\ude00","small":1e-7},"policy_decision":{"verdict":"allow"},' +
        '"safety_verdict":{"verdict":"allow"},"final_verdict":"allow","execution_trace":{},"executor_result":{}}',
    ) as LegacyObject;
    const replayHash = '1554def6200a4309992eecfa003cecea94bed3b7913d51669f880a54d976672c';
    expect(legacyReplayHash(bundle)).toBe(replayHash);
    expect(legacyBundleIds(bundle).constant).toBe('7N1ZVZHV4P9TM1KKR3GYD0A1TA');
    expect(legacyBundleChecksum(withField(bundle, 'replay_hash', replayHash))).toBe(
      '142cf30b0991f4724a519ce9537f71aed5d8db0e608131e149e243de7909f05f',
    );
  });
});

describe('the canonical demo', () => {
  const proof = readBundle('canonical-demo').get('execution_proof') as LegacyObject;

  it('hashes five values of its proof', () => {
    expect(legacyDemoReplayHash(proof)).toBe('7eb0f264dd6d6e67925ece66ec2218ac73716ae6bc8a770ef84a8defd28bf47b');
    expect(legacyDemoReplayHash(proof)).toBe(proof.get('replay_hash'));
    for (const field of ['events_count', 'trace_final_status']) {
      expect(legacyDemoReplayHash(withField(proof, field, 'x'))).not.toBe(proof.get('replay_hash'));
    }
    for (const field of ['action_type', 'intent_id', 'target']) {
      const intent = withField(proof.get('intent') as LegacyObject, field, 'x');
      expect(legacyDemoReplayHash(withField(proof, 'intent', intent))).not.toBe(proof.get('replay_hash'));
    }
  });

  it('carries the payload hash of its second event', () => {
    const event = (readBundle('canonical-demo').get('audit_events') as readonly LegacyObject[])[1] as LegacyObject;
    expect(hashLegacyPayload(event.get('payload') ?? null)).toBe(event.get('payload_hash'));
  });
});
