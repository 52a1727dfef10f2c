import { readFileSync } from 'node:fs';
import {
  formatLegacyJson,
  type LegacyValue,
  legacyReplayHash,
  parseLegacyJson,
} from '@exoarmur/canonical/legacy-python';
import { verificationReportSchema } from '@exoarmur/contracts';
import { describe, expect, it } from 'vitest';
import { signerOf } from '../test/bundle-fixture.ts';
import { verifyBundle } from './verify-bundle.ts';

const FILES = [
  ['allow-governance', 'legacy_2_0', 'allow'],
  ['allow-nested', 'legacy_2_0', 'allow'],
  ['allow-plain', 'legacy_2_0', 'allow'],
  ['allow-unicode', 'legacy_2_0', 'allow'],
  ['approval-pending', 'legacy_2_0', 'require_approval'],
  ['model-wrapped-demo', 'legacy_wrapped_demo', 'deny'],
  ['canonical-demo', 'legacy_canonical_demo', 'deny'],
] as const;

type LooseMap = Map<string, LegacyValue>;
type Path = readonly (string | number)[];

function read(name: string): Uint8Array {
  return readFileSync(new URL(`../../../spec/vectors/legacy-python/legacy-bundles/${name}.json`, import.meta.url));
}

function parse(name: string): LooseMap {
  return parseLegacyJson(read(name)) as LooseMap;
}

function write(value: LegacyValue): Uint8Array {
  return new TextEncoder().encode(formatLegacyJson(value, 'report'));
}

function changed(name: string, change: (file: LooseMap) => void): Uint8Array {
  const file = parse(name);
  change(file);
  return write(file);
}

function at(value: LegacyValue, ...path: Path): LooseMap & LegacyValue[] {
  const step = (here: LegacyValue, token: string | number) =>
    here instanceof Map ? here.get(String(token)) : (here as LegacyValue[])[token as number];
  return path.reduce<LegacyValue>((here, token) => step(here, token) as LegacyValue, value) as never;
}

function* leaves(value: LegacyValue, path: Path = []): Generator<Path> {
  const members = value instanceof Map ? [...value] : Array.isArray(value) ? [...value.entries()] : [];
  if (members.length === 0) yield path;
  for (const [key, member] of members) yield* leaves(member, [...path, key]);
}

function another(value: LegacyValue): LegacyValue {
  if (value instanceof Map) return new Map([['x', 1n]]);
  if (Array.isArray(value)) return [new Map([['x', 1n]])];
  if (value === null) return 'x';
  if (typeof value === 'boolean') return !value;
  if (typeof value === 'bigint') return value + 1n;
  if (typeof value === 'number') return value + 0.5;
  const time = /^\d{4}-/.test(value as string);
  return time ? (value as string).replace(/^\d{4}/, '1999') : `${value as string}x`;
}

function alter(file: LooseMap, path: Path): void {
  const parent = at(file, ...path.slice(0, -1));
  const key = path.at(-1) as string;
  if (parent instanceof Map) parent.set(key, another(parent.get(key) as LegacyValue));
  else (parent as LegacyValue[])[Number(key)] = another((parent as LegacyValue[])[Number(key)] as LegacyValue);
}

function* places(value: LegacyValue, path: Path = []): Generator<Path> {
  if (path.length > 0) yield path;
  const members = value instanceof Map ? [...value] : Array.isArray(value) ? [...value.entries()] : [];
  for (const [key, member] of members) yield* places(member, [...path, key]);
}

function remove(file: LooseMap, path: Path): void {
  const parent = at(file, ...path.slice(0, -1));
  const key = path.at(-1) as string;
  if (parent instanceof Map) parent.delete(key);
  else (parent as LegacyValue[]).splice(Number(key), 1);
}

function covers(pointers: readonly string[], path: Path): boolean {
  const pointer = `/${path.join('/')}`;
  return pointers.some((known) => pointer === known || pointer.startsWith(`${known}/`));
}

describe('bundles of the Python ancestor', () => {
  it.each(FILES)('verify with integrity only: %s', async (name, shape, verdict) => {
    const report = await verifyBundle(read(name));
    expect([report.verify_verdict, report.assurance, report.bundle.shape]).toEqual(['PASS', 'integrity', shape]);
    expect([report.bundle.final_verdict, report.bundle.signed_by]).toEqual([verdict, []]);
    expect(report.limitations).toContain('legacy_forgeable');
    expect(report.limitations).toContain('legacy_fields_not_covered');
    expect(verificationReportSchema.safeParse(report).success).toBe(true);
  });

  it.each(FILES)('are told apart member by member, and no covered one changes unseen: %s', async (name) => {
    const { coverage } = await verifyBundle(read(name));
    const [covered, open] = [coverage?.covered ?? [], coverage?.not_covered ?? []];
    for (const path of leaves(parse(name))) {
      expect([path.join('/'), covers(covered, path), covers(open, path)]).toEqual([
        path.join('/'),
        !covers(open, path),
        !covers(covered, path),
      ]);
      if (!covers(covered, path)) continue;
      const report = await verifyBundle(changed(name, (file) => alter(file, path)));
      expect([path.join('/'), report.verify_verdict]).toEqual([path.join('/'), 'FAIL']);
    }
  });

  it.each(FILES)('lose no covered member or element without a word about it: %s', async (name) => {
    const { coverage } = await verifyBundle(read(name));
    for (const path of places(parse(name))) {
      if (!covers(coverage?.covered ?? [], path)) continue;
      const report = await verifyBundle(changed(name, (file) => remove(file, path)));
      if (report.verify_verdict === 'FAIL') continue;
      expect(report.coverage?.not_covered).toContain(`/${path.join('/')}`);
      const isChecksum = path.at(-1) === 'bundle_checksum';
      expect(report.limitations).toContain(isChecksum ? 'legacy_checksum_absent' : 'legacy_members_absent');
    }
  });

  it('list what may have been taken out, and only that', async () => {
    const absences = (limitations: readonly string[]) => limitations.filter((code) => code.endsWith('_absent'));
    expect(absences((await verifyBundle(read('allow-plain'))).limitations)).toEqual([]);
    expect(absences((await verifyBundle(read('canonical-demo'))).limitations)).toEqual([]);
    const stripped = await verifyBundle(
      changed('allow-plain', (file) => {
        for (const member of ['bundle_version', 'approval_records', 'bundle_checksum']) file.delete(member);
      }),
    );
    expect(stripped.verify_verdict).toBe('PASS');
    expect(absences(stripped.limitations)).toEqual(['legacy_checksum_absent', 'legacy_members_absent']);
    expect(stripped.coverage?.not_covered).toEqual(
      expect.arrayContaining(['/bundle_version', '/approval_records', '/bundle_checksum']),
    );
    const nulled = await verifyBundle(changed('allow-plain', (file) => file.set('bundle_checksum', null)));
    expect(absences(nulled.limitations)).toEqual(['legacy_checksum_absent']);
    const emptied = await verifyBundle(changed('canonical-demo', (file) => file.set('audit_events', [])));
    expect([emptied.verify_verdict, absences(emptied.limitations)]).toEqual(['PASS', ['legacy_events_absent']]);
    expect(emptied.coverage?.not_covered).toContain('/audit_events');
    const bare = await verifyBundle(changed('model-wrapped-demo', (file) => file.delete('final_verdict')));
    expect([bare.verify_verdict, absences(bare.limitations)]).toEqual(['PASS', ['legacy_members_absent']]);
    expect(bare.coverage?.not_covered).toContain('/final_verdict');
  });

  it.each(['/bundle_created_at', '/audit_stream_id', '/audit_event_count', '/deterministic_ids', '/integrity_hash'])(
    'admit that a change of %s stays unseen',
    async (pointer) => {
      const values: Record<string, LegacyValue> = { '/bundle_created_at': '2020-01-01T00:00:00Z' };
      const bytes = changed('allow-plain', (file) => {
        const key = pointer.slice(1);
        file.set(key, values[pointer] ?? another(file.get(key) as LegacyValue));
      });
      const report = await verifyBundle(bytes);
      expect(report.verify_verdict).toBe('PASS');
      expect(report.coverage?.not_covered).toContain(pointer);
    },
  );

  it('do not count a removed checksum as covered', async () => {
    const report = await verifyBundle(changed('allow-plain', (file) => file.set('bundle_checksum', null)));
    expect(report.coverage?.not_covered).toContain('/bundle_checksum');
  });

  it.each([
    ['replay hash', 'legacy_replay_hash_mismatch', (file: LooseMap) => file.set('replay_hash', '0'.repeat(64))],
    ['checksum', 'legacy_bundle_checksum_mismatch', (file: LooseMap) => file.set('bundle_checksum', '0'.repeat(64))],
    ['bundle id', 'legacy_id_mismatch', (file: LooseMap) => file.set('bundle_id', '0'.repeat(26))],
    ['trace id', 'legacy_id_mismatch', (file: LooseMap) => at(file, 'execution_trace').set('trace_id', '0'.repeat(26))],
    [
      'trace hash',
      'legacy_trace_hash_mismatch',
      (file: LooseMap) => at(file, 'execution_trace').set('trace_hash', '0'.repeat(64)),
    ],
    [
      'event hash',
      'legacy_event_hash_mismatch',
      (file: LooseMap) => at(file, 'execution_trace', 'events', 1).set('event_hash', '0'.repeat(64)),
    ],
    [
      'event code',
      'legacy_event_hash_mismatch',
      (file: LooseMap) => at(file, 'execution_trace', 'events', 1).set('code', 'deny'),
    ],
    [
      'event id',
      'legacy_id_mismatch',
      (file: LooseMap) => at(file, 'execution_trace', 'events', 1).set('event_id', '0'.repeat(26)),
    ],
    [
      'event sequence',
      'legacy_event_sequence_mismatch',
      (file: LooseMap) => at(file, 'execution_trace', 'event_sequence').reverse(),
    ],
    [
      'event number',
      'legacy_event_sequence_mismatch',
      (file: LooseMap) => at(file, 'execution_trace', 'events', 1).set('sequence', 7n),
    ],
    [
      'dropped event',
      'legacy_event_sequence_mismatch',
      (file: LooseMap) => at(file, 'execution_trace', 'events').pop(),
    ],
    ['event that is none', 'shape_invalid', (file: LooseMap) => at(file, 'execution_trace', 'events').splice(1, 1, 7n)],
    [
      'trace verdict',
      'legacy_verdict_mismatch',
      (file: LooseMap) => at(file, 'execution_trace').set('final_verdict', 'deny'),
    ],
    [
      'traced verdict',
      'legacy_verdict_mismatch',
      (file: LooseMap) => at(file, 'execution_trace', 'verdict_trace').set('final_verdict', 'deny'),
    ],
  ])('name what is wrong: %s', async (_, code, change) => {
    const report = await verifyBundle(changed('allow-plain', change));
    const integrity = report.checks.find((check) => check.name === 'integrity');
    expect(integrity?.divergences.map((divergence) => divergence.code)).toContain(code);
    expect([report.verify_verdict, report.assurance]).toEqual(['FAIL', 'none']);
  });

  it('show a denied action that ran, even when every hash was computed anew', async () => {
    const bytes = changed('allow-plain', (file) => {
      file.set('final_verdict', 'deny');
      file.set('bundle_checksum', null);
      file.set('replay_hash', legacyReplayHash(file));
    });
    const report = await verifyBundle(bytes);
    const lifecycle = report.checks.find((check) => check.name === 'lifecycle');
    expect([report.verify_verdict, lifecycle?.divergences[0]?.code]).toEqual(['FAIL', 'legacy_executed_without_allow']);
  });

  it('show a denied action whose result claims success, whatever the trace says', async () => {
    const bytes = changed('allow-plain', (file) => {
      file.set('final_verdict', 'deny');
      at(file, 'execution_trace').set('events', []);
    });
    const lifecycle = (await verifyBundle(bytes)).checks.find((check) => check.name === 'lifecycle');
    expect(lifecycle?.divergences[0]).toMatchObject({
      code: 'legacy_executed_without_allow',
      pointer: '/executor_result/success',
    });
  });

  it('derive the trace id and the ids of demo events again', async () => {
    const renamed = changed('canonical-demo', (file) => {
      at(file, 'audit_events', 0).set('audit_id', '0'.repeat(26));
      at(file, 'audit_events', 1).set('event_id', '0'.repeat(26));
    });
    const retraced = changed('allow-plain', (file) => at(file, 'execution_trace').set('trace_id', '0'.repeat(26)));
    for (const [bytes, pointers] of [
      [renamed, ['/audit_events/0/audit_id', '/audit_events/1/event_id']],
      [retraced, ['/execution_trace/trace_id']],
    ] as const) {
      const [, integrity] = (await verifyBundle(bytes)).checks;
      const mismatches = integrity?.divergences.filter(({ code }) => code === 'legacy_id_mismatch') ?? [];
      expect(mismatches.map(({ pointer }) => pointer)).toEqual(expect.arrayContaining([...pointers]));
    }
  });

  it('accept a trace hash from before the verdict was known, and say so', async () => {
    expect((await verifyBundle(read('model-wrapped-demo'))).limitations).toContain('legacy_stale_trace_hash');
    expect((await verifyBundle(read('allow-plain'))).limitations).not.toContain('legacy_stale_trace_hash');
  });

  it('read schema 1.0, with and without its version', async () => {
    for (const version of ['1.0', undefined]) {
      const bytes = changed('allow-plain', (file) => {
        for (const member of ['schema_version', 'bundle_checksum', 'integrity_hash', 'replay_verification_timestamp']) {
          file.delete(member);
        }
        for (const member of ['deterministic_timestamps', 'deterministic_ids', 'canonicalization_verified']) {
          file.delete(member);
        }
        for (const member of ['audit_stream_id', 'audit_event_count']) file.delete(member);
        if (version !== undefined) file.set('schema_version', version);
        file.set('replay_hash', legacyReplayHash(file));
      });
      const report = await verifyBundle(bytes);
      expect([report.verify_verdict, report.bundle.shape]).toEqual(['PASS', 'legacy_1_0']);
    }
  });

  it.each(FILES)('never pass for a verifier who brings a key: %s', async (name) => {
    const report = await verifyBundle(read(name), { trust: `log ${signerOf(1).vkey}\nquorum none\n` });
    const signer = report.checks.find((check) => check.name === 'signer');
    expect([report.verify_verdict, signer?.divergences[0]?.code]).toEqual(['FAIL', 'legacy_unsigned']);
  });

  it.each(['completeness', 'lifecycle', 'decision', 'witness', 'governance'] as const)(
    'never pass when %s is required',
    async (name) => {
      expect((await verifyBundle(read('allow-plain'), { require: [name] })).verify_verdict).toBe('FAIL');
    },
  );

  it('refuse a key that stands twice, since the ancestor would take the last one', async () => {
    const text = new TextDecoder().decode(read('allow-plain'));
    const doubled = text.replace('"final_verdict": "allow"', '"final_verdict": "deny",\n "final_verdict" : "allow"');
    expect(doubled).not.toBe(text);
    const report = await verifyBundle(new TextEncoder().encode(doubled));
    expect(report.checks[0]).toMatchObject({ status: 'failed', divergences: [{ code: 'legacy_duplicate_key' }] });
  });

  it('refuse a member that the schema does not know', async () => {
    const report = await verifyBundle(changed('allow-plain', (file) => file.set('more', 1n)));
    expect(report.checks[0]?.divergences[0]).toMatchObject({ code: 'shape_invalid', pointer: '/more' });
    expect(report.coverage).toBe(null);
    for (const name of ['integrity', 'lifecycle']) {
      const check = report.checks.find((result) => result.name === name);
      expect(check).toMatchObject({ status: 'unverifiable', divergences: [{ code: 'not_reached' }] });
    }
  });

  it('refuse a file with the marks of two shapes', async () => {
    const report = await verifyBundle(changed('allow-plain', (file) => file.set('execution_proof', new Map())));
    expect([report.verify_verdict, report.bundle.shape]).toEqual(['FAIL', 'unknown']);
  });

  it.each([
    ['an action that is said to have run', (file: LooseMap) => file.set('action_executed', true)],
    ['another verdict outside', (file: LooseMap) => file.set('final_verdict', 'allow')],
  ])('show a wrapping that contradicts what is inside: %s', async (_, change) => {
    const report = await verifyBundle(changed('model-wrapped-demo', change));
    const [, integrity] = report.checks;
    expect([report.verify_verdict, integrity?.divergences[0]?.code]).toEqual(['FAIL', 'legacy_verdict_mismatch']);
  });

  it('show a demo record that contradicts its event', async () => {
    const report = await verifyBundle(
      changed('canonical-demo', (file) => at(file, 'audit_events', 0).set('trace_id', 'x')),
    );
    expect(report.checks[1]?.divergences[0]?.code).toBe('legacy_record_mismatch');
  });
});
