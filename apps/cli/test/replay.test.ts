import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type PolicySet, policyReplaySchema } from '@exoarmur/contracts';
import { digestPolicySet } from '@exoarmur/policy';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { DEMO_POLICY_SET } from '../src/demo/policy.ts';
import { ALLOWED, createGovernedLog, createLyingLog, DENIED } from './governed-log.ts';
import { runInProcess } from './in-process.ts';

let folder = '';
let original = '';
let db = '';
let copies = 0;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'exoarmur-replay-'));
  original = join(folder, 'log.db');
  await createGovernedLog(original, [ALLOWED, DENIED, ALLOWED, DENIED]);
  const changed = (policies: PolicySet['policies']): string => JSON.stringify({ ...DEMO_POLICY_SET, policies });
  const permit = { everybody: 'permit (principal, action, resource);' };
  writeFileSync(join(folder, 'same.json'), JSON.stringify(DEMO_POLICY_SET));
  writeFileSync(join(folder, 'looser.json'), changed(permit));
  writeFileSync(join(folder, 'tighter.json'), changed({ nobody: 'forbid (principal, action, resource);' }));
  writeFileSync(join(folder, 'unsound.json'), changed({ broken: 'permit (principal, action, resource) when {' }));
});

afterAll(() => {
  // A thread that has given its answer still closes its database.
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

/** Each test has a copy of its own, through the database, so that what is in the write-ahead log is in it too. */
beforeEach(() => {
  db = join(folder, `copy-${copies++}.db`);
  const database = new DatabaseSync(original);
  database.exec(`VACUUM INTO '${db}'`);
  database.close();
});

function change(sql: string): void {
  const database = new DatabaseSync(db);
  database.exec(sql);
  database.close();
}

const replay = (...args: readonly string[]) => runInProcess(folder, 'replay', '--log', db, ...args);

describe('replay --log', () => {
  test('judges and decides again what the log holds', async () => {
    const run = await replay('session-1', '--recorded-policy', 'same.json');
    expect(run.out).toBe(
      [
        'action-1  success  6 records, closed, decisions the same 1 of 1',
        'action-2  success  3 records, closed, decisions the same 1 of 1',
        'action-3  success  6 records, closed, decisions the same 1 of 1',
        'action-4  success  3 records, closed, decisions the same 1 of 1',
        'REPLAY_RESULT=success',
        '',
      ].join('\n'),
    );
    expect(run.exitCode).toBe(0);
  });

  test('is no success without the policies of the time', async () => {
    const run = await replay('--json');
    const report = JSON.parse(run.out);
    expect(report).toMatchObject({ result: 'partial', correlation: null });
    expect(report.streams[1].unverifiable).toEqual([
      { record: 1, code: 'policy_withheld', pointer: '/payload/policy_digest' },
    ]);
    expect(run.exitCode).toBe(1);
    const remedy = 'Policy sets are missing: name each with --recorded-policy.\nREPLAY_RESULT=partial\n';
    expect((await replay()).out).toContain(remedy);
  });

  test('says which payload is gone', async () => {
    change('DELETE FROM payloads WHERE id = (SELECT min(id) FROM payloads)');
    const run = await replay('--recorded-policy', 'same.json');
    expect(run.out).toContain('  unverifiable  0 intent_received  payload_erased at /payload\n');
    expect(run.out).toContain('REPLAY_RESULT=partial\n');
  });

  test('finds a payload that is another one', async () => {
    change(`UPDATE payloads SET bytes = CAST(replace(CAST(bytes AS TEXT), 'demo-operator', 'demo-attacker') AS BLOB)
            WHERE id = (SELECT min(id) FROM payloads)`);
    const run = await replay('--recorded-policy', 'same.json');
    expect(run.out).toContain('  failure       0 intent_received  payload_not_committed at /payload\n');
    expect(run.out).toContain('REPLAY_RESULT=failure\n');
    expect(run.exitCode).toBe(1);
  });

  test('finds a record that is missing', async () => {
    change('DELETE FROM entries WHERE id = (SELECT min(id) + 2 FROM entries)');
    const run = await replay('--recorded-policy', 'same.json');
    expect(run.out).toContain('  failure       2 execution_authorized  stream_seq_not_dense at /record/seq\n');
    expect(run.exitCode).toBe(1);
  });

  test.each([
    [
      'rationale',
      'action-1  failure  2 records, open, decisions the same 0 of 1',
      'decision_diverges at /payload/pdp/rationale',
    ],
    ['order', 'action-1  failure  3 records, open, decisions the same 2 of 2', ' at /record/kind'],
  ] as const)('finds a lie that the log sealed: %s', async (lie, line, finding) => {
    const path = join(folder, `lie-${lie}-${copies}.db`);
    await createLyingLog(path, lie);
    const run = await runInProcess(folder, 'replay', '--log', path, '--recorded-policy', 'same.json');
    expect(run.out).toContain(`${line}\n`);
    expect(run.out).toContain(`${finding}\n`);
    expect(run.exitCode).toBe(1);
  });

  test('refuses a correlation that is not there', async () => {
    expect(await replay('nobody')).toMatchObject({
      err: 'error CLI_USAGE: log has no stream of `nobody`\n',
      exitCode: 2,
    });
  });
});

describe('replay --policy', () => {
  const totals = async (...args: readonly string[]) => {
    const run = await replay('--json', ...args);
    const report = policyReplaySchema.parse(JSON.parse(run.out));
    return { ...report.totals, verdict: report.verdict, exitCode: run.exitCode, report };
  };

  test('passes a policy set that changes nothing', async () => {
    expect(await totals('--policy', 'same.json')).toMatchObject({
      decisions: 4,
      same: 4,
      looser: 0,
      verdict: 'PASS',
      exitCode: 0,
    });
  });

  test('passes a tighter one', async () => {
    expect(await totals('--policy', 'tighter.json')).toMatchObject({
      tighter: 2,
      same: 2,
      verdict: 'PASS',
      exitCode: 0,
    });
  });

  test('fails for looser flips, until each is reviewed for this very policy set', async () => {
    const open = await totals('--policy', 'looser.json');
    expect(open).toMatchObject({ looser: 2, same: 2, verdict: 'FAIL', exitCode: 1 });
    const accepted = open.report.flips.map(({ decision_digest, recorded, proposed }) => ({
      ...{ decision_digest, recorded, proposed },
      reason: 'looked at',
    }));
    const review = {
      schema: 'exoarmur.policy-review/1',
      policy_digest: digestPolicySet({
        ...DEMO_POLICY_SET,
        policies: { everybody: 'permit (principal, action, resource);' },
      }),
      accepted,
    };
    writeFileSync(join(folder, 'half.json'), JSON.stringify({ ...review, accepted: accepted.slice(1) }));
    expect(await totals('--policy', 'looser.json', '--review', 'half.json')).toMatchObject({
      looser_accepted: 1,
      verdict: 'FAIL',
      exitCode: 1,
    });
    writeFileSync(join(folder, 'review.json'), JSON.stringify(review));
    expect(await totals('--policy', 'looser.json', '--review', 'review.json')).toMatchObject({
      looser_accepted: 2,
      verdict: 'PASS',
      exitCode: 0,
    });
    expect(await replay('--policy', 'same.json', '--review', 'review.json')).toMatchObject({
      err: expect.stringContaining('error REPLAY_REVIEW_OF_OTHER_POLICY: '),
      exitCode: 2,
    });
  });

  test('is the same report from one thread and from many', async () => {
    const one = await replay('--policy', 'looser.json', '--json', '--threads', '1');
    const many = await replay('--policy', 'looser.json', '--json', '--threads', '7');
    expect(many.out).toBe(one.out);
  });

  test('leaves out what was decided before a time', async () => {
    expect(await totals('--policy', 'looser.json', '--since', '2024-01-01T12:00:02.000Z')).toMatchObject({
      decisions: 2,
      looser: 1,
    });
    expect(await totals('--policy', 'looser.json', '--since', '2025-01-01T00:00:00.000Z')).toMatchObject({
      decisions: 0,
      verdict: 'PASS',
    });
  });

  test('fails for what cannot be decided again, unless that is exempted', async () => {
    change('DELETE FROM payloads WHERE id = (SELECT min(id) FROM payloads)');
    expect(await totals('--policy', 'same.json')).toMatchObject({
      not_decidable: 1,
      same: 3,
      verdict: 'FAIL',
      exitCode: 1,
    });
    expect(await totals('--policy', 'same.json', '--exempt-undecidable')).toMatchObject({
      not_decidable: 1,
      verdict: 'PASS',
      exitCode: 0,
    });
  });

  test('prints a table', async () => {
    const run = await replay('--policy', 'looser.json');
    expect(run.out).toMatch(/^FAIL {2}4 decisions under sha256:[0-9a-f]{64}\n {2}same 2 {2}tighter 0 {2}looser 2 /);
    expect(run.out).toMatch(/delete +deny +allow +looser +2\n/);
    expect(run.exitCode).toBe(1);
  });

  test.each([
    [['--policy', 'unsound.json'], 'CLI_POLICY_UNSOUND'],
    [['--policy', 'same.json', '--since', 'yesterday'], 'CANONICAL_TIME_MALFORMED'],
    [['--policy', 'same.json', 'session-1'], 'CLI_USAGE'],
    [['--since', '2024-01-01T12:00:02.000Z'], 'CLI_USAGE'],
    [['--policy', 'same.json', '--threads', '0'], 'CLI_USAGE'],
  ])('refuses %j', async (args, code) => {
    expect(await replay(...args)).toMatchObject({ err: expect.stringMatching(`^error ${code}: `), exitCode: 2 });
  });

  test('names a record that is none', async () => {
    change("UPDATE entries SET bytes = CAST('{}' AS BLOB) WHERE id = (SELECT max(id) FROM entries)");
    expect(await replay('--policy', 'same.json')).toMatchObject({
      err: expect.stringContaining('error AUDIT_RECORD_MALFORMED: '),
      exitCode: 2,
    });
  });
});
