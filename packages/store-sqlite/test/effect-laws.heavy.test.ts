import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { MemoryHeadKeeper } from '@exoarmur/audit/memory';
import { createAuditLog } from '@exoarmur/audit/writer';
import { signApproval } from '@exoarmur/boundary-v2';
import { type AppendReceipt, isExoArmurError, type SwitchState, trailPayloadSchemas } from '@exoarmur/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSqliteGrantStore, openSqliteLogStore, type SqliteLogStore } from '../src/index.ts';
import { createBoundary, intentOf, PEOPLE } from './effect-rig.ts';
import { ORIGIN, SIGNER } from './logs.ts';
import { startEffectWorker } from './processes.ts';

const INTERLEAVINGS = 10_000;
const AT_ONCE = 200;
const START_MS = Date.UTC(2024, 0, 1);

let folder = '';
beforeAll(() => {
  // What is tried is the order of things, not the disk; the crash tests of processes use a real one.
  folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'exoarmur-effects-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Seeded numbers below `n`, so that a failure can be had again. */
const seeded = (seed: number) => (n: number) => {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((seed / 4_294_967_296) * n);
};

/** One process's way to the shared file: a connection, a log and a grant store of its own. */
function openSide(path: string, heads: MemoryHeadKeeper, clock: { now(): number }) {
  const store = openSqliteLogStore({ path, busyTimeoutMs: 30_000 });
  let count = 0;
  const random = {
    bytes: (length: number) => {
      const bytes = new Uint8Array(length);
      new DataView(bytes.buffer).setUint32(0, ++count);
      return bytes;
    },
  };
  const scope = { tenant: 'demo', cell: 'cell-1', origin: ORIGIN };
  const log = createAuditLog({ ...scope, store, heads, signer: SIGNER, clock, random, maxQueue: 100_000 });
  return { store, log, grants: createSqliteGrantStore(store, 'demo'), random };
}
/** The one time of all logs and boundaries; it only moves on. */
class SharedClock {
  nowMs = START_MS;
  now(): number {
    return this.nowMs;
  }
}
type Side = ReturnType<typeof openSide>;

/** What one intent went through, and what its effect saw. */
class Scenario {
  readonly broken: string[] = [];
  effects = 0;
  switch: SwitchState = 'clear';
  #isDenied = false;
  readonly #random: (n: number) => number;
  readonly #sides: readonly Side[];
  readonly #reader: SqliteLogStore;
  readonly #id: string;
  readonly #target: string;
  readonly #clock: SharedClock;

  constructor(seed: number, sides: readonly Side[], reader: SqliteLogStore, clock: SharedClock) {
    this.#clock = clock;
    this.#random = seeded(seed);
    this.#sides = sides;
    this.#reader = reader;
    this.#id = `intent-${seed}`;
    this.#target = ['/ok/x', '/ok/x', '/ok/x', '/ask/x', '/ask/x', '/ask/x', '/two/x', '/no/x'][this.#random(8)] ?? '';
  }

  /** A boundary that dies at its nth touch of the world: whatever it waits for then never comes. */
  #spawn(side: Side) {
    let left = this.#random(2) === 0 ? Number.POSITIVE_INFINITY : 1 + this.#random(24);
    const touch = async () => {
      left -= 1;
      if (left < 0) await new Promise(() => undefined);
      // A seeded number of turns, so that the two sides meet in every order.
      for (let turns = this.#random(4); turns > 0; turns--) await Promise.resolve();
    };
    const through = async <Value>(work: () => Promise<Value>): Promise<Value> => {
      await touch();
      const value = await work();
      await touch();
      return value;
    };
    return createBoundary({
      log: {
        append: (draft) => through(() => side.log.append(draft)),
        appendAll: (drafts) => {
          const sent = touch().then(() => side.log.appendAll(drafts).map((receipt) => receipt.finally(touch)));
          return drafts.map(async (_, index) => (await sent)[index] as Promise<AppendReceipt>);
        },
        appendCell: (draft) => side.log.appendCell(draft),
        collect: (stream) => through(() => side.log.collect(stream)),
      },
      grants: { isDurable: true, claim: (claim) => through(() => side.grants.claim(claim)) },
      clock: this.#clock,
      random: side.random,
      readSwitch: () => this.switch,
      execute: async () => {
        await touch();
        await this.#effect();
        await touch();
        return { success: true, error_code: null, claimed: {}, observed: {} };
      },
    });
  }

  async #effect(): Promise<void> {
    this.effects += 1;
    if (this.effects > 1) this.broken.push('a second effect');
    if (this.#isDenied) this.broken.push('an effect after a denial');
    const entries = await this.#reader.stream('demo', this.#id);
    const kinds = entries.map(({ bytes }) => JSON.parse(new TextDecoder().decode(bytes)).kind);
    if (kinds.at(-1) !== 'execution_authorized') this.broken.push(`an effect after ${kinds.at(-1)}`);
  }

  /** Random acts of both sides, some at once, some of them cut short for ever. */
  async run(): Promise<void> {
    const random = this.#random;
    const boundaries = this.#sides.map((side) => this.#spawn(side));
    const intent = intentOf(this.#id, this.#target);
    const act = async () => {
      const at = random(2);
      const boundary = boundaries[at];
      if (boundary === undefined) return;
      switch (random(9)) {
        case 0:
        case 1:
        case 2:
          await boundary.execute(intent);
          break;
        case 3:
          await boundary.recover(this.#id);
          break;
        case 4:
          this.switch = this.switch === 'clear' && random(3) === 0 ? 'engaged' : 'clear';
          break;
        case 5:
          // Rarely, because it is the time of everybody.
          if (random(30) === 0) this.#clock.nowMs += [1000, 700_000, 3_600_000][random(3)] ?? 0;
          break;
        case 6:
          boundaries[at] = this.#spawn(this.#sides[at] as Side);
          break;
        default: {
          const pending = await boundary.recover(this.#id);
          if (pending.status !== 'pending_approval') return;
          const person = PEOPLE[random(2)] ?? PEOPLE[0];
          const verdict = random(4) === 0 ? 'deny' : 'approve';
          if (person === undefined) return;
          const envelope = signApproval({
            ...{ request: pending.request, verdict, approverId: person.operatorId, reason: '', ttlSeconds: 600 },
            ...{
              signer: person.signer,
              clock: this.#clock,
              random: this.#sides[0]?.random ?? { bytes: () => new Uint8Array(16) },
            },
          });
          const end = await boundary.submitApproval(this.#id, envelope);
          if (verdict === 'deny' && end.status === 'denied') this.#isDenied = true;
        }
      }
    };
    // A dead boundary never answers, so nobody waits for it longer than for the others.
    const rounds = 3 + random(5);
    for (let round = 0; round < rounds; round++) {
      const acts = Array.from({ length: 1 + random(3) }, () => act().catch(expectKnownError));
      await Promise.race([Promise.all(acts), settleTurns()]);
    }
  }

  /** Whatever happened, the action comes to exactly one end, and the records never deny an effect. */
  async end(side: Side): Promise<string> {
    const before = this.effects;
    const boundary = createBoundary({
      ...{ log: side.log, grants: side.grants, clock: this.#clock, random: side.random, readSwitch: () => 'clear' },
      execute: () => Promise.reject(new Error('a recovery ran an executor')),
    });
    const entries = await this.#reader.stream('demo', this.#id);
    if (entries.length === 0) return this.#judge('absent', [], before);
    const end = await boundary.recover(this.#id);
    const { records, payloads } = await side.log.collect(this.#id);
    for (const { kind, payload } of records) {
      if (kind !== 'verdict_resolved') continue;
      const decision = trailPayloadSchemas.verdict_resolved.parse(payloads.get(payload.digest)?.value);
      if (decision.verdict === 'allow' && decision.facts.switches.global !== 'clear')
        this.broken.push('allowed against a switch');
    }
    return this.#judge(
      end.status,
      records.map(({ kind }) => kind),
      before,
    );
  }

  #judge(status: string, kinds: readonly string[], before: number): string {
    const count = (kind: string) => kinds.filter((each) => each === kind).length;
    if (this.effects !== before) this.broken.push('an effect of a recovery');
    if (kinds.length > 0 && count('stream_closed') !== 1) this.broken.push(`${count('stream_closed')} ends`);
    if (count('execution_authorized') > 1) this.broken.push('two authorisations');
    if (this.effects === 1 && !['completed', 'ambiguous'].includes(status))
      this.broken.push(`an effect that is ${status}`);
    if (status === 'completed' && this.effects !== 1) this.broken.push('completed without an effect');
    if (this.#target === '/no/x' && this.effects > 0) this.broken.push('an effect of what is forbidden');
    return status;
  }
}

function expectKnownError(error: unknown): void {
  if (!isExoArmurError(error) || !/^(BOUNDARY|AUDIT|STORE)_/.test(error.code)) throw error;
}

/** A while, in turns of the event loop: enough for whoever lives to get on. */
async function settleTurns(): Promise<void> {
  for (let turns = 0; turns < 30; turns++) await new Promise((resolve) => setImmediate(resolve));
}

describe('effect laws of two boundaries on one SQLite file', () => {
  it(`hold over ${INTERLEAVINGS.toLocaleString('en')} interleavings with approvals, expiry, switches and death at every step`, async () => {
    const path = join(folder, 'log.db');
    const heads = new MemoryHeadKeeper();
    const clock = new SharedClock();
    const sides = [openSide(path, heads, clock), openSide(path, heads, clock)];
    const judge = openSide(path, heads, clock);
    const reader = openSqliteLogStore({ path, busyTimeoutMs: 30_000 });
    const seen: Record<string, number> = {};
    let effects = 0;
    for (let from = 0; from < INTERLEAVINGS; from += AT_ONCE) {
      const scenarios = Array.from({ length: AT_ONCE }, (_, n) => new Scenario(from + n + 1, sides, reader, clock));
      await Promise.all(scenarios.map((scenario) => scenario.run()));
      await settleTurns();
      clock.nowMs += 10_000_000;
      const ends = await Promise.all(scenarios.map((scenario) => scenario.end(judge)));
      for (const [n, scenario] of scenarios.entries()) {
        expect({ seed: from + n + 1, broken: scenario.broken }).toEqual({ seed: from + n + 1, broken: [] });
        effects += scenario.effects;
      }
      for (const end of ends) seen[end] = (seen[end] ?? 0) + 1;
    }
    // Every end was reached often enough to mean something.
    for (const end of ['absent', 'ambiguous', 'completed', 'denied', 'failed'])
      expect(seen[end]).toBeGreaterThan(INTERLEAVINGS / 200);
    expect(effects).toBeGreaterThan(INTERLEAVINGS / 8);
    await reader.close();
  }, 600_000);
});

describe('effect laws of real processes on one SQLite file', () => {
  it('hold when two at a time are killed at any moment (60 kills)', async () => {
    const [path, heads, effects] = ['log.db', 'heads', 'effects'].map((name) => join(folder, `killed-${name}`));
    if (path === undefined || heads === undefined || effects === undefined) throw new Error('no paths');
    const count = 120;
    const random = seeded(7);
    const start = (mode: string, seed: number) =>
      startEffectWorker(mode, path, heads, effects, String(seed), String(count));
    for (let round = 0; round < 30; round++) {
      const workers = [start('execute', 2 * round), start('execute', 2 * round + 1)];
      for (const { child, lines, ended } of workers) {
        const isOver = ended.then(() => true);
        while (lines().length === 0 && !(await Promise.race([isOver, sleep(5, false)])));
        await sleep(random(60));
        child.kill('SIGKILL');
      }
      await Promise.all(workers.map(({ ended }) => ended));
    }
    // Whoever comes last carries out what nobody began, and brings the rest to its end.
    const last = start('execute', 1000);
    await last.ended;
    const recovery = start('recover', 1001);
    await recovery.ended;
    const ends = recovery.lines().slice(1);
    expect(ends).toHaveLength(count);
    for (const end of ends) expect(end).toMatch(/^intent-[0-9]+ (completed|failed|ambiguous|denied) true$/);
    const performed = readFileSync(effects, 'utf8').trim().split('\n');
    const ids = performed.map((line) => line.split(' ')[0]);
    expect(new Set(ids).size).toBe(ids.length);
    for (const line of performed) expect(line).toMatch(/ execution_authorized$/);
    for (const end of ends) {
      const [id = '', status] = end.split(' ');
      if (status === 'completed') expect(ids).toContain(id);
      if (status === 'failed' || status === 'denied') expect(ids).not.toContain(id);
    }
    expect(ends.filter((end) => end.includes(' completed ')).length).toBeGreaterThan(10);
  }, 600_000);
});
