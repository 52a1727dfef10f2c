import { toLegacyValue } from '@exoarmur/canonical/legacy-python';
import type { Digest, DisclosedPayload, SealedRecord } from '@exoarmur/contracts';
import { describe, expect, it } from 'vitest';
import { allowedSteps, approvedSteps, buildBundle, deniedSteps, type Step } from '../test/bundle-fixture.ts';
import { type Loose, lying } from '../test/tampering.ts';
import { ReplayEngine } from './replay-engine.ts';
import { formatReplayReport } from './replay-report.ts';
import type { RecordedStream } from './stream-replay.ts';

function streamOf(steps: readonly Step[], change: (record: Loose, index: number) => void = () => {}): RecordedStream {
  const bundle = buildBundle(steps, {
    alterRecord: (record, index) => {
      const copy = structuredClone(record);
      change(copy, index);
      return copy;
    },
  });
  return { records: bundle.records, payloads: new Map(Object.entries(bundle.payloads)) as RecordedStream['payloads'] };
}

const replay = (...streams: readonly unknown[]) =>
  new ReplayEngine({ auditStore: new Map([['c1', streams as RecordedStream[]]]) }).replayCorrelation('c1');

const without = (stream: RecordedStream, index: number): RecordedStream => {
  const payloads = new Map(stream.payloads);
  payloads.delete(stream.records[index]?.payload.digest as Digest);
  return { ...stream, payloads };
};

describe('streams of one correlation', () => {
  it.each([
    ['denied', deniedSteps(), 1],
    ['allowed', allowedSteps(), 1],
    ['approved', approvedSteps(), 2],
  ])('replay to success when the action was %s', (_, steps, decisions) => {
    const report = replay(streamOf(steps));
    expect(report).toMatchObject({
      correlation_id: 'c1',
      result: 'success',
      total_events: steps.length,
      processed_events: steps.length,
      failed_events: 0,
      intent_hash_verified: true,
      safety_gate_verified: true,
      audit_integrity_verified: true,
    });
    expect(report.reconstructed_intents.get('i1')).toEqual(toLegacyValue(steps[0]?.payload ?? {}));
    expect(report.reconstructed_decisions.size).toBe(decisions);
    expect(report.safety_gate_verdicts.get('i1/1')).toBe('allow');
    expect(formatReplayReport(report)).toContain('"reconstructed_decisions":{"i1/1":{');
  });

  it('count as one report', () => {
    const other = streamOf(deniedSteps(), (record) => {
      record.stream = 'i2';
    });
    // The intent inside still says i1: the record header is what lies, and the second stream fails alone.
    const report = replay(streamOf(allowedSteps()), other);
    expect(report).toMatchObject({ result: 'failure', total_events: 9, processed_events: 6 });
    expect(report.failures).toEqual(['Stream i2 record 0: intent_header_mismatch at /record/stream']);
  });

  it.each<[string, RecordedStream, string]>([
    [
      'the chain is broken',
      streamOf(deniedSteps(), (record, index) => {
        if (index === 1) record.prev = `sha256:${'0'.repeat(64)}`;
      }),
      'Stream i1 record 1: chain_broken at /prev',
    ],
    ['a record is missing', drop(streamOf(allowedSteps()), 2), 'Stream i1 record 2: chain_broken at /prev'],
    ['the first record is missing', drop(streamOf(allowedSteps()), 0), 'Stream i1 record 0: chain_broken at /prev'],
    [
      'a record is of another correlation',
      streamOf(deniedSteps(), (record, index) => {
        if (index === 2) record.correlation = 'x';
      }),
      'Stream i1 record 2: correlation_mismatch at /correlation',
    ],
    [
      'a record is none',
      { ...streamOf(deniedSteps()), records: [{} as SealedRecord] },
      'Stream undefined record 0: record_malformed at ',
    ],
    [
      'the kinds are out of order',
      streamOf([deniedSteps()[0], deniedSteps()[2], deniedSteps()[1]] as Step[]),
      'Stream i1 record 1: record_count_mismatch at /payload/record_count',
    ],
    [
      'a decision is about another intent',
      streamOf(
        lying(deniedSteps(), 'verdict_resolved', (d) => {
          d.intent_digest = `sha256:${'0'.repeat(64)}`;
        }),
      ),
      'Stream i1 record 1: intent_digest_mismatch at /payload/intent_digest',
    ],
    ['there is no record', { records: [], payloads: new Map() }, 'Stream at 0 holds no record'],
  ])('fail when %s', (_, stream, text) => {
    const report = replay(stream);
    expect(report.result).toBe('failure');
    expect(report.failures[0]).toBe(text);
    expect([report.safety_gate_verified, report.audit_integrity_verified]).toEqual([false, false]);
  });

  it('fail when a payload is not the committed one', () => {
    const stream = streamOf(deniedSteps());
    const digest = stream.records[0]?.payload.digest as Digest;
    const forge = (change: Partial<DisclosedPayload>) =>
      replay({
        ...stream,
        payloads: new Map(stream.payloads).set(digest, {
          ...(stream.payloads.get(digest) as DisclosedPayload),
          ...change,
        }),
      });
    const text = ['Stream i1 record 0: payload_commitment_mismatch at /payload'];
    expect(forge({ value: { x: 1 } }).failures).toEqual(text);
    expect(forge({ salt: 'AAAA' }).failures).toEqual(text);
    expect(forge({ salt: '?' }).failures).toEqual(text);
  });

  it('fail when two have one name, or one comes from another tenant', () => {
    expect(replay(streamOf(deniedSteps()), streamOf(deniedSteps())).failures).toEqual([
      'Streams with the same name: i1',
    ]);
    const foreign = streamOf(deniedSteps(), (record) => {
      record.tenant = 'other';
    });
    expect(replay(streamOf(deniedSteps()), foreign).failures).toContain('Streams of more than one tenant or cell');
  });

  it.each([
    [0, false, true],
    [1, false, false],
    [2, true, true],
  ])('are partial when the payload of record %d is withheld', (index, isIntentVerified, isGateVerified) => {
    const report = replay(without(streamOf(deniedSteps()), index));
    expect(report.result).toBe('partial');
    expect(report.warnings).toContain(`Stream i1 record ${index}: payload_withheld`);
    expect([report.intent_hash_verified, report.safety_gate_verified]).toEqual([isIntentVerified, isGateVerified]);
  });

  it('are partial while the action goes on', () => {
    const stream = streamOf(deniedSteps());
    const report = replay({ ...stream, records: stream.records.slice(0, 2) });
    expect([report.result, report.warnings]).toEqual(['partial', ['Stream i1 is not closed']]);
  });

  it('stand alone: a store that mixes them with events holds neither', () => {
    expect(() => replay(streamOf(deniedSteps()), {})).toThrow(
      expect.objectContaining({ code: 'REPLAY_EVENT_REQUIRED', pointer: '/0' }),
    );
  });
});

function drop(stream: RecordedStream, index: number): RecordedStream {
  return { ...stream, records: stream.records.toSpliced(index, 1) };
}
