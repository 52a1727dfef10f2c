// Runs a task of this repository on a machine that has nothing but Node 18+ and npm.
//
//   node tools/bootstrap.mjs <task> [args...]
//
// When the Node on the PATH is older than the toolchain needs, or pnpm is missing, both are fetched once as npm packages
// into .toolchain/. Installing and building happen only when their inputs changed, so a second run starts at once.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const NODE_VERSION = '26.10.0';
const PNPM_VERSION = '12.21.0';
const OLDEST_NODE = [22, 18];

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const toolchain = join(root, '.toolchain');
const toolchainBin = join(toolchain, 'node_modules', '.bin');
const isWindows = process.platform === 'win32';
const toolchainNode = join(toolchain, 'node_modules', 'node', 'bin', isWindows ? 'node.exe' : 'node');

/** Task name to the steps it needs and the command it ends in. `build: true` means the compiled packages are used. */
const TASKS = {
  install: { build: false, command: undefined },
  build: { build: true, command: undefined },
  demo: { build: true, command: ['apps/cli/dist/main.js', 'demo'] },
  exoarmur: { build: true, command: ['apps/cli/dist/main.js'] },
  test: { build: true, command: ['tools/run-tests.ts'] },
  'test:heavy': { build: true, command: ['tools/test-heavy.ts'] },
  check: { build: true, command: ['tools/check.ts'] },
  conformance: { build: true, command: ['tools/conformance/main.ts'] },
  generate: { build: false, command: ['tools/generate.ts'] },
  fuzz: { build: false, command: ['tools/fuzz.ts'] },
  bench: { build: true, command: ['bench/main.ts'] },
  format: { build: false, command: ['node_modules/@biomejs/biome/bin/biome', 'check', '--write', '.'] },
};

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(3);
}

/** Runs quietly; what the command printed is shown only when it failed. */
function runQuietly(label, command, args, options = {}) {
  process.stderr.write(`${label} ...\n`);
  const result = spawnSync(command, args, { cwd: root, encoding: 'utf8', shell: isWindows, ...options });
  if (result.status === 0) return;
  process.stderr.write(`${result.stdout ?? ''}${result.stderr ?? ''}`);
  fail(`${label} failed (${result.error?.message ?? `exit ${result.status}`})`);
}

function isRecentNode(version) {
  const [major, minor] = version.split('.').map(Number);
  return major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1]);
}

function hasPnpm() {
  const result = spawnSync('pnpm', ['--version'], { cwd: root, encoding: 'utf8', shell: isWindows });
  return result.status === 0 && result.stdout.trim() === PNPM_VERSION;
}

/** Where one invocation of this script waits for another on the same work tree; outside of it, so that git sees nothing. */
const lock = join(tmpdir(), `exoarmur-${createHash('sha256').update(root).digest('hex').slice(0, 16)}.lock`);
const LOCK_TIMEOUT_MS = 15 * 60_000;
const LOCK_POLL_MS = 200;

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** Runs a step that writes into the work tree while no other invocation does. The lock of a dead process is taken over. */
function withLock(step) {
  const deadline = Date.now() + LOCK_TIMEOUT_MS;
  for (;;) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' });
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      const owner = Number(readStamp(lock));
      if (owner > 0 && !isAlive(owner)) rmSync(lock, { force: true });
      else if (Date.now() > deadline) fail(`waited too long for process ${owner}; remove ${lock} if it is gone`);
      else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOCK_POLL_MS);
    }
  }
  const release = () => rmSync(lock, { force: true });
  process.once('exit', release);
  try {
    step();
  } finally {
    process.removeListener('exit', release);
    release();
  }
}

/** Returns the environment whose PATH starts with a Node and a pnpm that the toolchain can use. */
function ensureToolchain() {
  const stamp = join(toolchain, 'versions');
  const wanted = `node@${NODE_VERSION} pnpm@${PNPM_VERSION}`;
  const isFetched = () => readStamp(stamp) === wanted;
  if (!isFetched() && isRecentNode(process.versions.node) && hasPnpm()) return process.env;
  if (!isFetched()) {
    withLock(() => {
      if (isFetched()) return;
      rmSync(toolchain, { recursive: true, force: true });
      mkdirSync(toolchain, { recursive: true });
      writeFileSync(join(toolchain, 'package.json'), '{"private":true}\n');
      const flags = ['--no-audit', '--no-fund', '--no-save', '--loglevel=error'];
      runQuietly(`fetching ${wanted}`, 'npm', ['install', ...flags, ...wanted.split(' ')], { cwd: toolchain });
      writeFileSync(stamp, wanted);
    });
  }
  return { ...process.env, PATH: `${toolchainBin}${delimiter}${process.env.PATH ?? ''}` };
}

function workspaceFolders() {
  return ['packages', 'apps'].flatMap((parent) =>
    readdirSync(join(root, parent), { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && existsSync(join(root, parent, entry.name, 'package.json')))
      .map((entry) => join(parent, entry.name)),
  );
}

function digestFiles(paths) {
  const hash = createHash('sha256');
  for (const path of paths)
    hash
      .update(path)
      .update('\0')
      .update(readFileSync(join(root, path)))
      .update('\0');
  return hash.digest('hex');
}

function listSources(folder) {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return listSources(path);
    return path.endsWith('.test.ts') ? [] : [path];
  });
}

function readStamp(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

function ensureInstalled(env) {
  const manifests = [
    'package.json',
    join('bench', 'package.json'),
    ...workspaceFolders().map((folder) => join(folder, 'package.json')),
  ];
  const wanted = digestFiles(['pnpm-lock.yaml', 'pnpm-workspace.yaml', ...manifests]);
  const stamp = join(root, 'node_modules', '.exoarmur-installed');
  if (readStamp(stamp) === wanted) return;
  withLock(() => {
    if (readStamp(stamp) === wanted) return;
    runQuietly('installing from the lockfile', 'pnpm', ['install', '--frozen-lockfile'], { env });
    writeFileSync(stamp, wanted);
  });
}

function ensureBuilt(env) {
  const folders = workspaceFolders();
  const sources = folders.flatMap((folder) => [
    join(folder, 'package.json'),
    join(folder, 'tsconfig.json'),
    ...(existsSync(join(root, folder, 'src')) ? listSources(join(folder, 'src')) : []),
  ]);
  const wanted = digestFiles(['tsconfig.base.json', 'tsconfig.build.json', ...sources]);
  const stamp = join(root, 'node_modules', '.exoarmur-built');
  const isComplete = () =>
    readStamp(stamp) === wanted && folders.every((folder) => existsSync(join(root, folder, 'dist')));
  if (isComplete()) return;
  withLock(() => {
    if (isComplete()) return;
    const turbo = join(root, 'node_modules', 'turbo', 'bin', 'turbo');
    const quiet = { ...env, TURBO_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1' };
    runQuietly(
      'building',
      process.execPath,
      [turbo, 'run', 'build', '--filter=./packages/*', '--filter=./apps/*', '--output-logs=errors-only'],
      { env: quiet },
    );
    writeFileSync(stamp, wanted);
  });
}

const [taskName, ...args] = process.argv.slice(2);
const task = Object.hasOwn(TASKS, taskName ?? '') ? TASKS[taskName] : undefined;
if (task === undefined) fail(`usage: node tools/bootstrap.mjs <${Object.keys(TASKS).join('|')}> [args...]`);

const env = ensureToolchain();
ensureInstalled(env);
if (task.build) ensureBuilt(env);
if (task.command !== undefined) {
  const node = isRecentNode(process.versions.node) ? process.execPath : toolchainNode;
  const nodeFlags = task.command[0].endsWith('.ts')
    ? ['--conditions=@exoarmur/source', '--disable-warning=ExperimentalWarning']
    : [];
  const [script, ...fixed] = task.command;
  const result = spawnSync(node, [...nodeFlags, join(root, script), ...fixed, ...args], {
    stdio: 'inherit',
    env,
    cwd: process.env.INIT_CWD ?? process.cwd(),
  });
  if (result.error) fail(`cannot run ${script}: ${result.error.message}`);
  process.exit(result.status ?? 3);
}
