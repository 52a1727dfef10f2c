import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type ActionIntent,
  type ExecutorManifest,
  type JsonObject,
  MAX_CARRIED_DEPTH,
  MAX_REPORT_BYTES,
  targetValidationSchema,
} from '@exoarmur/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSandboxedHost, digestCode, type SandboxedHostOptions } from './index.ts';

const ENTRY = fileURLToPath(new URL('../test/hostile/executor.mjs', import.meta.url));
const code = { entry: ENTRY, digest: digestCode({ entry: ENTRY }) };
const MANIFEST: ExecutorManifest = {
  name: 'writer',
  version: '1.0.0',
  action_types: ['note.write'],
  target_kinds: ['note'],
  capabilities: ['fs.read', 'fs.write'],
  action_class_floors: { 'note.write': 'A1_soft_containment' },
};
const INTENT = {
  ...{ schema: 'exoarmur.intent/1', intent_id: 'i-1', correlation_id: 'c-1', trace_id: null, idempotency_key: null },
  ...{ tenant_id: 'demo', cell_id: 'cell-1', actor_id: 'agent-1', actor_type: 'agent' },
  ...{ action_type: 'note.write', action_class: 'A1_soft_containment', target: 'hello', parameters: {} },
  ...{ safety_context: {}, reason: '', timestamp: '2024-01-01T00:00:00.000Z' },
} as ActionIntent;

let folder: string;
beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'exoarmur-host-')));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
const open = async (deed: string, options: Partial<SandboxedHostOptions> = {}) => {
  const path = join(folder, `note-${files++}`);
  const host = await createSandboxedHost({
    ...{ manifest: MANIFEST, code, config: { path, deed }, write: [folder], acceptsUnrestrictedNetwork: true },
    targetLimits: { wallClockMs: 20_000 },
    executionLimits: { wallClockMs: deed === 'loop' ? 1500 : 20_000 },
    ...options,
  });
  return { host, path };
};

describe('createSandboxedHost', () => {
  it('validates, previews and performs, each in a process of its own', async () => {
    const { host, path } = await open('write');
    expect(host).toMatchObject({
      isolation: 'child_process',
      hosting: { permission_model: true, code_digest: code.digest },
    });
    expect(host.findClassFloor('note.write')).toBe('A1_soft_containment');
    expect(await host.checkTarget(INTENT)).toEqual({ result: 'valid', reason: 'a note', evidence: { path } });
    expect(await host.preview?.(INTENT)).toMatchObject({ summary: 'write hello' });
    expect(existsSync(path)).toBe(false);
    const done = { status: 'succeeded', errorCode: null, claimed: { path }, observed: { text: 'hello' } };
    expect(await host.run(INTENT)).toEqual(done);
    expect(readFileSync(path, 'utf8')).toBe('hello');
  });

  it('hands a secret over while it executes and at no other time, and takes it out of whatever comes back', async () => {
    const secrets = { token: 's3cr3t' };
    const plain = await open('tell', { secrets });
    const nothing = { result: 'valid', reason: '"nothing"', evidence: { '"nothing"': ['"nothing"'] } };
    expect(await plain.host.checkTarget(INTENT)).toEqual(nothing);
    expect(await plain.host.preview?.(INTENT)).toMatchObject({ body: '"nothing"' });
    const token = '{"token":"s3cr3t"}';
    expect(await plain.host.run(INTENT)).toMatchObject({ claimed: { [token]: token }, observed: { place: false } });
    const redact = (text: string) => text.replaceAll('s3cr3t', '…').replaceAll('nothing', '-');
    const { host } = await open('tell', { secrets, redact });
    expect(await host.checkTarget(INTENT)).toEqual({ result: 'valid', reason: '"-"', evidence: { '"-"': ['"-"'] } });
    expect(await host.preview?.(INTENT)).toMatchObject({ body: '"-"' });
    expect(await host.run(INTENT)).toMatchObject({ claimed: { '{"token":"…"}': '{"token":"…"}' } });
  });

  it('performs what only observes without a path to write', async () => {
    const { host, path } = await open('write', { observing: ['note.write'] });
    expect(host.hosting).toMatchObject({ observing: ['note.write'] });
    expect(await host.run(INTENT)).toMatchObject({ status: 'ambiguous', errorCode: 'SANDBOX_PERMISSION_DENIED' });
    expect(existsSync(path)).toBe(false);
  });

  it('lets programs be started only while it executes, and only when it was granted', async () => {
    const capabilities = ['fs.read', 'fs.write', 'process.run'];
    const granted = async (children: 'allowed' | 'denied') => {
      const path = join(folder, `note-${files++}`);
      const { host } = await open('write', {
        ...{ manifest: { ...MANIFEST, capabilities }, config: { path, deed: 'spawn', capabilities } },
        ...{ children, acceptsUnrestrictedChildren: true },
      });
      return host;
    };
    const [denied, allowed] = await Promise.all([granted('denied'), granted('allowed')]);
    expect(allowed.hosting).toMatchObject({ children: 'allowed' });
    expect(denied.hosting).not.toHaveProperty('children');
    const refused = { result: 'invalid', evidence: { code: 'SANDBOX_PERMISSION_DENIED' } };
    expect(await allowed.checkTarget(INTENT)).toMatchObject(refused);
    expect(await denied.run(INTENT)).toMatchObject({ errorCode: 'SANDBOX_PERMISSION_DENIED' });
    expect(await allowed.run(INTENT)).toMatchObject({ status: 'succeeded', observed: { status: 0 } });
  });

  it('lets nothing be written while a target is validated', async () => {
    const { host, path } = await open('write while validating');
    expect(await host.checkTarget(INTENT)).toMatchObject({
      ...{ result: 'invalid', evidence: { code: 'SANDBOX_PERMISSION_DENIED' } },
    });
    expect(existsSync(path)).toBe(false);
  });

  it('refuses on an answer about the target that it cannot read', async () => {
    const { host } = await open('garbage check');
    expect(await host.checkTarget(INTENT)).toMatchObject({
      ...{ result: 'invalid', evidence: { code: 'SANDBOX_ANSWER_MALFORMED' } },
    });
  });

  it('takes no answer that is too deep or too large for the records and the bundle around it', async () => {
    const say = async (said: JsonObject) => {
      const limits = { wallClockMs: 20_000, answerBytes: 4_194_304 };
      const config = { deed: 'say', said };
      const { host } = await open('say', { config, targetLimits: limits, executionLimits: limits });
      return host;
    };
    const nested = (depth: number): JsonObject => (depth === 1 ? {} : { in: nested(depth - 1) });
    const large = { text: 'x'.repeat(MAX_REPORT_BYTES) };
    const held = nested(MAX_CARRIED_DEPTH - 1);
    const sound = await say({ evidence: held, claimed: held, observed: held });
    expect(await sound.checkTarget(INTENT)).toEqual({ result: 'valid', reason: 'said', evidence: held });
    const done = { status: 'succeeded', errorCode: null, claimed: held, observed: held };
    expect(await sound.run(INTENT)).toEqual(done);
    const code = 'SANDBOX_ANSWER_MALFORMED';
    const deep = nested(MAX_CARRIED_DEPTH);
    for (const evidence of [deep, large]) {
      const { checkTarget } = await say({ evidence });
      expect(await checkTarget(INTENT)).toMatchObject({ result: 'invalid', evidence: { code } });
    }
    for (const said of [{ claimed: deep }, { observed: deep }, { claimed: large }]) {
      const { run } = await say(said);
      expect(await run(INTENT)).toEqual({ status: 'ambiguous', errorCode: code, claimed: {}, observed: {} });
    }
  });

  it.each<[string, (text: string) => unknown]>([
    ['cut a character in two', (text) => `${text}\ud83d`],
    ['make nothing of a text', () => undefined],
    ['make a number of it', () => -0],
    ['let it be waited for', () => Promise.reject(new Error('never'))],
    ['make too much of it', (text) => text.padEnd(MAX_REPORT_BYTES)],
    [
      'throw',
      () => {
        throw new Error('never');
      },
    ],
  ])('tells nothing of an answer for which `redact` would %s', async (_, spoil) => {
    const redact = (text: string) => (text === 'hot' ? spoil(text) : text) as string;
    const report = { reason: 'hot', evidence: {}, claimed: { place: ['hot'] }, observed: { hot: 1 } };
    const { host } = await open('say', { config: { deed: 'say', said: report }, redact });
    const code = 'SANDBOX_ANSWER_MALFORMED';
    expect(await host.checkTarget(INTENT)).toMatchObject({ result: 'invalid', evidence: { code } });
    expect(await host.run(INTENT)).toEqual({ status: 'ambiguous', errorCode: code, claimed: {}, observed: {} });
    const shown = await open('say', { config: { deed: 'say', said: { summary: 'hot' } }, redact });
    expect(await shown.host.preview?.(INTENT)).toBeNull();
  });

  it('cuts a reason to what a record takes, between characters', async () => {
    for (const [reason, length] of [
      ['🙂'.repeat(1024), 1024],
      [`x${'🙂'.repeat(1024)}`, 1023],
      ['a\nb', 3],
    ] as const) {
      const { host } = await open('say', { config: { deed: 'say', said: { reason } } });
      const { reason: line } = await host.checkTarget(INTENT);
      expect(line).toHaveLength(length);
      expect(targetValidationSchema.shape.reason.safeParse(line).success && line.isWellFormed()).toBe(true);
    }
  });

  it.each<[string, () => unknown]>([
    [
      'throw',
      () => {
        throw new Error('no vault');
      },
    ],
    ['let them be waited for', () => Promise.reject(new Error('no vault'))],
    ['give a big integer', () => ({ token: 1n })],
    ['give nothing', () => undefined],
  ])('starts nothing when `secrets` would %s', async (_, secrets) => {
    const { host, path } = await open('write', { secrets: secrets as () => JsonObject });
    const refused = { status: 'failed', errorCode: 'SANDBOX_REQUEST_INVALID', claimed: {}, observed: {} };
    expect(await host.run(INTENT)).toEqual(refused);
    expect(existsSync(path)).toBe(false);
  });

  it('refuses action types that are not declared, without asking', async () => {
    const { host } = await open('write');
    const other = { ...INTENT, action_type: 'note.burn' };
    expect(await host.checkTarget(other)).toMatchObject({ result: 'unsupported' });
    expect(await host.run(other)).toMatchObject({ status: 'failed', errorCode: 'SANDBOX_ACTION_UNSUPPORTED' });
    expect(await host.preview?.(other)).toBeNull();
  });

  it.each([
    ['loop', 'ambiguous', 'SANDBOX_WALL_CLOCK'],
    ['throw', 'ambiguous', 'SANDBOX_THREW'],
    ['garbage', 'ambiguous', 'SANDBOX_ANSWER_MALFORMED'],
    ['outside', 'ambiguous', 'SANDBOX_PERMISSION_DENIED'],
    ['refuse', 'failed', 'NOTE_LOCKED'],
  ])('says what is known when the executor would %s', async (deed, status, errorCode) => {
    const { host } = await open(deed);
    expect(await host.run(INTENT)).toMatchObject({ status, errorCode });
  });

  it('knows that nothing happened when the code was altered', async () => {
    const { host } = await open('write');
    const altered = await createSandboxedHost({
      ...{
        manifest: MANIFEST,
        code,
        config: { path: join(folder, 'x') },
        write: [folder],
        acceptsUnrestrictedNetwork: true,
      },
    });
    expect(altered.identity).toEqual(host.identity);
    await expect(open('write', { code: { ...code, digest: `sha256:${'0'.repeat(64)}` } })).rejects.toMatchObject({
      ...{ code: 'SANDBOX_CONFIG_INVALID', pointer: '/code' },
    });
  });

  it.each<[string, string, Partial<SandboxedHostOptions>]>([
    ['a path to write without the capability', '/write', { manifest: { ...MANIFEST, capabilities: ['fs.read'] } }],
    [
      'a path to read without the capability',
      '/read',
      { manifest: { ...MANIFEST, capabilities: ['fs.write'] }, read: ['/etc'] },
    ],
    ['the network without the capability', '/network', { network: 'allowed' }],
    ['programs without the capability', '/children', { children: 'allowed' }],
    ['an observing action type that is not declared', '/observing', { observing: ['note.burn'] }],
    [
      'another manifest than the executor’s',
      '/manifest',
      { manifest: { ...MANIFEST, action_types: ['note.write', 'x.y'] } },
    ],
    ['a manifest that is none', '/manifest/action_types', { manifest: null as never }],
    ['a manifest that is no plain JSON', '/manifest', { manifest: { ...MANIFEST, extra: () => 1 } as never }],
    [
      'a list of capabilities that is none',
      '/manifest/capabilities',
      { manifest: { ...MANIFEST, capabilities: 'fs.read' as never } },
    ],
    [
      'a floor that is none',
      '/manifest/action_class_floors/note.write',
      { manifest: { ...MANIFEST, action_class_floors: { 'note.write': 'A9' as never } } },
    ],
  ])('is not made with %s', async (_, pointer, options) => {
    await expect(open('write', options)).rejects.toMatchObject({ code: 'SANDBOX_CONFIG_INVALID', pointer });
  });
});
