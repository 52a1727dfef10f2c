import { createSigner } from '@exoarmur/canonical';
import type {
  KeptSwitchCommand,
  Operator,
  OperatorRegistry,
  SwitchCommand,
  SwitchCommandStore,
} from '@exoarmur/contracts';
import { createTestExecutor } from '@exoarmur/executors';
import { SWITCH_ROLES, signSwitchCommand } from '@exoarmur/policy';
import { describe, expect, it } from 'vitest';
import { BABBLE, clearFacts, createIntent, createTestBoundary } from '../test/boundary.ts';
import {
  createMemorySwitchCommandStore,
  createOperatorRegistry,
  createSwitchReader,
  createTrustedHost,
  listRecordedCommands,
  obeySwitchCommand,
  ProxyPipeline,
  type SwitchIntake,
  type SwitchReaderOptions,
} from './index.ts';

const [ann, bob, carl, stranger] = [1, 2, 3, 4].map((n) =>
  createSigner(`operator-${n}`, new Uint8Array(32).fill(50 + n)),
) as [
  ReturnType<typeof createSigner>,
  ReturnType<typeof createSigner>,
  ReturnType<typeof createSigner>,
  ReturnType<typeof createSigner>,
];
const BOTH = Object.values(SWITCH_ROLES);
const OPERATORS: readonly Operator[] = [
  { operatorId: 'ann', vkey: ann.vkey, roles: BOTH, isRevoked: false },
  { operatorId: 'bob', vkey: bob.vkey, roles: ['admin'], isRevoked: false },
  { operatorId: 'carl', vkey: carl.vkey, roles: BOTH, isRevoked: true },
];
const ENGAGE: SwitchCommand = {
  schema: 'exoarmur.switch-command/1',
  tenant: 'demo',
  cell: 'demo',
  sequence: 1,
  switch: 'global',
  subject: null,
  state: 'engaged',
  reason: 'incident 7',
  issued_by: 'ann',
  issued_at: '2024-01-01T12:00:00.000Z',
};
const SCOPE = { tenant: 'demo', actor: 'agent-1', actionClass: 'A1_soft_containment' };
const CLEAR = { global: 'clear', tenant: 'clear', actor: 'clear', action_class: 'clear' };
const UNKNOWN = { global: 'unknown', tenant: 'unknown', actor: 'unknown', action_class: 'unknown' };

function createSwitches(commands: SwitchCommandStore = createMemorySwitchCommandStore()) {
  const boundary = createTestBoundary({});
  const { log, clock } = boundary;
  const operators = createOperatorRegistry(OPERATORS);
  const kept = { tenant: 'demo', cell: 'demo', commands, operators };
  const intake: SwitchIntake = { ...kept, log, clock, threshold: { engaged: 1, clear: 1 } };
  const open = (change: Partial<SwitchReaderOptions> = {}) =>
    createSwitchReader({ ...kept, clock, maxAgeMs: 0, timeoutMs: 30_000, ...change });
  const obey = (change: Partial<SwitchCommand> = {}, signer = ann) =>
    obeySwitchCommand(intake, signSwitchCommand({ ...ENGAGE, ...change } as SwitchCommand, [signer]));
  const attempt = (change: Partial<SwitchCommand> = {}, signer = ann) =>
    obey(change, signer).then(
      () => 'obeyed',
      (error: { code: string }) => error.code,
    );
  return { ...boundary, commands, intake, open, obey, attempt };
}

describe('a signed switch command', () => {
  it('stops what it names, resumes it, and both are on record as they were signed', async () => {
    const { obey, open, log } = createSwitches();
    const reader = open();
    expect(await reader.read(SCOPE)).toEqual(CLEAR);
    await obey({ switch: 'actor', subject: 'agent-1' });
    expect(await reader.read(SCOPE)).toEqual({ ...CLEAR, actor: 'engaged' });
    expect(await reader.read({ ...SCOPE, actor: 'agent-2' })).toEqual(CLEAR);
    await obey({ switch: 'actor', subject: 'agent-1', state: 'clear', sequence: 2 });
    expect(await reader.read(SCOPE)).toEqual(CLEAR);
    const envelope = signSwitchCommand({ ...ENGAGE, switch: 'actor', subject: 'agent-1' }, [ann]);
    expect(log.facts).toMatchObject([
      {
        ...{ stream: 'boundary.demo.switches', kind: 'switch_changed', actor: { type: 'human', id: 'ann' } },
        payload: { switch: 'actor', subject: 'agent-1', state: 'engaged', envelope },
      },
      { kind: 'switch_changed', payload: { state: 'clear' } },
    ]);
  });

  it.each([...BABBLE, ['answers that all is well', () => ({ ok: true })] as const])(
    'is not obeyed by a store that %s, and nothing is recorded',
    async (_, babble) => {
      const store = createMemorySwitchCommandStore();
      for (const change of [{}, { state: 'clear' as const }]) {
        const { attempt, log } = createSwitches({ ...store, append: babble as SwitchCommandStore['append'] });
        const ended = await attempt(change);
        expect(ended).toBe('BOUNDARY_SWITCH_STORE_UNAVAILABLE');
        expect(log.facts).toHaveLength(change.state === 'clear' ? 1 : 0);
      }
      for (const member of ['list', 'markRecorded']) {
        const { attempt } = createSwitches({ ...store, [member]: babble });
        const ended = await attempt();
        expect(['BOUNDARY_SWITCH_STORE_UNAVAILABLE', 'obeyed']).toContain(ended);
        if (member === 'list') expect(ended).not.toBe('obeyed');
      }
    },
  );

  it.each(BABBLE)('is not obeyed on the word of a registry that %s', async (_, babble) => {
    const { intake } = createSwitches();
    const operators = { findByKeyId: babble as OperatorRegistry['findByKeyId'] };
    await expect(obeySwitchCommand({ ...intake, operators }, signSwitchCommand(ENGAGE, [ann]))).rejects.toMatchObject({
      code: 'BOUNDARY_OPERATORS_UNAVAILABLE',
    });
  });

  it('keeps an action from running', async () => {
    const { obey, open, options } = createSwitches();
    const executor = createTestExecutor();
    const reader = open();
    const facts = {
      gather: async () => ({ ...(await clearFacts().gather(createIntent())), switches: await reader.read(SCOPE) }),
    };
    const host = createTrustedHost({ executor, targetTimeoutMs: 30_000, executionTimeoutMs: 30_000 });
    const pipeline = new ProxyPipeline({ ...options, facts, host });
    expect(await pipeline.execute(createIntent())).toMatchObject({ status: 'completed' });
    await obey();
    const result = await pipeline.execute(createIntent({ intent_id: 'intent-2' }));
    expect(result).toMatchObject({ status: 'denied', decision: { safety: { rule_ids: ['SG-101'] } } });
    expect(executor.performed).toHaveLength(1);
  });

  it.each<[string, Partial<SwitchCommand>, ReturnType<typeof createSigner>, string]>([
    ['sent again', {}, ann, 'BOUNDARY_SWITCH_REPLAYED'],
    ['with an older number', { reason: 'older' }, ann, 'BOUNDARY_SWITCH_REPLAYED'],
    ['with the last number there is', { sequence: Number.MAX_SAFE_INTEGER }, ann, 'BOUNDARY_SWITCH_NUMBER_SKIPPED'],
    ['for another tenant', { tenant: 'other', sequence: 2 }, ann, 'BOUNDARY_SWITCH_TENANT_FOREIGN'],
    ['for another cell', { cell: 'other', sequence: 2 }, ann, 'BOUNDARY_SWITCH_CELL_FOREIGN'],
    ['by an unknown key', { sequence: 2 }, stranger, 'BOUNDARY_SWITCH_SIGNER_UNKNOWN'],
    ['without the role', { sequence: 2, issued_by: 'bob' }, bob, 'BOUNDARY_SWITCH_ROLE_MISSING'],
    ['by a revoked operator', { sequence: 2, issued_by: 'carl' }, carl, 'BOUNDARY_SWITCH_SIGNER_REVOKED'],
    ['in the name of another', { sequence: 2, issued_by: 'bob' }, ann, 'BOUNDARY_SWITCH_ISSUER_MISMATCH'],
  ])('%s is refused and on record as refused', async (_, change, signer, code) => {
    const { obey, attempt, open, log } = createSwitches();
    await obey();
    expect(await attempt({ ...change, state: 'clear' }, signer)).toBe(code);
    expect((await open().read(SCOPE)).global).toBe('engaged');
    expect(log.facts.at(-1)).toMatchObject({
      ...{ stream: 'boundary.demo.refused', kind: 'attempt_refused' },
      payload: { attempt: 'switch_command', code },
    });
  });

  it('records again what the store does not clearly call recorded', async () => {
    const { commands, obey, log } = createSwitches();
    await commands.append({ ...kept(), isRecorded: 'yes' as never });
    await obey({ sequence: 2, reason: 'incident 8' });
    expect(log.facts.filter(({ kind }) => kind === 'switch_changed')).toHaveLength(2);
  });

  it.each([
    ['what is no envelope', null, 'BOUNDARY_SWITCH_MALFORMED'],
    ['an altered one', { ...signSwitchCommand(ENGAGE, [ann]), payload: 'e30=' }, 'BOUNDARY_SWITCH_SIGNATURE_INVALID'],
  ])('refuses %s', async (_, input, code) => {
    const { intake, commands } = createSwitches();
    await expect(obeySwitchCommand(intake, input)).rejects.toMatchObject({ code });
    expect(await commands.list({ after: 0, limit: 1 })).toEqual([]);
  });

  it('can take more people to resume than to stop', async () => {
    const { intake, obey } = createSwitches();
    await obey();
    const envelope = signSwitchCommand({ ...ENGAGE, state: 'clear', sequence: 2 }, [ann]);
    const strict = { ...intake, threshold: { engaged: 1, clear: 2 } };
    await expect(obeySwitchCommand(strict, envelope)).rejects.toMatchObject({
      code: 'BOUNDARY_SWITCH_THRESHOLD_UNMET',
    });
  });
});

describe('with a log that cannot record', () => {
  it('stops all the same, does not resume, and records the stop later', async () => {
    const { attempt, obey, open, log } = createSwitches();
    const appendCell = log.appendCell.bind(log);
    log.appendCell = async () => {
      throw new Error('disk full');
    };
    expect(await attempt()).toBe('BOUNDARY_LOG_UNAVAILABLE');
    expect((await open().read(SCOPE)).global).toBe('engaged');
    expect(await attempt({ state: 'clear', sequence: 2 })).toBe('BOUNDARY_LOG_UNAVAILABLE');
    expect((await open().read(SCOPE)).global).toBe('engaged');
    log.appendCell = appendCell;
    await obey({ state: 'clear', sequence: 2 });
    expect((await open().read(SCOPE)).global).toBe('clear');
    expect(log.facts.map(({ payload }) => payload.state)).toEqual(['engaged', 'clear']);
  });

  it('resumes nothing when another command came in between: the record says more than was done, never less', async () => {
    const { attempt, open, commands, log } = createSwitches();
    await attempt();
    const appendCell = log.appendCell.bind(log);
    log.appendCell = async (draft) => {
      const other = { ...ENGAGE, sequence: 2, switch: 'action_class', subject: 'A3_irreversible' } as SwitchCommand;
      await commands.append({ sequence: 2, envelope: { ...signSwitchCommand(other, [ann]) }, isRecorded: true });
      return appendCell(draft);
    };
    expect(await attempt({ state: 'clear', sequence: 2 })).toBe('BOUNDARY_SWITCH_REPLAYED');
    expect((await open().read(SCOPE)).global).toBe('engaged');
  });
});

/** A store that answers as it is told. */
function scriptStore(list: SwitchCommandStore['list']): SwitchCommandStore {
  return { ...createMemorySwitchCommandStore(), list };
}
const kept = (change: Partial<SwitchCommand> = {}, signer = ann, sequence?: number): KeptSwitchCommand => {
  const command = { ...ENGAGE, ...change } as SwitchCommand;
  const envelope = signSwitchCommand(command, [signer]);
  return { sequence: sequence ?? command.sequence, envelope: { ...envelope }, isRecorded: true };
};

describe('reading switches', () => {
  it.each([
    ['cannot be reached', () => Promise.reject(new Error('gone'))],
    ['hangs', () => new Promise<never>(() => undefined)],
  ])('takes everything for engaged when the store %s', async (_, list) => {
    expect(await createSwitches(scriptStore(list)).open({ timeoutMs: 5 }).read(SCOPE)).toEqual(UNKNOWN);
  });

  it('lives on an answer for as long as it is good, and not a millisecond longer', async () => {
    let isBroken = false;
    const store = scriptStore(async () => {
      if (isBroken) throw new Error('gone');
      return [];
    });
    const { open, clock } = createSwitches(store);
    const reader = open({ maxAgeMs: 1000 });
    expect(await reader.read(SCOPE)).toEqual(CLEAR);
    isBroken = true;
    clock.nowMs += 1000;
    expect(await reader.read(SCOPE)).toEqual(CLEAR);
    clock.nowMs += 1;
    expect(await reader.read(SCOPE)).toEqual(UNKNOWN);
    isBroken = false;
    expect(await reader.read(SCOPE)).toEqual(CLEAR);
  });

  it.each<[string, KeptSwitchCommand]>([
    ['text that is no envelope', { sequence: 1, envelope: { payload: 1 }, isRecorded: true }],
    ['a command under another number', kept({ sequence: 2 }, ann, 3)],
    ['a command by nobody known', kept({}, stranger)],
    ['a command without the role', kept({ issued_by: 'bob' }, bob)],
    ['a command of another tenant', kept({ tenant: 'other' })],
    ['a command of another cell', kept({ cell: 'other' })],
  ])('takes everything for engaged while the store holds %s, and reads all of it again afterwards', async (_, bad) => {
    let rows: readonly KeptSwitchCommand[] = [kept(), bad.sequence === 1 ? { ...bad, sequence: 2 } : bad];
    const { open } = createSwitches(scriptStore(async () => rows));
    const reader = open({ maxAgeMs: 60_000 });
    expect(await reader.read(SCOPE)).toEqual(UNKNOWN);
    rows = [kept()];
    expect(await reader.read(SCOPE)).toEqual({ ...CLEAR, global: 'engaged' });
  });

  it('takes everything for engaged while the store lacks a command that the log has', async () => {
    const { open, obey, log, commands } = createSwitches();
    expect(await listRecordedCommands(log, 'demo')).toEqual([]);
    await obey({ switch: 'actor', subject: 'agent-1' });
    await obey({ sequence: 2, switch: 'action_class', subject: 'A3_irreversible' });
    const recorded = await listRecordedCommands(log, 'demo');
    expect(recorded).toEqual([1, 2]);
    const rows = await commands.list({ after: 0, limit: 9 });
    for (const left of [[], rows.slice(0, 1), rows.slice(1)]) {
      const put = {
        ...commands,
        list: async ({ after }: { after: number }) => left.filter(({ sequence }) => sequence > after),
      };
      const reader = open({ commands: put, recorded });
      expect(await reader.read(SCOPE)).toEqual(UNKNOWN);
      expect(await reader.read(SCOPE)).toEqual(UNKNOWN);
    }
    const reader = open({ recorded });
    expect(await reader.read({ ...SCOPE, actor: 'agent-2' })).toEqual(CLEAR);
    expect(await reader.read(SCOPE)).toEqual({ ...CLEAR, actor: 'engaged' });
  });

  it('clears nothing by a kept command that too few stand behind, and goes on with those after it', async () => {
    const { open, commands } = createSwitches();
    const rows: readonly Partial<SwitchCommand>[] = [
      { sequence: 1 },
      { sequence: 2, state: 'clear' },
      { sequence: 3, switch: 'actor', subject: 'agent-1' },
    ];
    for (const row of rows) await commands.append(kept(row));
    expect(await open({ clearThreshold: 2 }).read(SCOPE)).toEqual({ ...CLEAR, global: 'engaged', actor: 'engaged' });
    expect(await open({ clearThreshold: 1 }).read(SCOPE)).toEqual({ ...CLEAR, actor: 'engaged' });
    expect(await open().read(SCOPE)).toEqual({ ...CLEAR, actor: 'engaged' });
  });

  it('keeps the stop of an operator who was revoked since', async () => {
    const { open } = createSwitches(scriptStore(async () => [kept({ issued_by: 'carl' }, carl)]));
    expect((await open().read(SCOPE)).global).toBe('engaged');
  });

  it.each([...BABBLE, ['answers a page that holds less than it says', () => emptyPage()] as const])(
    'takes everything for engaged while the store %s',
    async (_, babble) => {
      const { open } = createSwitches(scriptStore(babble as SwitchCommandStore['list']));
      expect(await open().read(SCOPE)).toEqual(UNKNOWN);
    },
  );

  it('takes a registry that does not answer for engaged', async () => {
    const { open, obey } = createSwitches();
    await obey({ switch: 'actor', subject: 'agent-2' });
    const operators = { findByKeyId: () => Promise.reject(new Error('gone')) };
    expect(await open({ operators }).read(SCOPE)).toEqual(UNKNOWN);
  });

  it('misses no command that readings at the same time find, over any number of pages', async () => {
    const { open, commands } = createSwitches();
    for (let sequence = 1; sequence <= 300; sequence++) {
      const state = sequence === 299 ? 'engaged' : 'clear';
      await commands.append(kept({ sequence, state, switch: 'actor', subject: 'agent-1' }));
    }
    await commands.append(kept({ sequence: 301, switch: 'actor', subject: 'agent-2' }));
    const reader = open();
    const read = await Promise.all([1, 2, 3].map((n) => reader.read({ ...SCOPE, actor: `agent-${n}` })));
    expect(read.map(({ actor }) => actor)).toEqual(['clear', 'engaged', 'clear']);
  });
});

/** A full page by its length, which brings nothing when it is gone through. */
function emptyPage(): readonly KeptSwitchCommand[] {
  const page: KeptSwitchCommand[] = new Array(256);
  return Object.defineProperty(page, Symbol.iterator, { value: () => [][Symbol.iterator]() });
}
