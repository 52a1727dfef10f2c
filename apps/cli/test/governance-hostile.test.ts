import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DISCOVERY, ENFORCEMENT, GovernanceDesk, resultsOf, SNAPSHOT } from './governance-desk.ts';

const desk = new GovernanceDesk();
let connections = 0;
let port = 0;
const server = createServer((socket) => {
  connections += 1;
  socket.destroy();
});

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as { port: number }).port;
  await desk.open();
  const both = ['--required', 'policy_snapshot.v1=demo/policies.json'];
  const proof = ['--artifact', 'tool_invocation_proof.v1=receipt.json'];
  expect(await desk.attach('attached.json', ...both, ...proof)).toMatchObject({
    exitCode: 0,
    out: 'attached.json: 2 artifacts, 1 required\n',
  });
});

afterAll(() => {
  server.close();
  desk.close();
});

describe('a hostile provider', () => {
  const marker = () => desk.path('marker');
  const honest = 'canonicalHash: (a, { schemaVersion, tools }) => tools.hashArtifact(schemaVersion, a)';
  const valid = 'verifyArtifact: () => ({ valid: true })';
  test.each<[string, () => string, string]>([
    [
      'writes a marker when it is loaded',
      () =>
        `import { writeFileSync } from 'node:fs'; writeFileSync(${JSON.stringify(marker())}, ''); export default { ${honest}, ${valid} }`,
      'PROVIDER_CRASHED',
    ],
    [
      'patches prototypes',
      () =>
        `Object.prototype.code = 'SEMANTIC_VALID'; Array.prototype.map = () => []; export default { ${honest}, ${valid} }`,
      'PROVIDER_RESPONSE_MALFORMED',
    ],
    [
      'patches what writes JSON',
      () => `JSON.stringify = () => '{"verify_verdict":"FAIL"}'; export default { ${honest}, ${valid} }`,
      'PROVIDER_HASH_DISAGREES',
    ],
    [
      'allocates',
      () =>
        `export default { ${honest}, verifyArtifact() { const all = []; for (;;) all.push(new Array(1e5).fill(all)); } }`,
      'PROVIDER_CRASHED',
    ],
    [
      'opens a socket',
      () =>
        `import { connect } from 'node:net'; export default { ${honest}, verifyArtifact: () => new Promise((done, fail) => connect(${port}, '127.0.0.1').on('connect', () => done({ valid: true })).on('error', fail)) }`,
      'PROVIDER_CRASHED',
    ],
    [
      'lies about the hash',
      () => `export default { canonicalHash: () => 'sha256:' + 'a'.repeat(64), ${valid} }`,
      'PROVIDER_HASH_DISAGREES',
    ],
    [
      'answers differently the second time',
      () =>
        `export default { ${honest}, verifyArtifact: () => ({ valid: false, reason: 'chance_' + Math.floor(Math.random() * 2 ** 40) }) }`,
      'PROVIDER_NONDETERMINISTIC',
    ],
    ['exits', () => 'process.exit(0)', 'PROVIDER_CRASHED'],
    [
      'prints secrets',
      () => `export default { ${honest}, verifyArtifact: () => { console.log('SECRET'); return { valid: true } } }`,
      'PROVIDER_RESPONSE_MALFORMED',
    ],
    [
      'reads files',
      () =>
        `import { readFileSync } from 'node:fs'; readFileSync(${JSON.stringify(desk.path('demo/boundary.key'))}); export default { ${honest}, ${valid} }`,
      'PROVIDER_CRASHED',
    ],
  ])('that %s changes no core verdict and has its code', async (name, source, code) => {
    const root = desk.path(name.replaceAll(' ', '-'));
    desk.install(root, SNAPSHOT, 'npm', source());
    desk.trust(root, 'hostile.json', SNAPSHOT);
    const args = ['--providers', 'hostile.json', '--project', root];
    const diagnosed = await desk.verify('attached.json', DISCOVERY, ...args);
    expect([diagnosed.verify_verdict, resultsOf(diagnosed)?.[0]]).toEqual(['PASS', code]);
    expect(JSON.stringify(diagnosed)).not.toContain('SECRET');
    expect([existsSync(marker()), connections]).toEqual([false, 0]);
    // One byte other than what was hashed, and nothing of it runs.
    writeFileSync(join(root, 'node_modules', SNAPSHOT, 'dist/index.js'), `${source()}\n`);
    expect(resultsOf(await desk.verify('attached.json', DISCOVERY, ...args))?.[0]).toBe('PROVIDER_UNTRUSTED');
  });

  test('fails the verdict under enforcement, which names the one of the core', async () => {
    const root = desk.path('enforced');
    desk.install(root, SNAPSHOT, 'npm', 'process.exit(0)');
    desk.trust(root, 'enforced.json', SNAPSHOT);
    const report = await desk.verify('attached.json', ENFORCEMENT, '--providers', 'enforced.json', '--project', root);
    expect(report.verify_verdict).toBe('FAIL');
    expect(report.governance_enforcement).toMatchObject({
      core_verdict: 'PASS',
      failures: [{ code: 'PROVIDER_CRASHED', artifact_type: 'policy_snapshot' }],
    });
  });

  test('that writes a marker is found and not loaded while nobody needs its word', async () => {
    const root = desk.path('lazy');
    const source = `throw new Error('loaded'); export default { ${honest}, ${valid} }`;
    desk.install(root, SNAPSHOT, 'npm', source);
    desk.trust(root, 'lazy.json', SNAPSHOT);
    const args = ['--providers', 'lazy.json', '--project', root, '--capability-events', 'lazy.jsonl'];
    const report = await desk.verify('demo/proof-bundle.json', DISCOVERY, ...args);
    expect(report.governance_providers).toMatchObject([{ package: SNAPSHOT, denied: null }]);
    expect(readFileSync(desk.path('lazy.jsonl'), 'utf8').match(/capability\.[a-z]+/g)).toEqual([
      'capability.registration',
    ]);
    // The same provider is loaded as soon as a bundle needs it, and not by the flag of enforcement alone.
    expect(resultsOf(await desk.verify('attached.json', DISCOVERY, ...args))?.[0]).toBe('PROVIDER_CRASHED');
    const { EXOARMUR_FLAG_GOVERNANCE_ARTIFACT_ENFORCEMENT_ENABLED } = ENFORCEMENT;
    const environment = { EXOARMUR_FLAG_GOVERNANCE_ARTIFACT_ENFORCEMENT_ENABLED };
    expect(resultsOf(await desk.verify('attached.json', environment, ...args))?.[0]).toBe('DISCOVERY_DISABLED');
  });
});
