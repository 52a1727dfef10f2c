import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { signApproval } from '@exoarmur/boundary-v2';
import { createSigner, digestValue } from '@exoarmur/canonical';
import { describe, expect, expectTypeOf, it, vi } from 'vitest';
import { APPROVER, APPROVER_KEY, createConfig, createGate } from '../test/configs.ts';
import {
  AnswerTray,
  type Boundary,
  createBoundary,
  GovernedCallError,
  govern,
  governTools,
  type RefusedAnswer,
  type Tool,
  ToolFailure,
} from './index.ts';

const ACTOR = { id: 'agent-1', type: 'agent' } as const;
const OPTIONS = { actor: ACTOR, confidenceMilli: 950 };
const open = () => createBoundary(createConfig({ executors: [], operators: [APPROVER] }));

interface Note {
  readonly path: string;
  readonly text: string;
  readonly [member: string]: string;
}

/** A tool that writes to a map, and can be told how to go wrong. */
function createNotes(run?: (input: Note) => unknown) {
  const notes = new Map<string, string>();
  const write = {
    actionType: 'note.write',
    actionClass: 'A1_soft_containment',
    target: ({ path }: Note) => path,
    run: async (input: Note) => {
      await run?.(input);
      notes.set(input.path, input.text);
      return { written: input.text.length };
    },
  } satisfies Tool<Note, Promise<{ written: number }>>;
  return { notes, write };
}

function signAnswer(
  action: { readonly status: string },
  verdict: 'approve' | 'deny',
  seed: Uint8Array = APPROVER_KEY.seed,
) {
  if (action.status !== 'pending_approval' || !('request' in action)) throw new Error(action.status);
  return signApproval({
    ...{ request: action.request as never, verdict, approverId: 'alice', reason: 'seen', ttlSeconds: 60 },
    signer: createSigner(APPROVER_KEY.name, seed),
    ...{ clock: { now: Date.now }, random: { bytes: (length) => new Uint8Array(length).fill(9) } },
  });
}

const answer = (boundary: Boundary, action: { stream: string; status: string }, verdict: 'approve' | 'deny') =>
  boundary.submitApproval(action.stream, signAnswer(action, verdict));

const fail = (error: unknown): never => {
  throw error;
};

/** An error that throws when it is looked at. */
const hostileError = () => new Proxy({}, { getPrototypeOf: () => fail(new TypeError('trap')) });

describe('govern', () => {
  it('runs what is permitted and returns its output', async () => {
    await using boundary = await open();
    const { notes, write } = createNotes();
    const note = govern(boundary, write, OPTIONS);
    const output = await note({ path: '/data/a', text: 'hello' });
    expectTypeOf(output).toEqualTypeOf<{ written: number }>();
    expect(output).toEqual({ written: 5 });
    expect([...notes]).toEqual([['/data/a', 'hello']]);
  });

  it('throws what an application can branch on, and runs nothing that was not permitted', async () => {
    await using boundary = await open();
    const { notes, write } = createNotes();
    const note = govern(boundary, write, OPTIONS);
    const denied = await note({ path: '/data/locked/a', text: 'x' }).catch((error: unknown) => error);
    expect(denied).toBeInstanceOf(GovernedCallError);
    expect(denied).toMatchObject({ code: 'SDK_ACTION_DENIED', reason: 'BOUNDARY_DENIED_BY_POLICY' });
    expect(await note.attempt({ path: '/elsewhere/a', text: 'x' })).toMatchObject({
      status: 'denied',
      action: { code: 'BOUNDARY_NO_POLICY_APPLIES' },
    });
    const pending = note({ path: '/data/ask/a', text: 'x' });
    await expect(pending).rejects.toMatchObject({ code: 'SDK_ACTION_PENDING', result: { status: 'pending_approval' } });
    expect(notes.size).toBe(0);
  });

  it('acts on the input as it was decided on, whatever the caller does to it', async () => {
    await using boundary = await open();
    const { notes, write } = createNotes((input) => {
      expect(Object.isFrozen(input)).toBe(true);
    });
    const note = govern(boundary, write, OPTIONS);
    const input = { path: '/data/a', text: 'mine' };
    const call = note.attempt(input);
    input.path = '/data/locked/a';
    input.text = 'theirs';
    expect(await call).toMatchObject({ status: 'completed' });
    expect([...notes]).toEqual([['/data/a', 'mine']]);
    let reads = 0;
    const hostile = {
      text: 'x',
      get path() {
        reads += 1;
        return reads > 1 ? '/data/locked/a' : '/data/b';
      },
    };
    await expect(note.attempt(hostile)).rejects.toMatchObject({ code: 'SDK_INPUT_MALFORMED' });
    expect(notes.has('/data/locked/a')).toBe(false);
  });

  it.each([
    ['a date', { path: '/data/a', when: new Date() }, '/when'],
    ['a function', { path: '/data/a', run: () => 1 }, '/run'],
    ['undefined', { path: '/data/a', text: undefined }, '/text'],
    ['a fraction that is no number', { path: '/data/a', n: Number.NaN }, '/n'],
    ['a list', ['/data/a'], ''],
    ['a trap', new Proxy({}, { ownKeys: () => fail(new TypeError('trap')) }), ''],
    ['a trap that throws a trap', new Proxy({}, { ownKeys: () => fail(hostileError()) }), ''],
  ])('refuses an input with %s', async (_what, input, pointer) => {
    await using boundary = await open();
    const note = govern(boundary, createNotes().write as never as Tool, OPTIONS);
    await expect(note(input as never)).rejects.toMatchObject({ code: 'SDK_INPUT_MALFORMED', pointer });
  });

  it('refuses an intent whose target is not the one of its input', async () => {
    await using boundary = await open();
    const { notes, write } = createNotes();
    govern(boundary, write, OPTIONS);
    const result = await boundary.execute({
      ...{
        schema: 'exoarmur.intent/1',
        intent_id: 'i',
        correlation_id: 'c',
        trace_id: null,
        tenant_id: 'demo',
        cell_id: 'demo',
      },
      ...{ actor_id: 'agent-1', actor_type: 'human', action_type: 'note.write', action_class: 'A1_soft_containment' },
      ...{ target: '/data/a', parameters: { path: '/data/locked/a', text: 'x' }, safety_context: {}, reason: '' },
      ...{ idempotency_key: null, timestamp: '2024-01-01T12:00:00.000Z' },
    });
    expect(result).toMatchObject({ status: 'denied', code: 'BOUNDARY_TARGET_REFUSED' });
    expect(notes.size).toBe(0);
  });

  it('waits for people when told to, runs once they agree and never when they do not', async () => {
    await using boundary = await open();
    const { notes, write } = createNotes();
    const note = govern(boundary, write, OPTIONS);
    for (const [path, verdict] of [
      ['/data/ask/yes', 'approve'],
      ['/data/ask/no', 'deny'],
    ] as const) {
      const callId = path.replaceAll('/', '-').slice(1);
      const asked = await note.attempt({ path, text: 'x' }, { callId });
      const waiting = note.attempt({ path, text: 'x' }, { callId, approval: 'wait' });
      await answer(boundary, asked.action, verdict);
      expect(await waiting).toMatchObject({ status: verdict === 'approve' ? 'completed' : 'denied' });
    }
    expect([...notes.keys()]).toEqual(['/data/ask/yes']);
  });

  it('tells a call of the answers that were refused, whether it waits or not', async () => {
    const home = mkdtempSync(join(tmpdir(), 'exoarmur-govern-'));
    const store = { path: join(home, 'a.db') };
    const tray = new AnswerTray(`${store.path}.answers`);
    try {
      await using boundary = await createBoundary(createConfig({ executors: [], operators: [APPROVER], store }));
      const { notes, write } = createNotes();
      const note = govern(boundary, write, OPTIONS);
      const input = { path: '/data/ask/yes', text: 'x' };
      const told: string[] = [];
      const call = { callId: 'call-1', onRefused: ({ stream, code }: RefusedAnswer) => told.push(`${stream} ${code}`) };
      const { action } = await note.attempt(input, call);
      tray.put(action.stream, signAnswer(action, 'approve', new Uint8Array(32).fill(66)));
      expect(await note.attempt(input, call)).toMatchObject({ status: 'pending_approval' });
      expect(told).toEqual(['call-1 BOUNDARY_APPROVER_UNKNOWN']);
      tray.put(action.stream, signAnswer(action, 'deny', new Uint8Array(32).fill(66)));
      const waiting = note.attempt(input, { ...call, approval: 'wait' });
      await vi.waitFor(() => expect(told).toHaveLength(2), { timeout: 20_000 });
      tray.put(action.stream, signAnswer(action, 'approve'));
      expect(await waiting).toMatchObject({ status: 'completed' });
      expect(notes.size).toBe(1);
    } finally {
      rmSync(home, { recursive: true, force: true });
    }
  });

  it.each(['wait', 'return'] as const)(
    'gives back what became of a call that has to %s, whatever its listener throws',
    async (approval) => {
      const home = mkdtempSync(join(tmpdir(), 'exoarmur-govern-'));
      const store = { path: join(home, 'a.db') };
      const tray = new AnswerTray(`${store.path}.answers`);
      const unhandled = vi.fn();
      process.on('unhandledRejection', unhandled);
      try {
        await using boundary = await createBoundary(createConfig({ executors: [], operators: [APPROVER], store }));
        const { notes, write } = createNotes();
        const note = govern(boundary, write, OPTIONS);
        for (const [callId, onRefused] of [
          ['call-1', () => fail(new TypeError('callback'))],
          ['call-2', async () => fail(new TypeError('callback'))],
        ] as const) {
          const input = { path: `/data/ask/${callId}`, text: 'x' };
          const { action } = await note.attempt(input, { callId });
          tray.put(callId, signAnswer(action, 'approve', new Uint8Array(32).fill(66)));
          tray.put(callId, signAnswer(action, 'approve'));
          expect(await note.attempt(input, { callId, approval, onRefused })).toMatchObject({ status: 'completed' });
        }
        await new Promise((resolve) => setImmediate(resolve));
        expect(unhandled).not.toHaveBeenCalled();
        expect(notes.size).toBe(2);
      } finally {
        process.off('unhandledRejection', unhandled);
        rmSync(home, { recursive: true, force: true });
      }
    },
  );

  it('does one call once, and says that its output was not kept', async () => {
    await using boundary = await open();
    let count = 0;
    const note = govern(boundary, createNotes(() => ++count).write, OPTIONS);
    const calls = [1, 2, 3].map(() => note.attempt({ path: '/data/a', text: 'x' }, { callId: 'call-1' }));
    const known = (await Promise.all(calls)).map((result) => result.status === 'completed' && result.isOutputKnown);
    expect(known).toEqual([true, false, false]);
    expect(count).toBe(1);
    const again = note({ path: '/data/a', text: 'x' }, { callId: 'call-1' });
    await expect(again).rejects.toMatchObject({ code: 'SDK_OUTPUT_NOT_KEPT', result: { status: 'completed' } });
    const other = note({ path: '/data/a', text: 'y' }, { callId: 'call-1' });
    await expect(other).rejects.toMatchObject({ code: 'BOUNDARY_INTENT_ID_REUSED' });
    expect(count).toBe(1);
  });

  it.each<[string, object, string]>([
    ['a target that throws', { target: () => fail(new TypeError('no path')) }, 'SDK_INPUT_MALFORMED'],
    ['a target that comes later', { target: async () => '/data/a' }, 'SDK_INPUT_MALFORMED'],
    ['a target that rejects', { target: async () => fail(new TypeError('no path')) }, 'SDK_INPUT_MALFORMED'],
    ['a target that is no text', { target: () => 5 }, 'SDK_INPUT_MALFORMED'],
    ['a refusal that throws', { refuse: () => fail(new TypeError('no text')) }, 'SDK_ACTION_DENIED'],
    ['a refusal that comes later', { refuse: async () => undefined }, 'SDK_ACTION_DENIED'],
    ['a refusal that rejects', { refuse: async () => fail(new TypeError('no text')) }, 'SDK_ACTION_DENIED'],
    ['a refusal that traps', { refuse: () => fail(hostileError()) }, 'SDK_ACTION_DENIED'],
  ])('runs nothing for a tool with %s', async (_what, parts, code) => {
    const unhandled = vi.fn();
    process.on('unhandledRejection', unhandled);
    try {
      await using boundary = await open();
      const { notes, write } = createNotes();
      const note = govern(boundary, { ...write, ...parts } as Tool<Note>, OPTIONS);
      await expect(note({ path: '/data/a', text: 'x' })).rejects.toMatchObject({ code });
      await new Promise((resolve) => setImmediate(resolve));
      expect(unhandled).not.toHaveBeenCalled();
      expect(notes.size).toBe(0);
    } finally {
      process.off('unhandledRejection', unhandled);
    }
  });

  it('keeps the output in the record when told to, and its digest otherwise', async () => {
    await using boundary = await open();
    const keeping = govern(boundary, { ...createNotes().write, record: 'value' }, OPTIONS);
    const input = { path: '/data/a', text: 'abc' };
    await keeping(input, { callId: 'call-1' });
    expect(await keeping(input, { callId: 'call-1' })).toEqual({ written: 3 });
    await using other = await open();
    const digesting = await govern(other, createNotes().write, OPTIONS).attempt(input);
    expect(digesting).toMatchObject({
      action: {
        outcome: { claimed: { output: 'json', output_digest: digestValue('exoarmur.tool-output/1', { written: 3 }) } },
      },
    });
    expect(JSON.stringify(digesting.action)).not.toContain('"written"');
  });

  it('tells a failure from doubt, and hands on what was thrown', async () => {
    await using boundary = await open();
    const crash = new Error('socket closed');
    const { write } = createNotes(({ text }) => {
      throw text === 'known' ? new ToolFailure('NOTE_REJECTED', 'no room') : crash;
    });
    const note = govern(boundary, write, OPTIONS);
    const known = note({ path: '/data/a', text: 'known' });
    await expect(known).rejects.toMatchObject({ code: 'SDK_ACTION_FAILED', reason: 'NOTE_REJECTED' });
    const doubt = await note({ path: '/data/a', text: 'x' }).catch((error: unknown) => error);
    expect(doubt).toMatchObject({ code: 'SDK_ACTION_AMBIGUOUS', reason: 'BOUNDARY_EXECUTOR_THREW', cause: crash });
  });

  it('gives up before the effect, and is in doubt during it', async () => {
    await using boundary = await open();
    const controller = new AbortController();
    const { notes, write } = createNotes(() => {
      controller.abort();
      return new Promise(() => undefined);
    });
    const note = govern(boundary, write, OPTIONS);
    const early = await note.attempt({ path: '/data/a', text: 'x' }, { signal: AbortSignal.abort() });
    expect(early).toMatchObject({ status: 'denied', action: { code: 'BOUNDARY_CANCELLED' } });
    const late = await note.attempt({ path: '/data/a', text: 'x' }, { signal: controller.signal });
    expect(late).toMatchObject({ status: 'ambiguous', action: { code: 'BOUNDARY_CANCELLED' } });
    expect(notes.size).toBe(0);
  });
});

describe('a tool that streams', () => {
  const lines = {
    actionType: 'note.list',
    actionClass: 'A0_observe',
    target: ({ path }: { path: string }) => path,
    run: async function* ({ path }: { path: string }) {
      for (let index = 0; index < 3; index += 1) yield `${path} ${index}`;
    },
  } satisfies Tool<{ path: string }, AsyncGenerator<string>>;

  it('passes its chunks on under one grant, and records what they were', async () => {
    await using boundary = await open();
    const list = govern(boundary, lines, OPTIONS);
    const chunks: string[] = [];
    for await (const chunk of list.stream({ path: '/data/a' }, { callId: 'call-1' })) chunks.push(chunk);
    expect(chunks).toEqual(['/data/a 0', '/data/a 1', '/data/a 2']);
    const gathered = await list({ path: '/data/a' });
    expectTypeOf(gathered).toEqualTypeOf<readonly string[]>();
    expect(gathered).toEqual(chunks);
    const recorded = await list.attempt({ path: '/data/a' }, { callId: 'call-1' });
    const other = await list.attempt({ path: '/data/a' });
    expect(recorded.action).toMatchObject({ outcome: { claimed: { chunks: 3 } } });
    expect((recorded.action as never as { outcome: { claimed: unknown } }).outcome.claimed).toEqual(
      (other.action as never as { outcome: { claimed: unknown } }).outcome.claimed,
    );
  });

  it('gives no chunk of what is denied', async () => {
    await using boundary = await open();
    const first = govern(boundary, lines, OPTIONS).stream({ path: '/data/locked/a' }).next();
    await expect(first).rejects.toMatchObject({ code: 'SDK_ACTION_DENIED' });
  });

  it('is stopped and in doubt when its reader leaves, and closes its source', async () => {
    await using boundary = await open();
    let isClosed = false;
    const endless = {
      ...lines,
      run: async function* () {
        try {
          for (let index = 0; ; index += 1) yield index;
        } finally {
          isClosed = true;
        }
      },
    };
    const stream = govern(boundary, endless, OPTIONS).stream({ path: '/data/a' }, { callId: 'call-1' });
    for await (const chunk of stream) if (chunk === 3) break;
    expect(isClosed).toBe(true);
    expect(await boundary.recover()).toMatchObject({ recovered: [], refused: [] });
    await expect(boundary.bundle('call-1')).resolves.toBeInstanceOf(Uint8Array);
  });

  it('waits for its reader', async () => {
    await using boundary = await open();
    let made = 0;
    const counted = {
      ...lines,
      run: async function* () {
        for (; made < 100; made += 1) yield made;
      },
    };
    const stream = govern(boundary, counted, OPTIONS).stream({ path: '/data/a' });
    await stream.next();
    await stream.next();
    expect(made).toBeLessThan(4);
    await stream.return();
  });
});

describe('governTools', () => {
  const drop = {
    actionType: 'note.drop',
    actionClass: 'A1_soft_containment',
    target: ({ path }: Note) => path,
    run: () => true,
  } as const;

  it('decides each call of a batch on its own and keeps the order', async () => {
    await using boundary = await open();
    const { notes, write } = createNotes();
    const { batch } = governTools(boundary, { write, drop }, OPTIONS);
    const results = await batch([
      { tool: 'write', input: { path: '/data/a', text: '1' } },
      { tool: 'write', input: { path: '/data/locked/a', text: '2' } },
      { tool: 'drop', input: { path: '/data/ask/a' } },
      { tool: 'write', input: { path: '/data/b', text: '3' } },
    ]);
    expect(results.map(({ status }) => status)).toEqual(['completed', 'denied', 'pending_approval', 'completed']);
    expect([...notes.keys()]).toEqual(['/data/a', '/data/b']);
    await expect(batch([{ tool: 'other' as 'drop', input: {} }])).rejects.toMatchObject({
      code: 'SDK_TOOL_INVALID',
      pointer: '/0/tool',
    });
  });

  it.each([
    ['no tool', {}, ''],
    ['a tool without a function', { a: { ...drop, run: 1 } }, '/a/run'],
    ['an action type that is none', { a: { ...drop, actionType: 'Note' } }, '/a/actionType'],
    ['a class that is none', { a: { ...drop, actionClass: 'A9' } }, '/a/actionClass'],
    ['no target', { a: { ...drop, target: undefined } }, '/a/target'],
    ['two tools of one type', { a: drop, b: drop }, '/b/actionType'],
  ])('refuses a set with %s', async (_what, tools, pointer) => {
    await using boundary = await open();
    expect(() => governTools(boundary, tools as never, OPTIONS)).toThrowError(
      expect.objectContaining({ code: 'SDK_TOOL_INVALID', pointer }),
    );
  });

  it.each([
    ['no actor', { actor: undefined }, '/actor'],
    ['an actor that is none', { actor: { id: '', type: 'agent' } }, '/actor/id'],
    ['a time that is none', { timeoutMs: Number.NaN }, '/timeoutMs'],
    ['a name that no executor can have', { name: '\ud800' }, '/name'],
    ['a version that no manifest holds', { version: '\ud800' }, ''],
    ['a misspelt option', { confidence: 900 }, '/confidence'],
    ['nothing', null, ''],
  ])('refuses a set that is called by %s', async (_what, change, pointer) => {
    await using boundary = await open();
    const options = change === null ? change : { ...OPTIONS, ...change };
    expect(() => govern(boundary, drop, options as never)).toThrowError(
      expect.objectContaining({ code: 'SDK_TOOL_INVALID', pointer }),
    );
  });

  it.each([
    ['nothing', null, ''],
    ['a signal that is none', { signal: { aborted: false } }, '/signal'],
    ['a call id that is no text', { callId: 5 }, '/callId'],
    ['a listener that is none', { onRefused: 'tell' }, '/onRefused'],
    ['a way to wait that is none', { approval: 'later' }, '/approval'],
    ['a misspelt way to wait', { aproval: 'wait' }, '/aproval'],
    ['a member that throws', Object.defineProperty({}, 'reason', { enumerable: true, get: () => fail('trap') }), ''],
  ])('calls no tool with %s for options', async (_what, options, pointer) => {
    await using boundary = await open();
    const run = vi.fn();
    const tool = govern(boundary, { ...drop, run }, OPTIONS);
    const malformed = { code: 'SDK_CALL_MALFORMED', pointer };
    await expect(tool.attempt({ path: '/data/a', text: 'x' }, options as never)).rejects.toMatchObject(malformed);
    await expect(tool.stream({ path: '/data/a', text: 'x' }, options as never).next()).rejects.toMatchObject(malformed);
    expect(run).not.toHaveBeenCalled();
  });

  it('rejects a batch only when none of its calls is under way any more', async () => {
    await using boundary = await open();
    const [started, goOn] = [createGate(), createGate()];
    const { notes, write } = createNotes(() => {
      started.resolve();
      return goOn.promise;
    });
    const { batch } = governTools(boundary, { write }, OPTIONS);
    const calls = [
      { path: '/data/a', text: undefined },
      { path: '/data/b', text: 'x' },
    ];
    const isOver = vi.fn();
    const batched = batch(calls.map((input) => ({ tool: 'write', input: input as never })));
    batched.catch(isOver);
    await started.promise;
    expect(isOver).not.toHaveBeenCalled();
    goOn.resolve();
    await expect(batched).rejects.toMatchObject({ code: 'SDK_INPUT_MALFORMED' });
    expect([...notes.keys()]).toEqual(['/data/b']);
  });

  it('refuses an action type that somebody performs already', async () => {
    await using boundary = await open();
    govern(boundary, drop, OPTIONS);
    expect(() => govern(boundary, drop, OPTIONS)).toThrowError(expect.objectContaining({ code: 'SDK_TOOL_TAKEN' }));
  });

  it('cannot be called past a class that is lower than its own', async () => {
    await using boundary = await open();
    govern(boundary, drop, OPTIONS);
    const result = await boundary.decide({
      ...{
        schema: 'exoarmur.intent/1',
        intent_id: 'i',
        correlation_id: 'c',
        trace_id: null,
        tenant_id: 'demo',
        cell_id: 'demo',
      },
      ...{ actor_id: 'agent-1', actor_type: 'human', action_type: 'note.drop', action_class: 'A0_observe' },
      ...{ target: '/data/a', parameters: { path: '/data/a' }, safety_context: {}, reason: '' },
      ...{ idempotency_key: null, timestamp: '2024-01-01T12:00:00.000Z' },
    });
    expect(result).toMatchObject({ verdict: 'deny', safety: { rule_ids: ['SG-105'] } });
  });
});
