import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canonicalize, encodeUtf8 } from '@exoarmur/canonical';
import { askProvider, hashArtifact, type ProviderAnswer } from '@exoarmur/governance-artifacts';
import { probeMechanisms } from '@exoarmur/sandbox';
import { afterAll, describe, expect, it } from 'vitest';
import { runProcessProvider } from './run-process.ts';

const ARTIFACT = { policies: { 'ä€😀': 'permit', z: [1.5, -3, true, null, 'a"\\\u0007'] }, nested: { b: {}, a: [] } };
const SECRET = realpathSync(mkdtempSync(join(tmpdir(), 'exoarmur-secret-')));
writeFileSync(join(SECRET, 'key'), 'hunter2');
const MARKER = join(SECRET, 'marker');

afterAll(() => {
  rmSync(SECRET, { recursive: true, force: true });
});

const HONEST = `
  canonicalHash: (artifact, { schemaVersion, tools }) => tools.hashArtifact(schemaVersion, artifact),
  verifyArtifact: () => ({ valid: true }),
`;
const provider = (members: string, before = ''): string => `${before}\nexport default {${HONEST}${members}};\n`;

function ask(source: string, deadlineMs?: number): Promise<ProviderAnswer> {
  return askProvider(
    {
      package: '@acme/provider',
      version: '1.0.0',
      runtime: 'process',
      digest: `sha256:${'0'.repeat(64)}`,
      schemaVersions: ['policy_snapshot.v1'],
      configuration: { limit: 3 },
      run: (request) => runProcessProvider(encodeUtf8(source), request, deadlineMs),
    },
    {
      schemaVersion: 'policy_snapshot.v1',
      artifact: ARTIFACT,
      artifactHash: hashArtifact('policy_snapshot.v1', ARTIFACT),
      subject: null,
    },
  );
}

describe('a process provider', () => {
  it('computes the hash that the verifier computes, and its word counts', async () => {
    expect(await ask(provider(''))).toEqual({ code: 'SEMANTIC_VALID', reason: null });
    const configured = `verifyArtifact: (artifact, { configuration, subject }) => ({ valid: false, reason: 'limit_' + configuration.limit + '_' + subject })`;
    expect(await ask(provider(configured))).toEqual({ code: 'SEMANTIC_INVALID', reason: 'limit_3_null' });
  });

  // What goes through is that the permission model refused: the provider reports the code it met.
  const met = (code: string): string => `verifyArtifact: async () => {
    try { ${code} } catch (error) { return { valid: false, reason: String(error.code).toLowerCase() }; }
    return { valid: false, reason: 'went_through' };
  }`;
  it.each([
    ['writes a file', `(await import('node:fs')).writeFileSync(${JSON.stringify(MARKER)}, '')`],
    ['reads a file', `(await import('node:fs')).readFileSync(${JSON.stringify(join(SECRET, 'key'))})`],
    ['starts a child', `(await import('node:child_process')).spawnSync('true')`],
    ['starts a thread', `new (await import('node:worker_threads')).Worker('', { eval: true })`],
  ])('that %s is refused by the permission model', async (_what, code) => {
    expect(await ask(provider(met(code)))).toEqual({ code: 'SEMANTIC_INVALID', reason: 'err_access_denied' });
    expect(existsSync(MARKER)).toBe(false);
  });

  it.each([
    ['opens a database', `new (await import('node:sqlite')).DatabaseSync(${JSON.stringify(MARKER)})`],
    ['stops whoever verifies', 'process.kill(process.ppid, 0)'],
    ['stops whoever verifies by the binding', 'process._kill(process.ppid, 0)'],
    ['debugs whoever verifies', 'process._debugProcess(process.ppid)'],
    ['slows whoever verifies', `(await import('node:os')).setPriority(process.ppid, 0)`],
  ])('that %s does not find the way past the permission model', async (_what, code) => {
    const answer = await ask(provider(met(code)));
    expect(['undefined', 'err_unknown_builtin_module']).toContain(answer.reason);
    expect(existsSync(MARKER)).toBe(false);
  });

  it('that opens a socket reaches nobody, and where nothing closes the network is not started', async () => {
    let connections = 0;
    const server = createServer((socket) => {
      connections += 1;
      socket.destroy();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const code = `await new Promise((resolve, reject) => net.connect(${port}, '127.0.0.1').on('connect', resolve).on('error', reject))`;
    const answer = await ask(provider(met(`const net = await import('node:net'); ${code}`)));
    server.close();
    const { network } = await probeMechanisms();
    const unreachable = expect.stringMatching(/^e(?:connrefused|netunreach)$/);
    const refused = { permission_model: 'err_access_denied', namespace: unreachable, none: null }[network];
    const expected = { code: network === 'none' ? 'PROVIDER_UNCONFINED' : 'SEMANTIC_INVALID', reason: refused };
    expect([connections, answer]).toEqual([0, expected]);
  });

  it('is not started by a machine without namespaces on which Node does not close the network', () => {
    const script = `
      import { runProcessProvider } from ${JSON.stringify(new URL('./run-process.ts', import.meta.url).href)};
      const entry = new TextEncoder().encode(${JSON.stringify(provider(''))});
      const request = '{"artifact":{},"configuration":{},"schema":"exoarmur.provider-request/1","schema_version":"a.v1","subject":null}';
      const { outcome } = await runProcessProvider(entry, new TextEncoder().encode(request));
      console.log(outcome);
    `;
    const options = ['--conditions=@exoarmur/source', '--no-warnings', '--input-type=module', '--eval', script];
    // Without a path there is no `unshare`.
    const world = { encoding: 'utf8', env: { PATH: SECRET }, timeout: 15_000 } as const;
    const { stdout, signal } = spawnSync(process.execPath, options, world);
    const isClosed = Number(process.versions.node.split('.')[0]) >= 25;
    // And it ends when it has answered: what was looked for and not found keeps no timer.
    expect([stdout, signal]).toEqual([isClosed ? 'answered\n' : 'unconfined\n', null]);
  });

  it('that holds memory outside of its heap is stopped where that can be seen', async () => {
    const holds = `verifyArtifact: async () => {
      const held = Buffer.alloc(300_000_000, 1);
      await new Promise((resolve) => setTimeout(resolve, 500));
      return { valid: held[1] === 1 };
    }`;
    const { memoryWatch } = await probeMechanisms();
    expect((await ask(provider(holds))).code).toBe(memoryWatch ? 'PROVIDER_CRASHED' : 'SEMANTIC_VALID');
  });

  it('leaves no file behind', async () => {
    const { TMPDIR, TEMP } = process.env;
    const temporary = mkdtempSync(join(SECRET, 'temporary-'));
    Object.assign(process.env, { TMPDIR: temporary, TEMP: temporary });
    try {
      expect((await ask(provider(''))).code).toBe('SEMANTIC_VALID');
      expect((await ask('export default {')).code).toBe('PROVIDER_CRASHED');
    } finally {
      for (const [name, value] of Object.entries({ TMPDIR, TEMP })) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
    }
    expect(readdirSync(temporary)).toEqual([]);
  });

  it('sees no environment', async () => {
    const reason = `verifyArtifact: () => ({ valid: false, reason: 'variables_' + Object.keys(process.env).filter((name) => name !== 'SYSTEMROOT' && !name.startsWith('__CF')).length })`;
    expect(await ask(provider(reason))).toEqual({ code: 'SEMANTIC_INVALID', reason: 'variables_0' });
  });

  it.each<[string, string, ProviderAnswer['code']]>([
    ['does not parse', 'export default {', 'PROVIDER_CRASHED'],
    ['exports nothing', 'export {};', 'PROVIDER_CRASHED'],
    ['imports a package', `import 'zod'; ${provider('')}`, 'PROVIDER_CRASHED'],
    ['throws', provider(`verifyArtifact: () => { throw new Error('no'); }`), 'PROVIDER_CRASHED'],
    ['exits when it is loaded', provider('', 'process.exit(0);'), 'PROVIDER_CRASHED'],
    [
      'exits with an answer of its own on its output',
      provider('', `process.stdout.write('{"valid":true}'); process.exit(0);`),
      'PROVIDER_CRASHED',
    ],
    [
      'writes more than its answer to where the answer goes',
      provider('', `import { writeSync } from 'node:fs'; writeSync(3, '{"answer":');`),
      'PROVIDER_RESPONSE_MALFORMED',
    ],
    [
      'prints',
      provider(`verifyArtifact: () => { console.log('hunter2'); return { valid: true }; }`),
      'PROVIDER_RESPONSE_MALFORMED',
    ],
    [
      'prints to its other output',
      provider(`verifyArtifact: () => { process.stderr.write('hunter2'); return { valid: true }; }`),
      'PROVIDER_RESPONSE_MALFORMED',
    ],
    [
      'answers with more than an answer may have',
      provider(`verifyArtifact: () => ({ valid: false, reason: 'x'.repeat(65536) })`),
      'PROVIDER_CRASHED',
    ],
    [
      'prints without end past what the host sees',
      provider(
        `verifyArtifact: () => { for (;;) try { writeSync(1, 'x'.repeat(4096)); } catch {} }`,
        `import { writeSync } from 'node:fs';`,
      ),
      'PROVIDER_CRASHED',
    ],
    [
      'gives a reason although valid',
      provider(`verifyArtifact: () => ({ valid: true, reason: 'but_valid' })`),
      'PROVIDER_RESPONSE_MALFORMED',
    ],
    [
      'allocates',
      provider(`verifyArtifact: () => { const all = []; for (;;) all.push(new Array(100000).fill(all)); }`),
      'PROVIDER_CRASHED',
    ],
    ['lies about the hash', provider(`canonicalHash: () => 'sha256:' + '0'.repeat(64)`), 'PROVIDER_HASH_DISAGREES'],
    ['answers no boolean', provider(`verifyArtifact: () => ({ valid: 'yes' })`), 'PROVIDER_RESPONSE_MALFORMED'],
    [
      'gives a reason with a secret',
      provider(`verifyArtifact: () => ({ valid: false, reason: 'Secret: hunter2!' })`),
      'PROVIDER_RESPONSE_MALFORMED',
    ],
    [
      'answers by chance',
      provider(`verifyArtifact: () => ({ valid: false, reason: 'chance_' + Math.floor(Math.random() * 2 ** 40) })`),
      'PROVIDER_NONDETERMINISTIC',
    ],
    [
      'patches prototypes',
      provider('', `Object.prototype.valid = true; JSON.stringify = () => '{}'; Array.prototype.map = () => [];`),
      'PROVIDER_RESPONSE_MALFORMED',
    ],
  ])('that %s has its code and nothing else', async (_what, source, code) => {
    const before = canonicalize(ARTIFACT);
    expect(await ask(source)).toEqual({ code, reason: null });
    expect(canonicalize(ARTIFACT)).toBe(before);
    expect(({} as { valid?: unknown }).valid).toBeUndefined();
  });

  it.each([
    ['loops', `verifyArtifact: () => { for (;;); }`],
    ['waits', `verifyArtifact: () => new Promise((resolve) => setTimeout(resolve, 1e9))`],
  ])('that %s is stopped', async (_what, members) => {
    expect(await ask(provider(members), 1500)).toEqual({ code: 'PROVIDER_TIMEOUT', reason: null });
  });
});
