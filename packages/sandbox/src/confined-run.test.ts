import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { duplexPair } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { encodeUtf8 } from '@exoarmur/canonical';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { CHILD, startProcess } from './confined-process.ts';
import { type Confined, type ConfinedLimits, type Confinement, confine, digestCode, probeMechanisms } from './index.ts';
import { assertConfinable, type Mechanisms, wrapperOf } from './mechanisms.ts';

const HOSTILE = fileURLToPath(new URL('../test/hostile/function.mjs', import.meta.url));
const code = { entry: HOSTILE, digest: digestCode({ entry: HOSTILE }) };

let folder: string;
let outside: string;
let server: Server;
let port: number;
let connections = 0;

beforeAll(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'exoarmur-sandbox-')));
  outside = join(folder, 'outside.txt');
  writeFileSync(outside, 'untouched');
  server = createServer((socket) => {
    connections++;
    socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as { port: number }).port;
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

const open = (options: Partial<Confinement> = {}, limits: Partial<ConfinedLimits> = {}) =>
  confine({
    ...{ code, mode: 'function', network: 'denied', acceptsUnrestrictedNetwork: true },
    limits: { wallClockMs: 20_000, memoryBytes: 134_217_728, ...limits },
    ...options,
  });
const attempt = async (deed: string, limits: Partial<ConfinedLimits> = {}) => {
  const confined = await open({}, limits);
  return confined.run({ deed, path: outside, port });
};

describe('a confined process', () => {
  it('answers a request', async () => {
    const { run } = await open();
    const request = { deed: 'echo', text: 'ü', list: [1, null, true], nested: { b: 1, a: 2 } };
    expect(await run(request)).toEqual({ outcome: 'answered', answer: request });
  });

  it('has an empty environment and a folder of its own that is gone afterwards', async () => {
    expect(await attempt('environment')).toEqual({ outcome: 'answered', answer: {} });
    const { answer } = (await attempt('folder')) as { answer: string };
    expect(answer).toContain('exoarmur-confined-');
    expect(existsSync(answer)).toBe(false);
  });

  it('writes where it may, and only there', async () => {
    const file = join(folder, 'inside.txt');
    writeFileSync(file, '');
    const { run } = await open({ write: [file] });
    expect(await run({ deed: 'write inside', path: file })).toEqual({ outcome: 'answered', answer: 'written' });
    expect(readFileSync(file, 'utf8')).toBe('done');
    expect(await run({ deed: 'write inside', path: outside })).toMatchObject({ code: 'SANDBOX_PERMISSION_DENIED' });
  });

  it('goes to a folder that it may write, and to none that it may only read', async () => {
    const [open1, other] = ['open', 'other'].map((name) => realpathSync(mkdtempSync(join(folder, `${name}-`))));
    const { run } = await open({ read: [other as string], write: [open1 as string] });
    expect(await run({ deed: 'go there and write', path: open1 as string })).toEqual({
      outcome: 'answered',
      answer: open1,
    });
    expect(await run({ deed: 'write where it may only read', path: other as string })).toMatchObject({
      ...{ code: 'SANDBOX_PERMISSION_DENIED', breaches: [{ detail: 'FileSystemWrite' }] },
    });
    expect([readdirSync(open1 as string), readdirSync(other as string)]).toEqual([['x'], []]);
  });

  it('has no folder to write when it is given none', async () => {
    const { run } = await open({ hasScratch: false, read: [folder] });
    expect(await run({ deed: 'folder' })).toMatchObject({ code: 'SANDBOX_PERMISSION_DENIED' });
    // Where nothing can be written, nothing can be written by going elsewhere.
    expect(await run({ deed: 'write where it may only read', path: folder })).toEqual({
      outcome: 'answered',
      answer: 'written',
    });
    expect(readdirSync(folder)).not.toContain('a');
  });

  it.each([
    ['read outside', 'FileSystemRead'],
    ['write outside', 'FileSystemWrite'],
    ['remove outside', 'FileSystem'],
    ['spawn', 'ChildProcess'],
    ['worker', 'WorkerThreads'],
  ])('cannot %s', async (deed, permission) => {
    const result = await attempt(deed);
    expect(result).toMatchObject({ outcome: 'failed', code: 'SANDBOX_PERMISSION_DENIED' });
    expect(result).toMatchObject({ breaches: [{ limit: 'permission', detail: expect.stringContaining(permission) }] });
    expect(readFileSync(outside, 'utf8')).toBe('untouched');
  });

  it.each([
    'database',
    'kill the parent',
    'kill by the binding',
    'debug the parent',
    'slow the parent',
    'slow the parent by name',
  ])('cannot get past the permission model: %s', async (deed) => {
    expect(await attempt(deed)).toMatchObject({ outcome: 'failed', code: 'SANDBOX_THREW' });
    expect(existsSync(`${outside}.db`)).toBe(false);
    expect(readFileSync(outside, 'utf8')).toBe('untouched');
  });

  it.each(['connect', 'send'])('cannot %s where the network is closed', async (deed) => {
    const { network } = await probeMechanisms();
    const result = await attempt(deed);
    const isClosed = network !== 'none';
    expect(result.outcome).toBe(isClosed ? 'failed' : 'answered');
    if (isClosed) expect(connections).toBe(0);
  });

  it.each<[string, Partial<ConfinedLimits>, string, string]>([
    ['loop', { wallClockMs: 1500 }, 'SANDBOX_WALL_CLOCK', 'wall_clock'],
    ['wait', { wallClockMs: 1500 }, 'SANDBOX_WALL_CLOCK', 'wall_clock'],
    ['print', { outputBytes: 100_000 }, 'SANDBOX_OUTPUT', 'output'],
    ['answer much', { answerBytes: 100_000 }, 'SANDBOX_ANSWER_TOO_LARGE', 'answer'],
  ])('is stopped when it would %s', async (deed, limits, expected, limit) => {
    const result = await attempt(deed, limits);
    expect(result).toMatchObject({ outcome: 'failed', code: expected, breaches: [{ limit }] });
  });

  it.each(['fill the heap', 'fill the memory'])('does not get to %s', async (deed) => {
    const result = await attempt(deed);
    // The watch stops it, or V8 or the kernel refuses the memory before.
    const codes = ['SANDBOX_MEMORY', 'SANDBOX_CRASHED', 'SANDBOX_THREW'];
    expect(codes).toContain((result as { code?: string }).code);
  });

  it('is stopped when it holds more than it may, where that can be seen from outside', async () => {
    const { memoryWatch } = await probeMechanisms();
    const result = await attempt('hold memory', { wallClockMs: memoryWatch ? 20_000 : 3000 });
    const code = memoryWatch ? 'SANDBOX_MEMORY' : 'SANDBOX_WALL_CLOCK';
    expect(result).toMatchObject({ outcome: 'failed', code });
  });

  it.each([
    ['answer garbage', 'SANDBOX_ANSWER_MALFORMED'],
    ['answer twice', 'SANDBOX_ANSWER_MALFORMED'],
    ['answer with spaces', 'SANDBOX_ANSWER_MALFORMED'],
    ['answer more members', 'SANDBOX_ANSWER_MALFORMED'],
    ['exit', 'SANDBOX_ANSWER_MISSING'],
    ['throw', 'SANDBOX_THREW'],
    ['throw half a character', 'SANDBOX_THREW'],
  ])('has no answer when it would %s', async (deed, expected) => {
    expect(await attempt(deed)).toEqual({ outcome: 'failed', code: expected, breaches: [] });
  });

  it('harms nobody with altered prototypes', async () => {
    await attempt('prototypes');
    expect('polluted' in {}).toBe(false);
    expect(await attempt('echo')).toMatchObject({ outcome: 'answered' });
  });

  it('has the connections that its host opens, and none without it', async () => {
    const { run, hosting } = await open({ connections: 2 });
    expect(hosting).toMatchObject({ connections: 2 });
    const asked: unknown[] = [];
    const dial = async (request: unknown) => {
      asked.push(request);
      const [connection, far] = duplexPair();
      far.end('hello');
      return { connection, answer: 'yes' };
    };
    expect(await run({ deed: 'ask', fd: 5 }, undefined, dial)).toEqual({
      outcome: 'answered',
      answer: '{"answer":"yes"}\nhello',
    });
    expect(asked).toEqual([{ fd: 5 }]);
    expect(await run({ deed: 'ask', fd: 5 })).toEqual({ outcome: 'answered', answer: 'over' });
    expect(await run({ deed: 'ask', fd: 6 }, undefined, dial)).not.toMatchObject({
      answer: expect.stringContaining('yes'),
    });
    expect(asked).toHaveLength(1);
  });

  it('is stopped by whoever asked, and is not started when that came first', async () => {
    const { run } = await open();
    const controller = new AbortController();
    const running = run({ deed: 'wait' }, controller.signal);
    controller.abort();
    expect(await running).toEqual({ outcome: 'failed', code: 'SANDBOX_CANCELLED', breaches: [] });
    const refused = await run({ deed: 'echo' }, AbortSignal.abort());
    expect(refused).toEqual({ outcome: 'refused', code: 'SANDBOX_CANCELLED' });
  });
});

describe('nobody is harmed', () => {
  const entry = JSON.stringify(HOSTILE);
  /** What a process of its own prints, which may `open` a confinement and `hold` all descriptors but three; it ends when nothing is left to wait for. */
  const runApart = (lines: string, limit = 'unlimited', identity: { readonly uid?: number } = {}) => {
    const script = `
      import { closeSync, existsSync, openSync } from 'node:fs';
      import { confine, digestCode } from ${JSON.stringify(new URL('./index.ts', import.meta.url).href)};
      const code = { entry: ${entry}, digest: digestCode({ entry: ${entry} }) };
      const given = { code, mode: 'function', network: 'denied', acceptsUnrestrictedNetwork: true };
      const open = () => confine(given);
      const hold = () => {
        const held = [];
        try { for (;;) held.push(openSync(process.execPath)); } catch {}
        for (const one of held.splice(0, 3)) closeSync(one);
        return () => held.forEach((one) => closeSync(one));
      };
      ${lines}
    `;
    const options = ['--conditions=@exoarmur/source', '--no-warnings', '--input-type=module', '--eval', script];
    const command = ['-c', `ulimit -S -n ${limit}; exec "$0" "$@"`, process.execPath, ...options];
    return spawnSync('sh', command, { encoding: 'utf8', timeout: 25_000, env: { TMPDIR: folder }, ...identity });
  };

  it('by a process that closes folders of its own', () => {
    chmodSync(folder, 0o777);
    // The administrator can remove what is closed.
    const identity = process.getuid?.() === 0 ? { uid: 65_534 } : {};
    const lines = `
      const { run } = await open();
      const { answer } = await run({ deed: 'close a folder' });
      console.log(typeof answer, existsSync(answer));
    `;
    expect(runApart(lines, '1024', identity)).toMatchObject({ stdout: 'string false\n', status: 0 });
  });

  it('when there are no descriptors for its pipes', () => {
    const lines = `
      const { run } = await open();
      const release = hold();
      console.log((await run({ deed: 'echo' })).code);
      release();
      console.log((await run({ deed: 'echo' })).outcome);
    `;
    expect(runApart(lines, '128')).toMatchObject({ stdout: 'SANDBOX_START_FAILED\nanswered\n', status: 0 });
    const probing = 'hold(); await open().catch(({ code }) => console.log(code));';
    expect(runApart(probing, '128')).toMatchObject({ stdout: 'SANDBOX_UNSUPPORTED\n', status: 0 });
  });

  it('by a process that would outlive the one that asked', async () => {
    const lines = `
      const { run, prepare } = await confine({ ...given, prepared: 1 });
      void run({ deed: 'wait' });
      prepare();
      const pids = process._getActiveHandles().flatMap(({ pid }) => pid ?? []);
      console.log(pids.join());
      process.exit();
    `;
    const pids = runApart(lines, '1024').stdout.trim().split(',').map(Number);
    expect(pids).toHaveLength(2);
    const lives = (pid: number): boolean => {
      try {
        process.kill(pid, 0);
        // Of one that ended a line may be left until somebody asks how it ended.
        return !existsSync('/proc/self/stat') || !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
      } catch {
        return false;
      }
    };
    await expect.poll(() => pids.filter(lives)).toEqual([]);
  });

  it('when there is no place for its folder', async () => {
    const { run } = await open();
    vi.stubEnv('TMPDIR', join(folder, 'none'));
    const result = run({ deed: 'echo' });
    vi.unstubAllEnvs();
    expect(await result).toEqual({ outcome: 'refused', code: 'SANDBOX_START_FAILED' });
  });

  it('by a group in which nobody may be ended', async () => {
    const { run } = await open({ children: 'allowed', acceptsUnrestrictedChildren: true });
    const kill = vi.spyOn(process, 'kill').mockImplementation(() => {
      throw Object.assign(new Error('not yours'), { code: 'EPERM' });
    });
    const result = await run({ deed: 'echo' });
    const { length: tries } = kill.mock.calls;
    kill.mockRestore();
    expect(tries).toBeGreaterThan(0);
    expect(result).toMatchObject({ outcome: 'answered' });
  });

  it('by a program that was left behind and holds the pipes', async () => {
    const limits = { wallClockMs: 20_000, memoryBytes: 268_435_456, outputBytes: 1000, answerBytes: 1000 };
    const mechanisms: Mechanisms = {
      ...{ permissionModel: true, network: 'none', namespaces: false, resourceLimits: false },
      ...{ networkNamespace: false, processTable: false, memoryWatch: false },
    };
    const started = startProcess({
      ...{ mode: 'function', entry: HOSTILE, imports: '', read: [HOSTILE, CHILD], write: [], hasScratch: true },
      ...{ connections: 0, limits, mechanisms, isNetworkDenied: false, mayStart: true },
    });
    const begun = performance.now();
    const result = await started?.run(encodeUtf8('{"deed":"leave a program behind"}'), undefined, undefined);
    expect(result).toEqual({ outcome: 'answered', answer: 'left' });
    expect(performance.now() - begun).toBeLessThan(15_000);
  });
});

describe('a process that is started ahead', () => {
  const bornBefore = async ({ run }: Pick<Confined, 'run'>) => {
    const asked = Date.now();
    const { answer } = (await run({ deed: 'born' })) as unknown as { answer: { at: number; asked: number } };
    expect(answer.asked).toBe(1);
    return answer.at < asked;
  };

  it('is there when it is asked, once, and without it none is', async () => {
    const ahead = await open({ prepared: 1 });
    expect(ahead.hosting).toMatchObject({ prepared: 1 });
    await expect.poll(() => bornBefore(ahead), { timeout: 25_000, interval: 700 }).toBe(true);
    ahead.close();
    await bornBefore(ahead);
    expect(await bornBefore(ahead)).toBe(false);
    const plain = await open();
    expect(plain.hosting).not.toHaveProperty('prepared');
    expect(await bornBefore(plain)).toBe(false);
  });

  it('has the code that was looked at when it started; altered code is not started', async () => {
    const entry = join(realpathSync(mkdtempSync(join(folder, 'ahead-'))), 'module.mjs');
    writeFileSync(entry, 'export default () => 1;\n');
    const { run, prepare, close } = await open({ code: { entry, digest: digestCode({ entry }) }, prepared: 1 });
    prepare();
    expect(await run({})).toEqual({ outcome: 'answered', answer: 1 });
    close();
    writeFileSync(entry, 'export default () => 2;\n');
    expect(await run({})).toEqual({ outcome: 'refused', code: 'SANDBOX_CODE_ALTERED' });
  });

  it('loads code that may change something only when it is asked, and only unaltered', async () => {
    const base = realpathSync(mkdtempSync(join(folder, 'ahead-')));
    const entry = join(folder, 'early.mjs');
    writeFileSync(
      entry,
      `import { writeFileSync } from 'node:fs';\nwriteFileSync(${JSON.stringify(join(base, 'x'))}, '');\nexport default () => 1;\n`,
    );
    const options: Partial<Confinement> = {
      code: { entry, digest: digestCode({ entry }) },
      write: [base],
      prepared: 1,
    };
    const { run, prepare, close } = await open(options);
    const born = await open({ prepared: 1 });
    for (const one of [prepare, born.prepare]) one();
    // The other one started after it, and has loaded its code.
    await expect.poll(() => bornBefore(born), { timeout: 25_000, interval: 700 }).toBe(true);
    born.close();
    expect(readdirSync(base)).toEqual([]);
    expect(await run({})).toEqual({ outcome: 'answered', answer: 1 });
    expect(readdirSync(base)).toEqual(['x']);
    prepare();
    writeFileSync(entry, 'export default () => 2;\n');
    expect(await run({})).toEqual({ outcome: 'refused', code: 'SANDBOX_CODE_ALTERED' });
    close();
  });

  it.each([
    ['speaks before it is asked', 'writeSync(3, \'{"answer":"early"}\');', 'SANDBOX_ANSWER_MALFORMED'],
    ['ends before it is asked', 'process.exit(0);', 'SANDBOX_ANSWER_MISSING'],
    ['has code that does not load', 'throw new Error();', 'SANDBOX_THREW'],
  ])('is of no use when it %s', async (_, text, expected) => {
    const entry = join(realpathSync(mkdtempSync(join(folder, 'ahead-'))), 'module.mjs');
    writeFileSync(entry, `import { writeSync } from 'node:fs';\n${text}\nexport default () => 1;\n`);
    const { run, prepare, close } = await open({ code: { entry, digest: digestCode({ entry }) }, prepared: 1 });
    for (let turn = 0; turn < 2; turn++) {
      prepare();
      expect(await run({})).toMatchObject({ outcome: 'failed', code: expected });
    }
    close();
  });
});

describe('what is not started', () => {
  it('is code that was altered, or is gone', async () => {
    const entry = join(folder, 'module.mjs');
    writeFileSync(entry, 'export default () => 1;\n');
    const { run } = await open({ code: { entry, digest: digestCode({ entry }) } });
    expect(await run({})).toEqual({ outcome: 'answered', answer: 1 });
    writeFileSync(entry, 'export default () => 2;\n');
    expect(await run({})).toEqual({ outcome: 'refused', code: 'SANDBOX_CODE_ALTERED' });
  });

  it('is a command that the system refuses', async () => {
    const read = Array.from({ length: 4000 }, (_, n) => `/${'x'.repeat(1000)}${n}`);
    const { run } = await open({ read });
    expect(await run({ deed: 'echo' })).toEqual({ outcome: 'refused', code: 'SANDBOX_START_FAILED' });
  });

  it('is a confinement that may change its code through a link, or make the folder that it comes from', async () => {
    const base = realpathSync(mkdtempSync(join(folder, 'linked-')));
    const entry = join(base, 'module.mjs');
    writeFileSync(entry, 'export default () => 1;\n');
    symlinkSync(base, join(folder, 'link'));
    const linked = { code: { entry, digest: digestCode({ entry }) } };
    for (const path of [join(folder, 'link'), join(folder, 'link', 'module.mjs')]) {
      await expect(open({ ...linked, write: [path] })).rejects.toMatchObject({ pointer: '/write/0' });
    }
    await expect(open({ ...linked, write: [join(folder, 'to-come', 'deep')] })).resolves.toMatchObject({ hosting: {} });
  });

  it('is a confinement of a folder whose name another path begins with, which Node would not open', async () => {
    const base = realpathSync(mkdtempSync(join(folder, 'names-')));
    for (const name of ['data', 'data-2', 'file', 'file-2']) {
      if (name.startsWith('data')) mkdirSync(join(base, name));
      else writeFileSync(join(base, name), '');
    }
    const paths = (...names: string[]) => names.map((name) => join(base, name));
    for (const given of [{ read: paths('data', 'data-2') }, { write: paths('data-2', 'data') }]) {
      await expect(open(given)).rejects.toMatchObject({ code: 'SANDBOX_CONFIG_INVALID' });
    }
    // The temporary folder of a run begins with such a name, and is opened all the same.
    const prefix = await open({
      write: [join(realpathSync(tmpdir()), 'exoarmur')].filter((path) => !existsSync(path)),
    });
    expect(await prefix.run({ deed: 'echo', text: 'x' })).toMatchObject({ outcome: 'answered', answer: { text: 'x' } });
    const { run } = await open({ read: paths('file', 'file-2', 'data/inner', 'data') });
    const request = { deed: 'list', path: join(base, 'data') };
    expect(await run(request)).toEqual({ outcome: 'answered', answer: [] });
  });

  it('is a request without canonical form', async () => {
    const { run } = await open();
    const thrower = () => {
      throw new Error('trapped');
    };
    const trapped = new Proxy({}, { ownKeys: thrower });
    for (const deed of [Number.NaN, trapped]) {
      expect(await run({ deed })).toEqual({ outcome: 'refused', code: 'SANDBOX_REQUEST_INVALID' });
    }
  });

  it.each<[string, string, Partial<Confinement>]>([
    ['a relative path', '/read/0', { read: ['x'] }],
    ['a pattern', '/write/0', { write: ['/tmp/*'] }],
    ['a limit of nothing', '/limits/wallClockMs', { limits: { wallClockMs: 0 } }],
    ['a limit that no timer reaches', '/limits/wallClockMs', { limits: { wallClockMs: 2 ** 31 } }],
    ['more connections than there are', '/connections', { connections: 9 }],
    ['less than no connection', '/connections', { connections: -1 }],
    ['more started ahead than is sensible', '/prepared', { prepared: 9 }],
    ['too little memory', '/limits/memoryBytes', { limits: { memoryBytes: 1000 } }],
    ['code that it may change', '/write/0', { write: [join(HOSTILE, '..')] }],
  ])('is a confinement with %s', async (_, pointer, options) => {
    await expect(open(options)).rejects.toMatchObject({ code: 'SANDBOX_CONFIG_INVALID', pointer });
  });

  it('is anything where nothing confines it', () => {
    const sound: Mechanisms = {
      ...{ permissionModel: true, network: 'permission_model', namespaces: false, resourceLimits: false },
      ...{ networkNamespace: false, processTable: false, memoryWatch: false },
    };
    const asked = {
      ...{ isNetworkDenied: true, acceptsUnrestrictedNetwork: false },
      ...{ mayStart: false, acceptsUnrestrictedChildren: false },
    };
    expect(() => assertConfinable(sound, asked)).not.toThrowError();
    expect(() => assertConfinable({ ...sound, permissionModel: false }, asked)).toThrowError(
      expect.objectContaining({ code: 'SANDBOX_UNSUPPORTED' }),
    );
    const open = { ...sound, network: 'none' } as const;
    expect(() => assertConfinable(open, asked)).toThrowError(
      expect.objectContaining({ code: 'SANDBOX_NETWORK_UNCONFINED' }),
    );
    expect(() => assertConfinable(open, { ...asked, acceptsUnrestrictedNetwork: true })).not.toThrowError();
    expect(() => assertConfinable(open, { ...asked, isNetworkDenied: false })).not.toThrowError();
    // What Node closes to itself is open to the programs that it starts.
    const starting = { ...asked, mayStart: true };
    expect(() => assertConfinable({ ...sound, namespaces: true }, starting)).toThrowError(
      expect.objectContaining({ code: 'SANDBOX_NETWORK_UNCONFINED' }),
    );
    const among = { ...starting, isNetworkDenied: false };
    expect(() => assertConfinable(sound, among)).toThrowError(
      expect.objectContaining({ code: 'SANDBOX_CHILDREN_UNCONFINED' }),
    );
    expect(() => assertConfinable(sound, { ...among, acceptsUnrestrictedChildren: true })).not.toThrowError();
    expect(() => assertConfinable({ ...sound, namespaces: true, networkNamespace: true }, starting)).not.toThrowError();
  });
});

describe('wrapperOf', () => {
  const limits = { wallClockMs: 1500, memoryBytes: 134_217_728, isNetworkDenied: true, mayStart: false };
  const nothing: Mechanisms = {
    ...{ permissionModel: true, network: 'none', namespaces: false, resourceLimits: false, memoryWatch: false },
    ...{ networkNamespace: false, processTable: false },
  };

  it('closes the network by a namespace of its own unless it was granted', () => {
    const mechanisms = { ...nothing, namespaces: true };
    expect(wrapperOf(mechanisms, limits)).toEqual(expect.arrayContaining(['unshare', '--pid', '--net']));
    expect(wrapperOf(mechanisms, { ...limits, isNetworkDenied: false })).not.toContain('--net');
  });

  it('mounts a process table of its own for what may start programs, where that can be done', () => {
    const mechanisms = { ...nothing, namespaces: true, processTable: true };
    const words = wrapperOf(mechanisms, { ...limits, mayStart: true });
    expect(words).toEqual(
      expect.arrayContaining(['--net', '--mount-proc', 'setpriv', '--bounding-set=-all', '--no-new-privs']),
    );
    expect(wrapperOf(mechanisms, limits)).not.toContain('--mount-proc');
    expect(wrapperOf({ ...mechanisms, processTable: false }, { ...limits, mayStart: true })).not.toContain(
      '--mount-proc',
    );
  });

  it('sets limits of the kernel where it can, and nothing where it cannot', () => {
    const words = wrapperOf({ ...nothing, resourceLimits: true }, limits);
    expect(words).toEqual(['prlimit', '--core=0', '--nofile=256', '--cpu=3', '--data=939524096', '--']);
    expect(wrapperOf(nothing, limits)).toEqual([]);
  });
});

describe('digestCode', () => {
  it('changes with every file, name and place, and follows no link', () => {
    const base = realpathSync(mkdtempSync(join(folder, 'code-')));
    const entry = join(folder, 'entry.mjs');
    writeFileSync(entry, '1');
    writeFileSync(join(base, 'a.mjs'), '1');
    const before = digestCode({ entry, folders: [base] });
    expect(digestCode({ entry, folders: [base] })).toBe(before);
    expect(digestCode({ entry })).not.toBe(before);
    writeFileSync(join(base, 'b.mjs'), '');
    const after = digestCode({ entry, folders: [base] });
    expect(after).not.toBe(before);
    const single = digestCode({ entry, folders: [join(base, 'a.mjs')] });
    expect(single).not.toBe(digestCode({ entry }));
    const imports = { a: { path: join(base, 'a.mjs'), format: 'module' } } as const;
    const mapped = digestCode({ entry, folders: [base], imports });
    expect(mapped).not.toBe(after);
    expect(digestCode({ entry, folders: [base], imports: { b: imports.a } })).not.toBe(mapped);
    const elsewhere = { a: { path: HOSTILE, format: 'module' } } as const;
    expect(() => digestCode({ entry, folders: [base], imports: elsewhere })).toThrowError(
      expect.objectContaining({ code: 'SANDBOX_CODE_UNREADABLE' }),
    );
    symlinkSync(entry, join(base, 'c.mjs'));
    const refused = expect.objectContaining({ code: 'SANDBOX_CODE_UNREADABLE' });
    expect(() => digestCode({ entry, folders: [base] })).toThrowError(refused);
    expect(() => digestCode({ entry: join(folder, 'none') })).toThrowError(refused);
  });
});
