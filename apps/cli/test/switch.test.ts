import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSigner, formatSigningKey } from '@exoarmur/canonical';
import { createSqliteOperatorStore, openSqliteLogStore } from '@exoarmur/store-sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runInProcess } from './in-process.ts';

let folder = '';
const path = (name: string) => join(folder, name);
const run = (...args: readonly string[]) => runInProcess(folder, ...args);
const LOG = ['--db', 'log.db', '--key', 'log.key', '--cell', 'office'] as const;
const CELL = ['--db', 'log.db', '--cell', 'office'] as const;

function writeKey(file: string, name: string, fill: number) {
  const seed = new Uint8Array(32).fill(fill);
  writeFileSync(path(file), `${formatSigningKey({ name, seed })}\n`);
  chmodSync(path(file), 0o600);
  return createSigner(name, seed).vkey;
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'exoarmur-switch-'));
  writeKey('log.key', 'office.example/acme', 1);
  const store = openSqliteLogStore({ path: path('log.db') });
  const operators = createSqliteOperatorStore(store, 'acme');
  const add = (operatorId: string, vkey: string, roles: readonly string[]) =>
    operators.add({ operatorId, vkey, roles, isRevoked: false });
  await add('ann', writeKey('ann.key', 'ann.example', 2), ['switch-engage', 'switch-clear']);
  await add('bob', writeKey('bob.key', 'bob.example', 3), ['switch-engage']);
  writeKey('eve.key', 'eve.example', 4);
  await store.close();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('exoarmur switch', () => {
  it('loses no stop to another one that is given at the same moment', async () => {
    const stops = Array.from({ length: 4 }, (_, i) => ['--actor', `agent-${i}`]);
    const ends = await Promise.all(
      [['--global'], ...stops].map((what) =>
        run('switch', 'set', ...what, '--reason', 'incident 7', '--operator-key', 'bob.key', ...LOG),
      ),
    );
    expect(ends.map(({ exitCode, err }) => `${exitCode} ${err.replace(/warning.*\n/g, '')}`)).toEqual(
      ends.map(() => '0 '),
    );
    const { switches } = JSON.parse((await run('switch', 'list', '--json', ...CELL)).out);
    expect(switches).toHaveLength(5);
  });

  it('sets, lists and clears, each on record in a log that is sound', async () => {
    const bob = ['--operator-key', 'bob.key', ...LOG];
    expect(await run('switch', 'list', '--tenant', 'acme', ...CELL)).toMatchObject({
      out: 'No switch was ever set.\n',
      exitCode: 0,
    });
    expect(await run('switch', 'set', '--global', '--reason', 'incident 7', ...bob)).toMatchObject({
      out: 'engaged: global in cell office of acme, by bob, command 1\n',
      exitCode: 0,
    });
    const json = await run('switch', 'set', '--actor', 'agent-1', '--reason', 'odd', '--json', ...bob);
    expect(JSON.parse(json.out)).toEqual({
      ...{
        tenant: 'acme',
        cell: 'office',
        state: 'engaged',
        switch: 'actor',
        subject: 'agent-1',
        sequence: 2,
        issued_by: 'bob',
      },
    });
    const clear = ['switch', 'clear', '--global', '--reason', 'over', ...LOG];
    expect(await run(...clear, '--operator-key', 'ann.key')).toMatchObject({
      out: 'clear: global in cell office of acme, by ann, command 3\n',
    });
    const list = await run('switch', 'list', '--json', ...CELL);
    expect(JSON.parse(list.out)).toMatchObject({
      readable: true,
      switches: [
        { switch: 'global', subject: null, state: 'clear', sequence: 3, issued_by: 'ann', recorded: true },
        { switch: 'actor', subject: 'agent-1', state: 'engaged', sequence: 2, reason: 'odd' },
      ],
    });
    expect((await run('switch', 'list', ...CELL)).out).toMatch(
      /^clear {4}global {9}\S+Z {2}ann: over\nengaged {2}actor agent-1 {2}/,
    );
    expect((await run('log', 'tail', '--db', 'log.db')).out.split('switch_changed')).toHaveLength(4);
  });

  it.each([
    ['without the role', 'bob.key', 'BOUNDARY_SWITCH_ROLE_MISSING'],
    ['with a key that nobody knows', 'eve.key', 'BOUNDARY_SWITCH_SIGNER_UNKNOWN'],
  ])('clears nothing %s, and the refusal is on record', async (_, key, code) => {
    await run('switch', 'set', '--class', 'A3_irreversible', '--reason', 'x', '--operator-key', 'ann.key', ...LOG);
    const refused = ['switch', 'clear', '--class', 'A3_irreversible', '--reason', 'x', '--operator-key', key, ...LOG];
    expect(await run(...refused)).toMatchObject({ err: expect.stringContaining(code), exitCode: 2 });
    expect((await run('switch', 'list', ...CELL)).out).toContain('engaged  action_class A3_irreversible');
    expect((await run('log', 'tail', '--db', 'log.db')).out).toContain('attempt_refused');
  });

  it('asks for as many to clear as the file of the boundary says, and lists what too few have cleared', async () => {
    const environment = { measured: 'machine', network_health_milli: 1000 };
    const boundary = {
      ...{ schema: 'exoarmur.boundary-file/1', tenant: 'acme', cell: 'office', key_file: 'log.key', executors: [] },
      ...{ store: { path: 'log.db' }, policy: { file: 'none.json' }, switch_clear_threshold: 2 },
      facts: { switches: { global: 'clear', tenant: 'clear' }, trust_milli: {}, environment },
    };
    writeFileSync(path('boundary.json'), JSON.stringify(boundary));
    const store = openSqliteLogStore({ path: path('log.db') });
    const carlKey = writeKey('carl.key', 'carl.example', 5);
    await createSqliteOperatorStore(store, 'acme').add({
      ...{ operatorId: 'carl', vkey: carlKey, roles: ['switch-clear'], isRevoked: false },
    });
    await store.close();
    const here = ['--boundary', 'boundary.json'];
    const [ann, carl] = ['ann', 'carl'].map((who) => ['--operator-key', `${who}.key`]) as [string[], string[]];
    const set = await run('switch', 'set', '--global', '--reason', 'incident', ...ann, ...here);
    expect(set).toMatchObject({ out: 'engaged: global in cell office of acme, by ann, command 1\n', exitCode: 0 });
    const clear = ['switch', 'clear', '--global', '--reason', 'over'];
    expect((await run(...clear, ...ann, ...here)).err).toContain('BOUNDARY_SWITCH_THRESHOLD_UNMET');
    // Who does not name the file can have it taken in, and the boundary counts again.
    expect(await run(...clear, ...ann, ...LOG)).toMatchObject({ exitCode: 0 });
    expect((await run('switch', 'list', ...here)).out).toMatch(/^engaged {2}global .*\(cleared by too few: ann\)\n$/);
    const listed = JSON.parse((await run('switch', 'list', '--json', ...here)).out);
    expect(listed.switches).toMatchObject([{ state: 'engaged', cleared_by_too_few: ['ann'] }]);
    // Each signs where their key is; one alone is too few, and nobody is two by signing twice.
    const place = ['--db', 'log.db', '--cell', 'office'];
    writeFileSync(path('one.json'), (await run(...clear, ...ann, '--sign-only', ...place)).out);
    expect((await run('switch', 'obey', 'one.json', ...here)).err).toContain('BOUNDARY_SWITCH_THRESHOLD_UNMET');
    writeFileSync(path('twice.json'), (await run('switch', 'cosign', 'one.json', ...ann)).out);
    expect((await run('switch', 'obey', 'twice.json', ...here)).err).toContain('BOUNDARY_SWITCH_THRESHOLD_UNMET');
    expect((await run('switch', 'cosign', 'one.json')).out).toMatch(
      /^clear: global in cell office of acme\nby ann at \S+Z, command 3\nreason: over\n$/,
    );
    writeFileSync(path('both.json'), (await run('switch', 'cosign', 'one.json', ...carl)).out);
    expect((await run('switch', 'obey', 'both.json', ...place)).err).toContain('CLI_USAGE: say with which key');
    expect(await run('switch', 'obey', 'both.json', ...here)).toMatchObject({
      out: 'clear: global in cell office of acme, by ann, command 3\n',
    });
    expect((await run('switch', 'obey', 'both.json', ...here)).err).toContain('BOUNDARY_SWITCH_REPLAYED');
    expect((await run('switch', 'list', ...here)).out).toMatch(/^clear {4}global .*ann: over\n$/);
  });

  it('takes two signers at one place as well, and no file for a command that is none', async () => {
    await run('switch', 'set', '--global', '--reason', 'x', '--operator-key', 'ann.key', ...LOG);
    const both = ['--operator-key', 'ann.key', '--operator-key', 'bob.key'];
    expect(await run('switch', 'clear', '--global', '--reason', 'over', ...both, ...LOG, '--json')).toMatchObject({
      exitCode: 0,
    });
    const none = (payloadType: string) =>
      `{"payload":"e30=","payloadType":"${payloadType}","signatures":[{"keyid":"00","sig":"AA=="}]}`;
    const place = ['--db', 'log.db', '--cell', 'office', '--sign-only'];
    const { out } = await run('switch', 'set', '--global', '--reason', 'x', '--operator-key', 'ann.key', ...place);
    const retyped = JSON.stringify({ ...JSON.parse(out), payloadType: 'other' });
    const typed = none('application/vnd.exoarmur.switch-command.v1+json');
    for (const text of ['{', '{}', none('other'), typed, retyped]) {
      writeFileSync(path('bad.json'), text);
      for (const args of [
        ['cosign', 'bad.json'],
        ['obey', 'bad.json', ...LOG],
      ]) {
        expect((await run('switch', ...args)).err).toMatch(/^error CLI_SWITCH_COMMAND_MALFORMED/);
      }
    }
  });

  it('says which log it wants, and not in two ways', async () => {
    expect((await run('switch', 'list')).err).toContain('CLI_USAGE: say which log');
    const set = ['switch', 'set', '--global', '--reason', 'x', '--operator-key', 'ann.key', '--db', 'log.db'];
    expect((await run(...set)).err).toContain('CLI_USAGE: say which cell');
    expect((await run(...set, '--cell', 'office')).err).toContain('CLI_USAGE: say with which key');
    expect((await run(...set, '--boundary', 'boundary.json')).err).toContain('CLI_USAGE');
    expect((await run('switch', 'list', '--boundary', 'boundary.json', '--cell', 'office')).err).toContain('CLI_USAGE');
    expect((await run('switch', 'list', '--boundary', 'boundary.json')).err).toContain('SDK_FILE_UNREADABLE');
  });

  it('stops nothing in a cell that the log has never seen, and warns while the log has no cell at all', async () => {
    const set = ['switch', 'set', '--global', '--reason', 'x', '--operator-key', 'ann.key', '--db', 'log.db'];
    const key = ['--key', 'log.key'];
    const first = await run(...set, ...key, '--cell', 'office');
    expect(first).toMatchObject({ err: 'warning: no record of cell office of acme yet\n', exitCode: 0 });
    expect(await run(...set, ...key, '--cell', 'office')).toMatchObject({ err: '', exitCode: 0 });
    writeFileSync(path('command.json'), (await run(...set, '--cell', 'office', '--sign-only')).out);
    const unknown =
      'log has no record of cell `offce` of acme, but of office; a cell that is new is named by --boundary';
    for (const misspelt of [
      [...set, ...key],
      ['switch', 'clear', ...set.slice(2), ...key],
      [...set, '--sign-only'],
      ['switch', 'obey', 'command.json', '--db', 'log.db', ...key],
      ['switch', 'list', '--db', 'log.db'],
      ['policy', 'list', '--db', 'log.db', '--signer', 'ann.vkey'],
    ]) {
      const refused = { out: '', err: `error CLI_CELL_UNKNOWN: ${unknown}\n`, exitCode: 2 };
      expect(await run(...misspelt, '--cell', 'offce')).toEqual(refused);
    }
    expect((await run('log', 'tail', '--db', 'log.db')).out.split('\n')).toHaveLength(3);
  });

  it('does not take a cell for a new one because of records that nobody can read', async () => {
    const set = ['switch', 'set', '--global', '--reason', 'x', '--operator-key', 'ann.key', '--db', 'log.db'];
    await run(...set, '--key', 'log.key', '--cell', 'other');
    const store = openSqliteLogStore({ path: path('log.db') });
    store.database.exec("UPDATE entries SET bytes = CAST('{}' AS BLOB)");
    await store.close();
    const found = await run('switch', 'list', ...CELL);
    expect(found).toMatchObject({ err: 'warning: no record of cell office of acme yet\n', exitCode: 0 });
  });

  it('says what is wrong with what was typed', async () => {
    const typed = async (...args: readonly string[]) =>
      (await run('switch', 'set', '--operator-key', 'ann.key', ...LOG, ...args)).err;
    expect(await typed('--reason', 'x')).toContain('CLI_USAGE: say what');
    expect(await typed('--reason', 'x', '--class', 'A2')).toMatch(
      /^error CLI_USAGE: .*'--class <name>'.*'A2'.*A2_hard_containment/,
    );
    expect(await typed('--reason', 'x', '--actor', 'a b')).toContain('CLI_USAGE: `a b` is no name of an actor');
    expect(await typed('--reason', 'x', '--global', '--actor', 'a')).toContain('CLI_USAGE');
    expect(await typed('--reason', '', '--global')).toContain('CLI_USAGE: a reason is one line');
    const elsewhere = ['switch', 'set', '--global', '--reason', 'x', '--operator-key', 'ann.key', '--key', 'log.key'];
    expect((await run(...elsewhere, '--db', 'none.db', '--cell', 'office')).err).toContain('CLI_INPUT_UNREADABLE');
  });

  it('says so when a kept command is not what was signed', async () => {
    await run('switch', 'set', '--global', '--reason', 'x', '--operator-key', 'ann.key', ...LOG);
    const store = openSqliteLogStore({ path: path('log.db') });
    store.database.exec("UPDATE switch_commands SET envelope = replace(envelope, 'office', 'xffice')");
    store.database.exec('UPDATE switch_commands SET sequence = 9');
    await store.close();
    const found = await run('switch', 'list', ...CELL);
    expect(found).toMatchObject({ out: expect.stringContaining('unreadable'), exitCode: 1 });
  });
});
