import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AnswerTray } from '@exoarmur/sdk';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runInProcess, runUnder } from './in-process.ts';
import { appoint, askFor, furnishOffice, tamper } from './office.ts';

let folder = '';

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'exoarmur-office-'));
  await furnishOffice(folder);
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const run = (...args: readonly string[]) => runInProcess(folder, ...args);
const isThere = (id: string) => existsSync(join(folder, 'data/ask', id));

async function digestOf(stream: string): Promise<string> {
  const { out } = await run('approvals', 'show', stream, '--json');
  return (JSON.parse(out) as { readonly request_digest: string }).request_digest;
}

async function answer(verdict: 'approve' | 'deny', stream: string, who: string) {
  const signed = ['--request', await digestOf(stream), '--key', `${who}.key`, '--reason', 'seen'];
  return run('approvals', verdict, stream, ...signed);
}

/** Lays a signed answer ready as somebody does whom the desk would tell that it is in vain. */
async function lay(stream: string, who: string) {
  writeFileSync(join(folder, 'request.json'), (await run('approvals', 'show', stream, '--json')).out);
  const about = ['--verdict', 'approve', '--request', await digestOf(stream), '--operator', who];
  const { out } = await run('approvals', 'sign', 'request.json', ...about, '--key', `${who}.key`, '--reason', 'seen');
  new AnswerTray(join(folder, 'demo.db.answers')).put(stream, JSON.parse(out));
}

/** Writes the file of the boundary anew, with some of it changed. */
function describeAnew(file: string, change: (described: OfficeFile) => void): void {
  const described = JSON.parse(readFileSync(join(folder, 'boundary.json'), 'utf8')) as OfficeFile;
  change(described);
  writeFileSync(join(folder, file), JSON.stringify(described));
}

interface OfficeFile {
  executors: unknown[];
  readonly facts: { trust_milli: Record<string, number> };
}

describe('run', () => {
  test('waits for people, goes on when they have agreed, and does it once', async () => {
    askFor(folder, 'old');
    await appoint(folder);
    expect(await run('run', 'old.json')).toMatchObject({
      exitCode: 4,
      err: '',
      out: expect.stringMatching(/^pending_approval {2}old\n/),
    });
    expect((await run('approvals', 'list')).out).toMatch(/^old {2}file\.delete \/data\/ask\/old {2}by mail-agent/);
    expect((await answer('approve', 'old', 'alice')).exitCode).toBe(0);
    expect(isThere('old')).toBe(true);
    const done = await run('run', 'old.json', '--bundle', 'proof.json', '--json');
    expect(done.exitCode).toBe(0);
    expect(JSON.parse(done.out)).toMatchObject({ status: 'completed', refused_answers: [], code: null });
    expect(isThere('old')).toBe(false);
    writeFileSync(join(folder, 'data/ask/old'), 'made anew');
    expect(await run('run', 'old.json')).toMatchObject({ exitCode: 0 });
    expect(isThere('old')).toBe(true);
    expect(await run('verify-bundle', '--bundle', 'proof.json')).toMatchObject({ exitCode: 0 });
    expect((await run('approvals', 'list')).out).toBe('Nothing waits.\n');
    expect(await run('run', 'old.json', '--bundle', 'proof.json')).toMatchObject({
      exitCode: 2,
      err: expect.stringContaining('CLI_OUTPUT_EXISTS'),
    });
  });

  test.each([
    ['is there', 'taken.json', 'CLI_OUTPUT_EXISTS'],
    ['is a link', 'link.json', 'CLI_OUTPUT_EXISTS'],
    ['has no folder', 'gone/proof.json', 'CLI_OUTPUT_UNWRITABLE'],
  ])('does nothing where the file for the bundle %s', async (_, file, code) => {
    askFor(folder, 'once');
    await appoint(folder);
    await run('run', 'once.json');
    await answer('approve', 'once', 'alice');
    writeFileSync(join(folder, 'taken.json'), '');
    symlinkSync('nowhere', join(folder, 'link.json'));
    expect(await run('run', 'once.json', '--bundle', file)).toMatchObject({
      ...{ exitCode: 2, out: '', err: expect.stringContaining(code) },
    });
    expect(isThere('once')).toBe(true);
    expect(await run('run', 'once.json', '--bundle', 'proof.json')).toMatchObject({ exitCode: 0 });
    expect(isThere('once')).toBe(false);
  });

  test('tells an error in one line, whatever the names in a file are', async () => {
    const described = JSON.parse(readFileSync(join(folder, 'boundary.json'), 'utf8'));
    writeFileSync(join(folder, 'forged.json'), JSON.stringify({ ...described, 'x\nerror OK: fine': 1 }));
    const { err, exitCode } = await run('approvals', 'list', '--boundary', 'forged.json');
    expect(exitCode).toBe(2);
    expect(err.trimEnd().split('\n')).toHaveLength(1);
  });

  test('decides without a record and without an effect in a dry run', async () => {
    askFor(folder, 'free', { target: '/data/free', action_type: 'file.read', action_class: 'A0_observe' });
    askFor(folder, 'asks');
    askFor(folder, 'locked', { target: '/data/locked/x' });
    expect(await run('run', 'free.json', '--dry-run')).toMatchObject({
      exitCode: 0,
      out: expect.stringMatching(/^would_allow\n/),
    });
    expect(await run('run', 'asks.json', '--dry-run')).toMatchObject({
      exitCode: 4,
      out: expect.stringMatching(/^would_require_/),
    });
    const locked = await run('run', 'locked.json', '--dry-run', '--json');
    expect(locked).toMatchObject({ exitCode: 1, err: '' });
    expect(JSON.parse(locked.out)).toMatchObject({ status: 'would_deny', stream: null });
    expect(await run('log', 'list', '--db', 'demo.db')).toMatchObject({ out: '' });
    expect(isThere('asks')).toBe(true);
    expect(await run('run', 'free.json', '--dry-run', '--bundle', 'x')).toMatchObject({ exitCode: 2 });
  });

  test('takes the variables of the process as it has them', async () => {
    askFor(folder, 'asks');
    const { exitCode, err } = await runUnder(process.env as Record<string, string>, folder, ['run', 'asks.json']);
    expect({ exitCode, err }).toEqual({ exitCode: 4, err: '' });
  });

  test('ends at a denial for good', async () => {
    askFor(folder, 'kept');
    await appoint(folder);
    await run('run', 'kept.json');
    await answer('deny', 'kept', 'alice');
    const agreed = ['--request', await digestOf('kept'), '--key', 'carol.key', '--reason', 'yes'];
    expect(await run('run', 'kept.json')).toMatchObject({
      exitCode: 1,
      out: expect.stringMatching(/^denied {2}kept {2}BOUNDARY_APPROVAL_DENIED\n/),
    });
    expect(await run('approvals', 'approve', 'kept', ...agreed)).toMatchObject({
      exitCode: 2,
      err: expect.stringMatching(/^error SDK_STREAM_UNKNOWN/),
    });
    expect((await run('run', 'kept.json')).exitCode).toBe(1);
    expect(isThere('kept')).toBe(true);
  });

  test('names the answers that are refused, by code, and acts on none', async () => {
    askFor(folder, 'two');
    await appoint(folder);
    await run('run', 'two.json');
    await lay('two', 'bob');
    await answer('approve', 'two', 'carol');
    await run('operator', 'revoke', 'carol');
    const refused = await run('run', 'two.json', '--json');
    expect(refused.exitCode).toBe(4);
    const { refused_answers, status } = JSON.parse(refused.out) as Record<string, unknown>;
    expect(status).toBe('pending_approval');
    expect([...(refused_answers as string[])].sort()).toEqual([
      'BOUNDARY_APPROVAL_ROLE_MISSING',
      'BOUNDARY_APPROVER_REVOKED',
    ]);
    expect(isThere('two')).toBe(true);
    await expect(answer('approve', 'two', 'carol')).resolves.toMatchObject({ exitCode: 2 });
    await expect(answer('approve', 'two', 'mallory')).resolves.toMatchObject({
      exitCode: 2,
      err: 'error SDK_ANSWER_REFUSED: the key belongs to no operator\n',
    });
  });

  test('says who has to agree, and in whose name a refused answer was', async () => {
    askFor(folder, 'old');
    await appoint(folder);
    writeFileSync(join(folder, 'a b.json'), readFileSync(join(folder, 'boundary.json')));
    const waits = /^ {2}waits {5}for 1 person with the role keeper, until \S+Z; see: exoarmur approvals list( .*)?$/m;
    expect((await run('run', 'old.json')).out.match(waits)?.[1]).toBeUndefined();
    expect((await run('run', 'old.json', '--boundary', 'a b.json')).out.match(waits)?.[1]).toBe(
      " --boundary 'a b.json'",
    );
    expect(await answer('approve', 'old', 'bob')).toEqual({
      ...{ out: '', exitCode: 2 },
      err: 'error CLI_ROLE_MISSING: `bob` does not hold the role keeper, which the request asks for; nothing was signed\n',
    });
    expect(existsSync(join(folder, 'demo.db.answers'))).toBe(false);
    await lay('old', 'bob');
    expect((await run('run', 'old.json')).out).toContain(
      '  refused   an answer of bob: BOUNDARY_APPROVAL_ROLE_MISSING; asked for is the role keeper\n',
    );
  });

  test('says what the executor has against a target, and which facts are unknown', async () => {
    const open = { target: '/data/none', action_type: 'file.read', action_class: 'A0_observe' };
    askFor(folder, 'none', open);
    const none = await run('run', 'none.json');
    expect(none.out).toMatch(
      /^denied {2}none {2}BOUNDARY_TARGET_REFUSED\n(?:.*\n)* {2}executor {2}filesystem: invalid, \S/,
    );
    const again = JSON.parse((await run('run', 'none.json', '--json')).out);
    expect(again.target_refusal).toMatchObject({ executor: 'filesystem', result: 'invalid' });
    askFor(folder, 'nobody', { ...open, safety_context: { local_confidence_milli: 950 } });
    describeAnew('idle.json', (file) => {
      file.executors = [];
    });
    expect((await run('run', 'nobody.json', '--boundary', 'idle.json')).out).toMatch(
      /^ {2}executor {2}\S+: unsupported, /m,
    );
    describeAnew('strangers.json', ({ facts }) => {
      facts.trust_milli = {};
    });
    askFor(folder, 'strange', { ...open, safety_context: { local_confidence_milli: 1001 } });
    const strange = ['run', 'strange.json', '--boundary', 'strangers.json'];
    expect((await run(...strange, '--dry-run')).out).toMatch(/^ {2}unknown {3}trust_milli, local_confidence_milli$/m);
    const told = await run(...strange, '--json');
    expect(JSON.parse(told.out)).toMatchObject({
      ...{ status: 'denied', code: 'BOUNDARY_DENIED_BY_SAFETY', target_refusal: null },
      unknown_facts: ['trust_milli', 'local_confidence_milli'],
    });
  });

  test('does it once when two people agree at the same time', async () => {
    askFor(folder, 'both');
    await appoint(folder);
    await run('run', 'both.json');
    await Promise.all([answer('approve', 'both', 'alice'), answer('approve', 'both', 'carol')]);
    const done = await run('run', 'both.json', '--json');
    expect(done.exitCode).toBe(0);
    expect(JSON.parse(done.out)).toMatchObject({
      status: 'completed',
      refused_answers: ['BOUNDARY_ACTION_NOT_WAITING'],
    });
    expect(isThere('both')).toBe(false);
  });

  test('says where a boundary file or an intent is wrong', async () => {
    askFor(folder, 'odd', { action_type: 7 });
    expect(await run('run', 'odd.json')).toMatchObject({
      exitCode: 2,
      err: expect.stringMatching(/^error BOUNDARY_INTENT_MALFORMED.*\//),
    });
    writeFileSync(join(folder, 'huge.json'), `"${'x'.repeat(2_000_000)}"`);
    expect(await run('run', 'huge.json')).toMatchObject({
      exitCode: 2,
      err: expect.stringMatching(/^error CLI_INPUT_TOO_LARGE/),
    });
    const text = readFileSync(join(folder, 'boundary.json'), 'utf8');
    writeFileSync(join(folder, 'boundary.json'), text.replace('"cell":"demo"', '"cell":"demo","cells":1'));
    expect(await run('run', 'odd.json')).toMatchObject({
      exitCode: 2,
      err: expect.stringMatching(/^error SDK_CONFIG_INVALID.*\(\/cells\)/),
    });
    expect(await run('run', 'odd.json', '--boundary', 'none.json')).toMatchObject({
      exitCode: 2,
      err: expect.stringMatching(/^error SDK_FILE_UNREADABLE/),
    });
  });
});

describe('approvals', () => {
  test('refuse an answer to another request than the one that waits, and a key that others can read', async () => {
    askFor(folder, 'old');
    await appoint(folder);
    await run('run', 'old.json');
    const other = ['--request', `sha256:${'0'.repeat(64)}`, '--key', 'alice.key', '--reason', 'x'];
    expect(await run('approvals', 'approve', 'old', ...other)).toMatchObject({
      exitCode: 2,
      err: 'error SDK_ANSWER_REFUSED: the request is another one than was shown (/request_digest)\n',
    });
    if (process.platform === 'win32') return;
    chmodSync(join(folder, 'alice.key'), 0o640);
    expect(await answer('approve', 'old', 'alice')).toMatchObject({
      exitCode: 2,
      err: expect.stringMatching(/^error CLI_KEY_FILE_EXPOSED/),
    });
    expect((await run('run', 'old.json')).exitCode).toBe(4);
  });

  test('show no text of an agent that acts on the terminal or passes for another line', async () => {
    const nasty = '\u001b[2J\u001b]0;owned\u0007\u202eevil\u2028undo      possible\r';
    askFor(folder, 'nasty', { parameters: { note: nasty, lines: 'a\nrequest   sha256:0' }, reason: 'a\u200bb' });
    await run('run', 'nasty.json');
    const shown = await run('approvals', 'show', 'nasty');
    expect(shown.err).toBe('');
    const listed = await run('approvals', 'list');
    const watched = await run('approvals', 'watch', '--once');
    const asJson = await run('approvals', 'show', 'nasty', '--json');
    expect(shown.exitCode).toBe(0);
    for (const { out } of [shown, listed, watched, asJson]) expect(out).not.toMatch(/[^\P{C}\n]|[\u2028\u2029]/u);
    expect(JSON.parse(asJson.out)).toMatchObject({ intent: { parameters: { note: nasty } } });
    expect(shown.out).toContain('\\u{202e}evil\\u{2028}undo');
    expect(shown.out.match(/^request {3}/gm)).toHaveLength(1);
    expect(shown.out.match(/^undo/gm)).toHaveLength(1);
    expect(shown.out).toMatch(/^facts {5}all that were asked for are known$/m);
    expect(shown.out).toMatch(/^agree {5}1 of keeper$/m);
    expect(shown.out).toMatch(/^asked {5}file\.delete \/data\/ask\/nasty\n/);
    expect(shown.out).toMatch(/\nasked {5}file\.delete \/data\/ask\/nasty\n$/);
  });
});

test('an action whose records do not agree hides no other one from people', async () => {
  for (const id of ['one', 'two']) {
    askFor(folder, id);
    await run('run', `${id}.json`);
  }
  const listed = JSON.parse((await run('approvals', 'list', '--json')).out);
  expect(listed).toMatchObject({ waiting: [{ stream: 'one' }, { stream: 'two' }], unsound: [] });
  tamper(folder, 'one');
  const err = 'error SDK_STREAM_UNSOUND: the records of `one` do not agree: payload_digest_mismatch (/0/payload)\n';
  expect(await run('approvals', 'list')).toEqual({ exitCode: 1, err, out: expect.stringMatching(/^two [^\n]*\n$/) });
  const told = JSON.parse((await run('approvals', 'list', '--json')).out);
  expect(told).toMatchObject({ waiting: [{ stream: 'two' }], unsound: [{ stream: 'one' }] });
  const watched = await run('approvals', 'watch', '--once');
  expect(watched).toMatchObject({ exitCode: 1, err });
  expect(JSON.parse(watched.out)).toMatchObject({ stream: 'two' });
  expect(await run('approvals', 'show', 'one')).toMatchObject({ exitCode: 2, err });
  // It is told of once, however often somebody looks.
  askFor(folder, 'three');
  const ask = async (question: string) => {
    if (!question.startsWith('Do it?')) return null;
    const isFirst = (await run('approvals', 'list', '--json')).out.includes('"three"') === false;
    if (isFirst) await run('run', 'three.json');
    return isFirst ? '' : 'q';
  };
  const inbox = await runUnder({}, folder, ['approvals', 'watch', '--key', 'alice.key', '--poll-ms', '50'], ask);
  tamper(folder, 'two');
  tamper(folder, 'three');
  expect(await run('approvals', 'list')).toMatchObject({ exitCode: 1, out: '' });
  expect(inbox).toMatchObject({
    exitCode: 1,
    err,
    out: expect.stringMatching(/\/data\/ask\/two[\s\S]*\/data\/ask\/three/),
  });
});

const KEYED = ['--key', 'alice.key'];
test.each([
  ['approvals', 'approve', 'x', ...KEYED],
  ['approvals', 'deny', 'x', ...KEYED],
  ['approvals', 'revoke', 'x', ...KEYED],
  ['approvals', 'sign', '--approve', ...KEYED],
  ['ambiguous', 'resolve', 'x', '--found', 'happened', ...KEYED],
  ['switch', 'set', '--global', ...KEYED],
  ['policy', 'activate', '--bundle', 'x', '--signer', 'x', '--override-by', 'ann'],
  ['log', 'erase', '--stream', 'x', ...KEYED],
  ['log', 'prune', '--before', '2024-01-01T00:00:00.000Z', ...KEYED],
])('%s %s takes one line for a reason', async (...args) => {
  const option = args.includes('activate') ? '--override-reason' : '--reason';
  for (const reason of ['', 'two\nlines', 'x'.repeat(1025)]) {
    expect(await run(...args, option, reason)).toEqual({
      ...{ exitCode: 2, out: '' },
      err: expect.stringContaining('error CLI_USAGE: a reason is one line of 1 to 1,024 characters\n'),
    });
  }
});

describe('approvals watch', () => {
  const watch = (lines: readonly (string | null)[], who = 'alice') => {
    const questions: string[] = [];
    let next = 0;
    const ask = async (question: string) => {
      questions.push(question);
      const line = lines[next++] ?? null;
      const wanted = /type ([0-9a-f]{6}),/.exec(question)?.[1];
      return line === 'as asked' ? (wanted ?? '') : line;
    };
    const args = ['approvals', 'watch', '--once', '--key', `${who}.key`];
    return runUnder({}, folder, args, ask).then((result) => ({ ...result, questions }));
  };

  test('shows a request whole, and signs only what was typed out', async () => {
    askFor(folder, 'one');
    await appoint(folder);
    await run('run', 'one.json');
    const shy = await watch(['y', 'yes']);
    expect(shy.out).toContain('Not answered');
    expect((await watch([''])).questions).toHaveLength(1);
    expect((await watch(['y', null])).questions).toHaveLength(2);
    expect((await watch(['q'])).exitCode).toBe(0);
    expect((await run('run', 'one.json')).exitCode).toBe(4);
    const yes = await watch(['y', 'as asked', 'it is old']);
    expect(yes.out).toMatch(
      /asked {5}file\.delete[\s\S]*policies {2}ask[\s\S]*undo[\s\S]*expires[\s\S]*Signed by alice: approve/,
    );
    expect((await run('run', 'one.json')).exitCode).toBe(0);
    expect(isThere('one')).toBe(false);
  });

  test('denies, and goes on after an answer that is refused', async () => {
    askFor(folder, 'one');
    askFor(folder, 'two');
    await appoint(folder);
    await run('run', 'one.json');
    await run('run', 'two.json');
    const stranger = await watch(['y', 'as asked', 'x', 'n', 'as asked', 'x'], 'mallory');
    expect(stranger.err.match(/SDK_ANSWER_REFUSED/g)).toHaveLength(2);
    await watch(['n', 'as asked', 'needed', 'q']);
    expect(await run('run', 'one.json')).toMatchObject({
      exitCode: 1,
      out: expect.stringMatching(/BOUNDARY_APPROVAL_DENIED/),
    });
    expect((await run('run', 'two.json')).exitCode).toBe(4);
  });

  test('prints a line of JSON for each request where nobody sits, and wants a key where somebody does', async () => {
    askFor(folder, 'one');
    await run('run', 'one.json');
    const { out } = await run('approvals', 'watch', '--once');
    expect(out.split('\n')).toHaveLength(2);
    expect(JSON.parse(out)).toMatchObject({ stream: 'one', expired: false, intent: { target: '/data/ask/one' } });
    const noKey = await runUnder({}, folder, ['approvals', 'watch', '--once'], async () => null);
    expect(noKey).toMatchObject({ exitCode: 2, err: 'error CLI_USAGE: at a terminal --key is needed\n' });
  });
});

describe('operator', () => {
  test('registers a key once, lists it, and revokes it for good', async () => {
    expect((await run('operator', 'list')).out).toBe('Nobody may approve.\n');
    const add = ['operator', 'add', 'alice', '--vkey', 'alice.vkey', '--role', 'keeper'];
    expect(await run(...add, '--clearance', 'A2_hard_containment')).toMatchObject({ exitCode: 0 });
    expect(await run(...add)).toMatchObject({ exitCode: 1, out: 'Not added: the key is registered already\n' });
    expect((await run('operator', 'list')).out).toMatch(/^alice {2}keeper; up to A2_hard_containment {2}alice\.test\+/);
    expect(await run('operator', 'revoke', 'alice')).toMatchObject({ exitCode: 0, out: 'Keys revoked: 1\n' });
    expect(await run('operator', 'revoke', 'alice')).toMatchObject({ exitCode: 1, out: 'Keys revoked: 0\n' });
    const { out } = await run('operator', 'list', '--json');
    expect(JSON.parse(out)).toMatchObject({ operators: [{ operator_id: 'alice', revoked: true, roles: ['keeper'] }] });
    expect(await run('operator', 'add', 'x', '--vkey', 'alice.key')).toMatchObject({ exitCode: 2 });
    expect(await run('operator', 'add', 'a b', '--vkey', 'bob.vkey')).toMatchObject({ exitCode: 2 });
    expect(await run(...add, '--clearance', 'root')).toMatchObject({ exitCode: 2 });
  });
});
