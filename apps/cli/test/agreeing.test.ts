import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { digestApprovalRequest } from '@exoarmur/boundary-v2';
import type { ApprovalRequest } from '@exoarmur/contracts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runInProcess } from './in-process.ts';
import { appoint, askFor, furnishOffice } from './office.ts';

let folder = '';

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'exoarmur-agree-'));
  await furnishOffice(folder);
  await appoint(folder);
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const run = (...args: readonly string[]) => runInProcess(folder, ...args);
const isThere = (id: string) => existsSync(join(folder, 'data/ask', id));
const write = (name: string, value: unknown) => writeFileSync(join(folder, name), JSON.stringify(value));
const READING = { action_type: 'file.read', action_class: 'A0_observe', target: '/data/ask/read' };

async function ask(id: string, change: Record<string, unknown> = {}) {
  askFor(folder, id, change);
  await run('run', `${id}.json`);
  const { out } = await run('approvals', 'show', id, '--json');
  writeFileSync(join(folder, 'request.json'), out);
  return JSON.parse(out) as { request_digest: string; request: Record<string, unknown>; intent: object };
}

describe('approvals sign and submit', () => {
  const sign = (digest: string, ...more: string[]) =>
    run(
      ...['approvals', 'sign', 'request.json', '--verdict', 'approve', '--request', digest, '--operator', 'alice'],
      ...['--key', 'alice.key', '--reason', 'seen', ...more],
    );

  test('answer a request from a file, away from the boundary, and hand it in', async () => {
    const { request_digest } = await ask('old');
    const here = await run('approvals', 'show', 'old');
    const away = await run('approvals', 'show', '--file', 'request.json');
    expect(away.out).toBe(here.out);
    expect(away.out).toContain(`request   ${request_digest}\n`);
    // Where the key is there is no boundary.
    rmSync(join(folder, 'boundary.json'));
    const signed = await sign(request_digest);
    expect(signed).toMatchObject({ exitCode: 0, err: '' });
    await furnishOffice(folder);
    writeFileSync(join(folder, 'answer.json'), signed.out);
    const submitted = await run('approvals', 'submit', 'old', '--answer', 'answer.json', '--json');
    expect(JSON.parse(submitted.out)).toEqual({ stream: 'old', verdict: 'approve', operator_id: 'alice' });
    expect(await run('run', 'old.json')).toMatchObject({ exitCode: 0 });
    expect(isThere('old')).toBe(false);
  });

  test('sign nothing but what was read, and hand in nothing that would be refused', async () => {
    const { request_digest } = await ask('old');
    expect((await sign(`sha256:${'0'.repeat(64)}`)).err).toContain('CLI_USAGE: the file holds another request');
    expect((await sign(request_digest, '--operator', 'mail-agent')).err).toContain('CLI_USAGE: the requester');
    expect((await sign(request_digest, '--reason', 'a\nb')).err).toContain('CLI_USAGE: a reason is one line');
    const other = await sign(request_digest, '--operator', 'carol');
    writeFileSync(join(folder, 'answer.json'), other.out);
    expect(await run('approvals', 'submit', 'old', '--answer', 'answer.json')).toMatchObject({
      exitCode: 2,
      err: expect.stringMatching(/^error BOUNDARY_APPROVER_UNKNOWN/),
    });
    write('answer.json', {});
    expect((await run('approvals', 'submit', 'old', '--answer', 'answer.json')).err).toMatch(
      /^error BOUNDARY_APPROVAL_MALFORMED/,
    );
    expect(await run('run', 'old.json')).toMatchObject({ exitCode: 4 });
  });

  test('sign nothing after the time of a request', async () => {
    const file = await ask('old');
    const request = { ...file.request, expires_at: '2024-01-01T00:00:00.000Z' } as unknown as ApprovalRequest;
    const digest = digestApprovalRequest(request);
    write('request.json', { ...file, request, request_digest: digest });
    expect((await run('approvals', 'show', '--file', 'request.json')).out).toContain('EXPIRED');
    expect(await sign(digest)).toMatchObject({
      exitCode: 2,
      err: 'error CLI_USAGE: the request has expired at 2024-01-01T00:00:00.000Z\n',
    });
  });

  test('show no request whose digests are those of something else', async () => {
    const file = await ask('old');
    const { request, intent } = file;
    const hidden = { ...intent, target: '/data/ask/harmless' };
    const digest = `sha256:${'0'.repeat(64)}`;
    for (const [change, place] of [
      [{ intent: hidden }, '/request/intent_digest'],
      [{ request: { ...request, decision_digest: digest } }, '/request/decision_digest'],
      [{ request: { ...request, expires_at: '2999-01-01T00:00:00.000Z' } }, '/request_digest'],
      [
        { request: { ...request, presentation: { ...(request.presentation as object), intent: hidden } } },
        '/request/presentation/intent',
      ],
      [{ request_digest: digest }, '/request_digest'],
      [{ decision: {} }, '/decision'],
      [{ requested_at: 'yesterday' }, '/requested_at'],
    ] as const) {
      write('request.json', { ...file, ...change });
      for (const { err, exitCode } of [await run('approvals', 'show', '--file', 'request.json'), await sign(digest)]) {
        expect({ err, exitCode }).toMatchObject({
          err: expect.stringMatching(/^error CLI_REQUEST_MALFORMED/),
          exitCode: 2,
        });
        expect(err).toContain(`(${place})`);
      }
    }
    writeFileSync(join(folder, 'request.json'), '{');
    expect((await run('approvals', 'show', '--file', 'request.json')).err).toContain('CLI_REQUEST_MALFORMED');
    write('request.json', 7);
    expect((await run('approvals', 'show', '--file', 'request.json')).err).toContain('(/intent)');
    for (const args of [[], ['old', '--file', 'request.json']]) {
      expect((await run('approvals', 'show', ...args)).err).toContain('CLI_USAGE: name a stream, or --file');
    }
  });
});

describe('approvals revoke', () => {
  const revoke = (who: string) => run('approvals', 'revoke', 'old', '--key', `${who}.key`, '--reason', 'wrong file');

  test('takes an approval back before it was taken, and says when there is none', async () => {
    const { request_digest } = await ask('old');
    expect(await revoke('alice')).toMatchObject({
      exitCode: 2,
      err: expect.stringMatching(/^error SDK_ANSWER_REFUSED/),
    });
    await run('approvals', 'approve', 'old', '--request', request_digest, '--key', 'alice.key', '--reason', 'seen');
    expect(await revoke('carol')).toMatchObject({ exitCode: 2 });
    expect(await revoke('alice')).toMatchObject({
      out: 'Withdrawn, which counts when the action is run again: the approval of old by alice\n',
      exitCode: 0,
    });
    expect(await run('run', 'old.json')).toMatchObject({ exitCode: 4 });
    expect(isThere('old')).toBe(true);
  });
});

describe('grants', () => {
  const add = (...more: string[]) => run('grants', 'add', 'terms.json', '--key', 'alice.key', ...more);

  test('let what was drafted from a request happen as often as was agreed, until it is taken back', async () => {
    await ask('read', READING);
    expect(await run('grants', 'list')).toMatchObject({ out: 'Nothing was agreed to in advance.\n', exitCode: 0 });
    const drafted = await run('grants', 'draft', 'read');
    const terms = JSON.parse(drafted.out) as object;
    expect(terms).toMatchObject({
      ...{ actor_id: 'mail-agent', action_type: 'file.read', target: { match: 'exact', value: '/data/ask/read' } },
      ...{ parameters: [], max_uses: 1, reason: '' },
    });
    write('terms.json', { ...terms, max_uses: 2, reason: 'a report' });
    const added = JSON.parse((await add('--json')).out) as { digest: string; operator_id: string };
    expect(added.operator_id).toBe('alice');
    const again = (id: string) => {
      askFor(folder, id, READING);
      writeFileSync(join(folder, 'data/ask/read'), 'text');
      return run('run', `${id}.json`);
    };
    expect(await again('read-2')).toMatchObject({ exitCode: 0 });
    const [listed] = JSON.parse((await run('grants', 'list', '--json')).out).grants as object[];
    expect(listed).toMatchObject({ digest: added.digest, state: 'holds', uses: 1, grant: { granted_by: 'alice' } });
    expect(await run('grants', 'revoke', added.digest, '--key', 'carol.key')).toMatchObject({
      out: `Revoked by carol: ${added.digest}\n`,
      exitCode: 0,
    });
    expect((await run('grants', 'list')).out).toMatch(/^revoked {2}sha256:.*used 1 of 2/);
    expect(await again('read-3')).toMatchObject({ exitCode: 4 });
    expect(await run('grants', 'revoke', added.digest, '--key', 'alice.key')).toMatchObject({
      err: expect.stringMatching(/^error BOUNDARY_STANDING_GRANT_UNKNOWN/),
      exitCode: 2,
    });
    expect(
      (await run('log', 'tail', '--db', 'demo.db', '--count', '20')).out.match(/standing_grant_changed/g),
    ).toHaveLength(2);
  });

  test('say how each stands', async () => {
    await ask('read', READING);
    const terms = JSON.parse((await run('grants', 'draft', 'read')).out) as object;
    const states = async () => (await run('grants', 'list')).out.split('\n').map((line) => line.split(' ')[0]);
    write('terms.json', { ...terms, not_before: '2998-01-01T00:00:00.000Z', expires_at: '2999-01-01T00:00:00.000Z' });
    await add();
    expect(await states()).toEqual(['not_yet', '']);
    write('terms.json', terms);
    await add();
    askFor(folder, 'read-2', READING);
    await run('run', 'read-2.json');
    expect((await states()).sort()).toEqual(['', 'not_yet', 'used_up']);
    write('terms.json', { ...terms, expires_at: '2024-01-01T00:00:00.000Z' });
    expect((await add()).err).toMatch(/^error BOUNDARY_APPROVAL_EXPIRED/);
    await run('operator', 'revoke', 'alice');
    expect((await states()).sort()).toEqual(['', 'not_signed', 'not_signed']);
    const digest = `sha256:${'0'.repeat(64)}`;
    expect((await run('grants', 'revoke', digest, '--key', 'alice.key')).err).toContain('the key was revoked');
    expect((await run('grants', 'revoke', digest, '--key', 'mallory.key')).err).toContain('belongs to no operator');
    expect((await run('grants', 'revoke', 'x', '--key', 'carol.key')).err).toContain('CLI_USAGE');
  });

  test('are no answer to what is irreversible, and no terms are guessed', async () => {
    await ask('gone');
    expect((await run('grants', 'draft', 'gone')).err).toMatch(
      /^error CLI_GRANT_MALFORMED: nobody can agree in advance/,
    );
    await ask('deep', { ...READING, parameters: { 'a/b': [1] } });
    expect((await run('grants', 'draft', 'deep')).err).toMatch(
      /^error CLI_GRANT_MALFORMED: .* \(\/parameters\/a~1b\)\n$/,
    );
    await ask('numbers', { ...READING, parameters: { 9: true, 10: null } });
    const named = JSON.parse((await run('grants', 'draft', 'numbers')).out) as { parameters: { name: string }[] };
    expect(named.parameters.map(({ name }) => name)).toEqual(['10', '9']);
    await ask('read', { ...READING, parameters: { b: 'x', a: 1 } });
    const terms = JSON.parse((await run('grants', 'draft', 'read')).out) as object;
    expect(terms).toMatchObject({
      parameters: [
        { rule: 'equals', name: 'a', value: 1 },
        { rule: 'equals', name: 'b', value: 'x' },
      ],
    });
    for (const [change, place] of [
      [{ max_uses: 0 }, '/max_uses'],
      [{ action_class: 'A3_irreversible' }, '/action_class'],
      [{ granted_by: 'bob' }, '/granted_by'],
      [{ expires_at: undefined }, '/expires_at'],
    ] as const) {
      write('terms.json', { ...terms, ...change });
      const { err, exitCode } = await add();
      expect(exitCode).toBe(2);
      expect(err).toMatch(/^error CLI_GRANT_MALFORMED/);
      expect(err).toContain(`(${place})`);
    }
    writeFileSync(join(folder, 'terms.json'), '{"max_uses":1,"max_uses":2}');
    expect((await add()).err).toContain('(/max_uses)');
    expect((await add('--key', 'mallory.key')).err).toContain('CLI_GRANT_MALFORMED');
    expect(readFileSync(join(folder, 'terms.json'), 'utf8')).toContain('max_uses');
  });
});
