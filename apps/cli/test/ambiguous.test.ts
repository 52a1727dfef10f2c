import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runInProcess } from './in-process.ts';
import { appoint, askFor, furnishOffice, tamper } from './office.ts';

/** A boundary whose executor takes the whole process with it, between the grant and the outcome. */
const DYING = `
import { readFileSync } from 'node:fs';
import { configOf, createBoundary, readBoundaryFile } from '@exoarmur/sdk';
const config = configOf(readBoundaryFile('boundary.json'), 'boundary.json');
const [{ executor }] = config.executors;
const dying = { manifest: executor.manifest, validateTarget: (...given) => executor.validateTarget(...given), execute: async () => process.kill(process.pid, 'SIGKILL') };
const boundary = await createBoundary({ ...config, executors: [{ hosting: 'in_process_trusted', executor: dying }] });
await boundary.execute(JSON.parse(readFileSync('read.json', 'utf8')));
`;

let folder = '';

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'exoarmur-office-'));
  await furnishOffice(folder);
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const run = (...args: readonly string[]) => runInProcess(folder, ...args);

test('an action that a crash left open is never done again, and a person settles it once', async () => {
  askFor(folder, 'read', { action_type: 'file.read', action_class: 'A0_observe', target: '/data/read' });
  writeFileSync(join(folder, 'data/read'), 'some bytes\n');
  await appoint(folder);
  const program = join(import.meta.dirname, `dying-${process.pid}.tmp.mjs`);
  writeFileSync(program, DYING);
  try {
    const args = ['--conditions=@exoarmur/source', '--disable-warning=ExperimentalWarning', program];
    const { signal, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
    expect(signal, stderr).toBe('SIGKILL');
  } finally {
    rmSync(program);
  }
  expect((await run('ambiguous', 'list')).out).toBe('Nothing is ambiguous.\n');
  expect(await run('run', 'read.json')).toMatchObject({
    exitCode: 5,
    out: expect.stringMatching(/^ambiguous {2}read/),
  });
  expect((await run('ambiguous', 'list')).out).toMatch(/^read {2}file\.read \/data\/read {2}by mail-agent/);
  tamper(folder, 'read');
  const unsound =
    'error SDK_STREAM_UNSOUND: the records of `read` do not agree: payload_digest_mismatch (/0/payload)\n';
  expect(await run('ambiguous', 'list')).toEqual({ exitCode: 1, out: '', err: unsound });
  expect(JSON.parse((await run('ambiguous', 'list', '--json')).out)).toMatchObject({
    ambiguous: [],
    unsound: [{ stream: 'read', code: 'SDK_STREAM_UNSOUND', pointer: '/0/payload' }],
  });
  const settle = (who: string, stream = 'read') =>
    run('ambiguous', 'resolve', stream, '--found', 'happened', '--key', `${who}.key`, '--reason', 'looked');
  expect(await settle('alice')).toMatchObject({ exitCode: 2, err: unsound });
  expect(await settle('alice', 'other')).toMatchObject({ err: expect.stringMatching(/SDK_STREAM_UNKNOWN/) });
  tamper(folder, 'read');
  expect(await settle('mallory')).toMatchObject({ exitCode: 2, err: expect.stringMatching(/SDK_ANSWER_REFUSED/) });
  expect(await settle('alice', 'other')).toMatchObject({
    exitCode: 2,
    err: expect.stringMatching(/SDK_STREAM_UNKNOWN/),
  });
  await run('operator', 'revoke', 'carol');
  expect(await settle('carol')).toMatchObject({ exitCode: 2, err: expect.stringMatching(/BOUNDARY_APPROVER_REVOKED/) });
  expect(await settle('alice')).toMatchObject({ exitCode: 0, out: 'Recorded: read happened\n' });
  expect(await settle('alice')).toMatchObject({ exitCode: 2, err: expect.stringMatching(/SDK_STREAM_UNKNOWN/) });
  expect(JSON.parse((await run('ambiguous', 'list', '--json')).out)).toEqual({ ambiguous: [], unsound: [] });
  expect((await run('run', 'read.json')).exitCode).toBe(5);
});
