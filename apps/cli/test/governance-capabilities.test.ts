import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { capabilityDenialSchema, capabilityRegistrationSchema } from '@exoarmur/contracts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DISCOVERY, ENFORCEMENT, GovernanceDesk, PROOF, SNAPSHOT } from './governance-desk.ts';

const desk = new GovernanceDesk();
const STREAM = 'boundary.cell-7.capabilities';
const LOG = ['--log-db', 'log.db', '--log-key', 'log.key', '--log-cell', 'cell-7'];
const SNAPSHOT_ID = `${SNAPSHOT}@0.1.0/policy_snapshot`;
const PROOF_ID = `${PROOF}@0.1.0/tool_invocation_proof`;
let vkey = '';

interface Line {
  readonly payload: { readonly capability_id: string; readonly reason?: string };
  readonly record: { readonly kind: string; readonly seq: number; readonly actor: object };
}

async function showStream(database = 'log.db'): Promise<Line[]> {
  const { out } = await desk.run(['log', 'show', STREAM, '--db', database]);
  return out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
}

const fsck = () => desk.run(['log', 'fsck', '--db', 'log.db', '--vkey', vkey]);

beforeAll(async () => {
  await desk.open();
  const snapshot = ['--required', 'policy_snapshot.v1=demo/policies.json'];
  await desk.attach('attached.json', ...snapshot, '--artifact', 'tool_invocation_proof.v1=receipt.json');
  await desk.run(['keys', 'generate', '--name', 'verifier.example/audits', '--out', 'log.key']);
  vkey = (await desk.run(['keys', 'show', 'log.key'])).out.match(/verifier\.example\/audits\+\S+/)?.[0] ?? '';
});

/** What was sealed in `log.db`, to which no test adds. */
let lines: Line[] = [];

beforeAll(async () => {
  // The second package is another than the one that is trusted.
  desk.install(desk.folder, PROOF, 'npm', 'export default {};');
  await desk.verify('attached.json', DISCOVERY, '--providers', 'both.json', ...LOG);
  desk.install(desk.folder, PROOF, 'npm', 'process.exit(0);');
  desk.trust(desk.folder, 'exits.json', PROOF);
  await desk.verify('attached.json', ENFORCEMENT, '--providers', 'exits.json', ...LOG);
  lines = await showStream();
});

afterAll(() => {
  desk.close();
});

describe('what verify-bundle does with providers', () => {
  test('is sealed in the log of the verifier, in the order in which it happens', () => {
    expect(
      lines.map(({ record, payload }) => [record.seq, record.kind, payload.capability_id, payload.reason]),
    ).toEqual([
      [0, 'capability_registered', SNAPSHOT_ID, undefined],
      [1, 'capability_denied', PROOF_ID, 'PROVIDER_DIGEST_MISMATCH'],
      [2, 'capability_activated', SNAPSHOT_ID, undefined],
      [3, 'capability_registered', PROOF_ID, undefined],
      [4, 'capability_activated', PROOF_ID, undefined],
      [5, 'capability_denied', PROOF_ID, 'PROVIDER_CRASHED'],
    ]);
    expect(capabilityRegistrationSchema.parse(lines[0]?.payload).metadata.runtime).toBe('process');
    expect(capabilityDenialSchema.parse(lines[5]?.payload).denied_by).toBe('exoarmur-verify-bundle');
    expect(lines[0]?.record.actor).toEqual({ type: 'service', id: 'exoarmur-verify-bundle' });
  });

  test('is listed, and stands under a checkpoint that fsck rebuilds', async () => {
    const { out } = await desk.run(['log', 'list', '--db', 'log.db']);
    expect(out).toBe(`0\t${STREAM}\t${STREAM}\n`);
    expect((await fsck()).out).toContain('records 6, streams 1, payloads 6');
    expect(await fsck()).toMatchObject({ exitCode: 0, out: expect.stringContaining('LOG_RESULT=SOUND') });
  });

  test('is found altered when somebody makes a denial a registration', async () => {
    const original = readFileSync(desk.path('log.db'));
    const database = new DatabaseSync(desk.path('log.db'));
    const rows = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all() as { name: string }[];
    for (const { name } of rows) {
      const columns = database.prepare(`PRAGMA table_info("${name}")`).all() as { name: string }[];
      for (const column of columns) {
        database.exec(
          `UPDATE "${name}" SET "${column.name}" = CAST(replace(CAST("${column.name}" AS TEXT), 'PROVIDER_CRASHED', 'PROVIDER_SLEEPED') AS BLOB) WHERE instr("${column.name}", 'PROVIDER_CRASHED') > 0`,
        );
      }
    }
    database.close();
    expect(await fsck()).toMatchObject({ exitCode: 1, out: expect.stringContaining('payload_mismatch') });
    writeFileSync(desk.path('log.db'), original);
    expect((await fsck()).exitCode).toBe(0);
  });

  test('is written as lines, too, the same events', async () => {
    // A log of its own, with head files of its own beside it.
    mkdirSync(desk.path('own'));
    const log = ['--log-db', 'own/log.db', '--log-key', 'log.key', '--log-cell', 'cell-7'];
    const args = ['--providers', 'one.json', ...log, '--capability-events', 'events.jsonl'];
    await desk.verify('attached.json', DISCOVERY, ...args);
    const written = readFileSync(desk.path('events.jsonl'), 'utf8').trimEnd().split('\n');
    const sealed = (await showStream('own/log.db')).map(({ payload }) => payload);
    expect(written.map((line) => JSON.parse(line))).toEqual(sealed);
  });

  test('does not happen when it cannot be sealed', async () => {
    const before = await showStream();
    const args = [
      'verify-bundle',
      '--bundle',
      'attached.json',
      '--providers',
      'exits.json',
      '--capability-events',
      'no.jsonl',
    ];
    const refused = await desk.run([...args, '--log-db', 'receipt.json', ...LOG.slice(2)], ENFORCEMENT);
    expect(refused).toMatchObject({ out: '', err: expect.stringMatching(/^error STORE_/) });
    expect(refused.exitCode).toBeGreaterThan(1);
    expect(existsSync(desk.path('no.jsonl'))).toBe(false);
    expect(await showStream()).toEqual(before);
  });

  test('does not happen when the log can be opened and not be added to', async () => {
    // An empty log where the head that was kept says that there were records.
    cpSync(desk.path('log.db.heads'), desk.path('restored.db.heads'), { recursive: true });
    const args = ['verify-bundle', '--bundle', 'attached.json', '--providers', 'one.json', '--log-db', 'restored.db'];
    const refused = await desk.run([...args, '--log-key', 'log.key', '--log-cell', 'cell-7'], DISCOVERY);
    expect(refused).toMatchObject({ out: '', err: expect.stringMatching(/^error AUDIT_/) });
    expect(refused.exitCode).toBeGreaterThan(1);
  });

  test.each<[string, string[], Readonly<Record<string, string>>, string]>([
    ['a log without its key', ['--log-db', 'log.db'], DISCOVERY, 'are given together'],
    ['a key without a log', ['--log-key', 'log.key'], DISCOVERY, 'are given together'],
    ['a log without its cell', LOG.slice(0, 4), DISCOVERY, 'are given together'],
    ['a log while discovery is off', LOG, {}, 'nothing would be recorded'],
  ])('is refused with %s', async (_what, args, environment, message) => {
    const asked = ['verify-bundle', '--bundle', 'attached.json', '--providers', 'one.json', ...args];
    expect(await desk.run(asked, environment)).toMatchObject({
      exitCode: 2,
      out: '',
      err: expect.stringMatching(new RegExp(`^error CLI_USAGE: .*${message}`)),
    });
  });
});
