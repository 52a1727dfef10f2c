import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createSigner, formatSigningKey } from '@exoarmur/canonical';
import { createDecisionPoint, formatIntentSchema } from '@exoarmur/policy';
import { runInProcess } from './in-process.ts';

const SEEDS = { boundary: 1, alice: 2, bob: 3, carol: 4, mallory: 5 } as const;

/** A described boundary in a folder: deletes below /data, asks two roles' people below /data/ask, with keys for everybody. */
export async function furnishOffice(folder: string): Promise<void> {
  const write = (name: string, value: unknown, mode = 0o644) =>
    writeFileSync(join(folder, name), typeof value === 'string' ? value : JSON.stringify(value), { mode });
  for (const [who, byte] of Object.entries(SEEDS)) {
    const key = { name: who === 'boundary' ? 'cell.test/demo' : `${who}.test`, seed: new Uint8Array(32).fill(byte) };
    write(`${who}.key`, `${formatSigningKey(key)}\n`, 0o600);
    write(`${who}.vkey`, `${createSigner(key.name, key.seed).vkey}\n`);
  }
  const policySet = {
    schema: 'exoarmur.policy-set/1',
    language: 'cedar',
    policies: {
      data: 'permit(principal, action, resource in Directory::"/data");',
      locked: 'forbid(principal, action, resource in Directory::"/data/locked");',
      ask: '@approval("human")\n@roles("keeper")\nforbid(principal, action, resource in Directory::"/data/ask");',
    },
    cedar_schema: formatIntentSchema(['file.delete', 'file.write', 'file.read']),
  } as const;
  write('policies.json', policySet);
  const { policyDigest } = createDecisionPoint({ policySet });
  const root = { logical: '/data', real: 'data', operations: ['read', 'write', 'delete'] };
  const environment = { degraded: false, cell_load_milli: 100, network_health_milli: 1000 };
  write('boundary.json', {
    schema: 'exoarmur.boundary-file/1',
    ...{ tenant: 'demo', cell: 'demo', key_file: 'boundary.key', store: { path: 'demo.db' } },
    policy: { file: 'policies.json', digest: policyDigest },
    executors: [{ kind: 'filesystem', hosting: 'in_process_trusted', roots: [root] }],
    facts: {
      switches: { global: 'clear', tenant: 'clear' },
      trust_milli: { 'mail-agent': 900, alice: 900 },
      environment: { ...environment, resource_availability_milli: 900 },
    },
  });
  mkdirSync(join(folder, 'data/ask'), { recursive: true });
  mkdirSync(join(folder, 'data/locked'), { recursive: true });
}

/** Writes an intent file and the file that it is about. */
export function askFor(folder: string, id: string, change: Record<string, unknown> = {}): void {
  const intent = {
    ...{ schema: 'exoarmur.intent/1', intent_id: id, correlation_id: 'session-1', trace_id: null },
    ...{ tenant_id: 'demo', cell_id: 'demo', actor_id: 'mail-agent', actor_type: 'agent' },
    ...{ action_type: 'file.delete', action_class: 'A3_irreversible', target: `/data/ask/${id}` },
    ...{ parameters: {}, safety_context: {}, reason: 'asked', idempotency_key: null },
    timestamp: '2024-01-01T12:00:00.000Z',
    ...change,
  };
  writeFileSync(join(folder, `${id}.json`), JSON.stringify(intent));
  writeFileSync(join(folder, 'data/ask', id), 'some bytes\n');
}

/** Registers people: alice and carol keep, bob only looks. */
export async function appoint(folder: string): Promise<void> {
  for (const [who, role] of Object.entries({ alice: 'keeper', bob: 'viewer', carol: 'keeper' })) {
    await runInProcess(folder, 'operator', 'add', who, '--vkey', `${who}.vkey`, '--role', role);
  }
}

/** Changes the payload of the first record of a stream behind the log's back, and back when it is called again. */
export function tamper(folder: string, stream: string): void {
  const database = new DatabaseSync(join(folder, 'demo.db'));
  const first = 'SELECT e.id FROM entries e JOIN streams s ON s.id = e.stream WHERE s.name = ? AND e.seq = 0';
  const { id, bytes } = database.prepare(`SELECT id, bytes FROM payloads WHERE id = (${first})`).get(stream) as {
    readonly id: number;
    readonly bytes: Uint8Array;
  };
  const text = Buffer.from(bytes).toString();
  const changed = text.includes('"asked"') ? text.replace('"asked"', '"Asked"') : text.replace('"Asked"', '"asked"');
  database.prepare('UPDATE payloads SET bytes = ? WHERE id = ?').run(Buffer.from(changed), id);
  database.close();
}
