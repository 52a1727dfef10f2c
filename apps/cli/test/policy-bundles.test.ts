import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSigner, formatSigningKey } from '@exoarmur/canonical';
import { formatIntentSchema, parsePolicySet } from '@exoarmur/policy';
import { openSqliteLogStore } from '@exoarmur/store-sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runInProcess } from './in-process.ts';

let folder = '';
const path = (name: string) => join(folder, name);
const run = (...args: readonly string[]) => runInProcess(folder, 'policy', ...args);
const write = (name: string, value: unknown) => writeFileSync(path(name), JSON.stringify(value));
const LOG = ['--db', 'log.db', '--key', 'log.key', '--cell', 'office'] as const;
const LIST = ['list', '--db', 'log.db', '--cell', 'office', '--tenant', 'acme', '--signer', 'policy.vkey'] as const;
const setOf = (policies: Readonly<Record<string, string>>) => ({
  ...{ schema: 'exoarmur.policy-set/1', language: 'cedar', policies },
  cedar_schema: formatIntentSchema(['file.read']),
});

function writeKey(file: string, name: string, fill: number) {
  const seed = new Uint8Array(32).fill(fill);
  writeFileSync(path(file), `${formatSigningKey({ name, seed })}\n`);
  chmodSync(path(file), 0o600);
  writeFileSync(path(file.replace('.key', '.vkey')), `${createSigner(name, seed).vkey}\n`);
}

async function sign(version: number, file: string, ...more: readonly string[]) {
  const about = ['--tenant', 'acme', '--id', `policies-${version}`, '--bundle-version', String(version)];
  const times = ['--issued-at', '2024-01-01T00:00:00.000Z', '--expires-at', '2999-01-01T00:00:00.000Z'];
  const { out, exitCode } = await run(
    'sign',
    '--policy',
    'set.json',
    '--key',
    'policy.key',
    ...about,
    ...times,
    ...more,
  );
  expect(exitCode).toBe(0);
  writeFileSync(path(file), out);
}
const activate = (bundle: string, ...more: readonly string[]) =>
  run('activate', '--bundle', bundle, '--signer', 'policy.vkey', ...LOG, ...more);

/** A boundary under the bundles of `policy.key`. */
function writeBoundary(): void {
  const calm = { degraded: false, cell_load_milli: 0, network_health_milli: 1000, resource_availability_milli: 1000 };
  write('boundary.json', {
    ...{ schema: 'exoarmur.boundary-file/1', tenant: 'acme', cell: 'office', key_file: 'log.key', executors: [] },
    ...{ store: { path: 'log.db' }, policy: { keyring: [readFileSync(path('policy.vkey'), 'utf8').trim()] } },
    facts: { switches: { global: 'clear', tenant: 'clear' }, trust_milli: {}, environment: calm },
  });
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'exoarmur-policy-'));
  writeKey('log.key', 'office.example/acme', 1);
  writeKey('policy.key', 'policy.example', 2);
  writeKey('other.key', 'other.example', 3);
  write('set.json', setOf({ all: 'permit(principal, action, resource in Directory::"/srv");' }));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('exoarmur policy, bundles', () => {
  it('signs, verifies, activates and lists', async () => {
    await sign(1, 'one.json');
    const verify = ['verify', '--bundle', 'one.json', '--tenant', 'acme', '--signer', 'policy.vkey'];
    expect(await run(...verify)).toMatchObject({
      out: expect.stringMatching(
        /^PASS {2}policies-1, version 1, until 2999-\S+\n {6}signed by policy\.example\n {6}sha256:/,
      ),
      exitCode: 0,
    });
    expect((await run(...verify, '--at', '2999-01-01T00:00:00.000Z')).out).toBe('FAIL  expired\n');
    const foreign = await run('verify', '--bundle', 'one.json', '--tenant', 'acme', '--signer', 'other.vkey', '--json');
    expect(foreign.exitCode).toBe(1);
    expect(JSON.parse(foreign.out)).toEqual({ passed: false, reason: 'signature_invalid', problems: [] });

    expect((await activate('one.json')).out).toMatch(/^in force in cell office of acme: policies-1, version 1/);
    expect((await activate('one.json')).out).toMatch(/^in force already in cell office of acme: policies-1/);
    await sign(2, 'two.json');
    const two = JSON.parse((await activate('two.json', '--json')).out);
    expect(two).toMatchObject({ activated: true, record: { version: 2, previous: { version: 1 }, override: null } });
    const { out, exitCode } = await run(...LIST);
    expect(exitCode).toBe(0);
    expect(out).toMatch(/^active {2}version 2 .*\n {8}version 1 .*\nverified\n$/);
    const log = await runInProcess(folder, 'log', 'tail', '--db', 'log.db');
    expect(log.out.split('policy_activated')).toHaveLength(3);
  });

  it('refuses a bundle on record; the old one stays, and the list says that the cell is degraded', async () => {
    await sign(2, 'two.json');
    await sign(1, 'one.json');
    await activate('two.json');
    expect(await activate('one.json')).toMatchObject({
      err: expect.stringContaining('BOUNDARY_POLICY_DOWNGRADED'),
      exitCode: 2,
    });
    const list = await run(...LIST, '--json');
    expect(JSON.parse(list.out)).toMatchObject({
      ...{ policy_verified: true, degraded: true, reason: 'downgraded' },
      bundles: [{ active: true, bundle: { version: 2 } }],
    });
    expect((await activate('one.json', '--override-by', 'ann')).err).toContain('CLI_USAGE');
    const back = ['--override-by', 'ann', '--override-reason', '2 locks us out'];
    expect((await activate('one.json', ...back)).out).toMatch(/^in force in cell office of acme: policies-1/);
    expect((await run(...LIST)).out).toMatch(/^active {2}version 1 .*\(back by ann: 2 locks us out\)\n.*\nverified\n$/);
  });

  it('takes log, key and cell from the file of the boundary', async () => {
    await sign(1, 'one.json');
    writeBoundary();
    const here = ['--signer', 'policy.vkey', '--boundary', 'boundary.json'];
    expect(await run('activate', '--bundle', 'one.json', ...here)).toMatchObject({
      out: expect.stringMatching(/^in force in cell office of acme: policies-1/),
      err: '',
    });
    expect((await run('list', ...here)).out).toMatch(/^active {2}version 1 .*\nverified\n$/);
    expect((await run('list', ...here, '--cell', 'office')).err).toContain('CLI_USAGE');
    expect((await run('list', '--signer', 'policy.vkey', '--db', 'log.db')).err).toContain('CLI_USAGE: say which cell');
  });

  it('is not decided under again once a later one was in force and the database was put back', async () => {
    for (const version of [1, 2]) await sign(version, `${version}.json`);
    const vkey = readFileSync(path('log.vkey'), 'utf8').trim();
    const fsck = (...more: readonly string[]) =>
      runInProcess(folder, 'log', 'fsck', '--db', 'log.db', '--vkey', vkey, ...more);
    writeBoundary();
    write('call.json', {
      ...{ schema: 'exoarmur.intent/1', intent_id: 'call-1', correlation_id: 'session-1', trace_id: null },
      ...{ tenant_id: 'acme', cell_id: 'office', actor_id: 'agent', actor_type: 'agent', idempotency_key: null },
      ...{ action_type: 'file.read', action_class: 'A0_observe', target: '/srv/a', parameters: {}, safety_context: {} },
      ...{ reason: 'look', timestamp: '2024-01-01T00:00:00.000Z' },
    });
    await activate('1.json');
    cpSync(path('log.db'), path('copy.db'));
    await activate('2.json');
    cpSync(path('copy.db'), path('log.db'));
    const unsound = { out: expect.stringContaining('kept_head_ahead'), exitCode: 1 };
    expect(await fsck()).toMatchObject(unsound);
    const call = () => runInProcess(folder, 'run', 'call.json', '--boundary', 'boundary.json');
    expect(await call()).toMatchObject({ out: '', err: expect.stringContaining('AUDIT_LOG_BEHIND_HEAD') });
    expect(await fsck()).toMatchObject(unsound);

    // A head that an earlier version kept elsewhere is looked at before anything else is.
    renameSync(path('log.db.heads'), path('heads'));
    const head = path('heads/acme.head');
    const elsewhere = `error CLI_HEADS_ELSEWHERE: the last signed head of acme lies in another folder; run`;
    const moving = `${elsewhere} \`mkdir -p ${path('log.db.heads')} && mv ${head} ${path('log.db.heads')}\`\n`;
    for (const refused of [await fsck(), await activate('2.json'), await call()]) {
      expect(refused).toEqual({ out: '', err: moving, exitCode: 2 });
    }
    expect(await fsck('--heads', 'heads')).toMatchObject(unsound);
    cpSync(path('heads'), path('log.db.heads'), { recursive: true });
    const checking = `${elsewhere} \`log fsck --heads ${path('heads')}\` and, when the log is sound by it, \`rm ${head}\`\n`;
    expect(await call()).toEqual({ out: '', err: checking, exitCode: 2 });
  });

  it('says so when the store was put back, or holds another bundle', async () => {
    await sign(1, 'one.json');
    await sign(2, 'two.json');
    await activate('one.json');
    await activate('two.json');
    const change = async (sql: string) => {
      const store = openSqliteLogStore({ path: path('log.db') });
      store.database.exec(sql);
      await store.close();
      return run(...LIST);
    };
    expect(await change('DELETE FROM policy_activations WHERE generation = 2')).toMatchObject({
      out: expect.stringMatching(/not verified, degraded: behind_log\n$/),
      exitCode: 1,
    });
    const tampered = await change(
      'UPDATE policy_activations SET file = replace(file, \'payload":"eyJ\', \'payload":"eyK\')',
    );
    expect(tampered.out).toMatch(/not a bundle: signature_invalid .*\nnot verified, degraded: none_active\n$/);
  });

  it('signs bounds, and none that are not of their shape', async () => {
    write('bounds.json', { kill_switches: { global: true, tenant: false } });
    await sign(1, 'one.json', '--bounds', 'bounds.json');
    const { payload } = JSON.parse(readFileSync(path('one.json'), 'utf8'));
    expect(JSON.parse(Buffer.from(payload, 'base64').toString()).bounds).toEqual({
      kill_switches: { global: true, tenant: false },
    });
    write('bounds.json', { kill_switch: {} });
    const about = [
      '--tenant',
      'acme',
      '--id',
      'x',
      '--bundle-version',
      '1',
      '--expires-at',
      '2999-01-01T00:00:00.000Z',
    ];
    const refused = await run(
      'sign',
      '--policy',
      'set.json',
      '--key',
      'policy.key',
      ...about,
      '--bounds',
      'bounds.json',
    );
    expect(refused).toMatchObject({ err: expect.stringMatching(/CLI_USAGE.*\(\/kill_switch\)/), exitCode: 2 });
  });
});

describe('exoarmur policy, texts', () => {
  it('lays out a set, and says whether a file is', async () => {
    write('odd.json', setOf({ all: 'permit(principal,action,resource in Directory::"/srv") ;' }));
    expect(await run('format', '--policy', 'odd.json', '--check')).toMatchObject({
      out: 'odd.json: not laid out\n',
      exitCode: 1,
    });
    const { out } = await run('format', '--policy', 'odd.json');
    await run('format', '--policy', 'odd.json', '--write');
    expect(readFileSync(path('odd.json'), 'utf8')).toBe(out);
    expect((await run('format', '--policy', 'odd.json', '--check')).exitCode).toBe(0);
  });

  it('compares sets by what they mean', async () => {
    write('laid-out.json', setOf({ all: 'permit(principal, action,\n  resource in Directory::"/srv");' }));
    write(
      'other.json',
      setOf({
        all: 'permit(principal, action, resource in Directory::"/etc");',
        x: '@approval("human") forbid(principal, action, resource);',
      }),
    );
    expect(await run('diff', 'set.json', 'laid-out.json')).toMatchObject({
      out: 'respelt  all: permit\nThe same policies\n',
      exitCode: 0,
    });
    expect(await run('diff', 'set.json', 'other.json')).toMatchObject({
      out: 'changed  all: permit\nadded    x: forbid unless a person agrees\n2 policies differ\n',
      exitCode: 1,
    });
  });

  it('takes simple rules wherever it takes policies', async () => {
    const rules =
      'schema: exoarmur.simple-rules/1\naction_types: [http.request]\nrules:\n  - {rule_id: api, description: the api, allowed_domains: [api.example.com]}\n';
    writeFileSync(path('rules.yaml'), rules);
    const intent =
      'intent: {actor_id: ann, actor_type: human, action_type: http.request, action_class: A1_soft_containment, target: "https://api.example.com/x"}';
    writeFileSync(
      path('cases.yaml'),
      `schema: exoarmur.policy-cases/1\ndefaults:\n  ${intent}\nmust_deny:\n  - {name: elsewhere, intent: {target: "https://evil.example/"}}\ncases:\n  - name: the api\n    expect: {verdict: allow, policies: [rule-0001]}\n`,
    );
    expect((await run('check', '--policy', 'rules.yaml', '--cases', 'cases.yaml')).out).toContain('PASS');
    expect((await run('test', '--policy', 'rules.yaml', '--cases', 'cases.yaml')).out).toContain('PASS  2 of 2');
    expect((await run('format', '--policy', 'rules.yaml')).out).toContain('api.example.com');
    writeFileSync(path('rules.yaml'), rules.replace('allowed_domains', 'allowed_domain'));
    expect((await run('check', '--policy', 'rules.yaml')).err).toContain('POLICY_RULE_MALFORMED');
  });
});

describe('policy compose', () => {
  const PERMIT = 'permit(principal, action == Action::"file.read", resource);';
  beforeEach(() => {
    mkdirSync(path('cedar'));
    writeFileSync(path('cedar/reads-may-go.cedar'), `// Reports are read by all.\n${PERMIT}\n`);
    writeFileSync(path('cedar/not-secrets.cedar'), 'forbid(principal, action, resource in Directory::"/secrets");');
  });
  const compose = (...args: readonly string[]) => run('compose', ...args);

  it('makes a set of one policy a file, in any order of the files, that can be checked', async () => {
    const files = ['cedar/reads-may-go.cedar', 'cedar/not-secrets.cedar'];
    const { out, exitCode } = await compose('--action', 'file.read', '--action', 'file.delete', ...files);
    expect(exitCode).toBe(0);
    const set = parsePolicySet(out);
    expect(Object.keys(set.policies)).toEqual(['not-secrets', 'reads-may-go']);
    expect(set.cedar_schema).toBe(formatIntentSchema(['file.delete', 'file.read']));
    expect((await compose('--action', 'file.delete', '--action', 'file.read', ...files.toReversed())).out).toBe(out);
    writeFileSync(path('composed.json'), out);
    expect(await run('check', '--policy', 'composed.json')).toMatchObject({ exitCode: 0 });
    expect(await run('format', '--policy', 'composed.json', '--check')).toMatchObject({ exitCode: 0 });
  });

  it('prints the schema alone, with the facts that are asked for', async () => {
    const args = ['--action', 'file.read', '--schema'];
    expect(await compose(...args)).toMatchObject({ exitCode: 0, out: formatIntentSchema(['file.read']) });
    const facts = ['--fact', 'threat', '--fact', 'history'];
    expect((await compose(...args, ...facts)).out).toBe(formatIntentSchema(['file.read'], ['history', 'threat']));
  });

  it.each([
    ['no action', ['cedar/reads-may-go.cedar'], 'CLI_USAGE: required option'],
    ['no file', ['--action', 'a.b'], 'CLI_USAGE: name the Cedar files, or --schema'],
    ['a schema and files', ['--action', 'a.b', '--schema', 'cedar/not-secrets.cedar'], 'CLI_USAGE: --schema needs'],
    ['what is no action', ['--action', 'A b', '--schema'], 'POLICY_ACTION_MALFORMED: `A b`'],
    ['an unknown fact', ['--action', 'a.b', '--fact', 'mood', '--schema'], 'CLI_USAGE: `mood` is no such fact'],
    ['another file', ['--action', 'a.b', 'set.json'], 'CLI_USAGE: `set.json` does not end in .cedar'],
    ['a missing file', ['--action', 'a.b', 'none.cedar'], 'CLI_INPUT_UNREADABLE'],
    ['one file twice', ['--action', 'a.b', 'a/x.cedar', 'b/x.cedar'], 'CLI_USAGE: two files give the policy `x`'],
    ['a name that is none', ['--action', 'a.b', 'a b.cedar'], 'CLI_USAGE: `a b` is no name of a policy'],
    ['a name that no map holds', ['--action', 'a.b', '__proto__.cedar'], 'CLI_USAGE: `__proto__` is no name'],
    ['two policies in a file', ['--action', 'file.read', 'two.cedar'], 'POLICY_SET_REFUSED'],
  ])('is refused with %s', async (_, args, err) => {
    for (const folder of ['a', 'b']) {
      mkdirSync(path(folder));
      writeFileSync(path(`${folder}/x.cedar`), PERMIT);
    }
    writeFileSync(path('two.cedar'), `${PERMIT}\n${PERMIT}`);
    expect(await compose(...args)).toEqual({ exitCode: 2, out: '', err: expect.stringContaining(err) });
  });
});
