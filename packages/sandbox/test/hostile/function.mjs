// One misbehaviour a request. Each reports what it got away with; a confined process is expected to get away with nothing.

import { createSocket } from 'node:dgram';
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createConnection, Socket } from 'node:net';

let asked = 0;

const deeds = {
  born: () => ({ at: performance.timeOrigin, asked: ++asked, pid: process.pid }),
  echo: (request) => request,
  'read outside': () => readFileSync('/etc/passwd', 'utf8'),
  'write outside': ({ path }) => writeFileSync(path, 'x'),
  'remove outside': ({ path }) => rmSync(path, { recursive: true }),
  'write inside': ({ path }) => writeFileSync(path, 'done') ?? 'written',
  list: ({ path }) => readdirSync(path),
  environment: () => process.env,
  folder: () => {
    writeFileSync('scratch', 'x');
    return process.cwd();
  },
  'close a folder': () => {
    mkdirSync('shut/inner', { recursive: true });
    chmodSync('shut/inner', 0);
    chmodSync('shut', 0);
    return process.cwd();
  },
  'leave a program behind': async () => {
    const { spawn } = await import('node:child_process');
    spawn('sleep', ['20'], { stdio: 'inherit', detached: true, env: { PATH: '/usr/bin:/bin' } }).unref();
    return 'left';
  },
  spawn: async () => (await import('node:child_process')).spawnSync('/bin/true').status,
  worker: async () => {
    const { Worker } = await import('node:worker_threads');
    new Worker('1', { eval: true });
  },
  database: async ({ path }) => {
    const { DatabaseSync } = await import('node:sqlite');
    new DatabaseSync(`${path}.db`).exec('CREATE TABLE t (x)');
  },
  connect: ({ port }) =>
    new Promise((resolve, reject) => {
      const socket = createConnection(port, '127.0.0.1');
      socket.on('connect', () => resolve('connected'));
      socket.on('error', reject);
    }),
  send: ({ port }) =>
    new Promise((resolve, reject) => {
      const socket = createSocket('udp4');
      socket.on('error', reject);
      socket.send('x', port, '127.0.0.1', (error) => (error ? reject(error) : resolve('sent')));
    }),
  ask: ({ fd }) =>
    new Promise((resolve) => {
      const socket = new Socket({ fd, readable: true, writable: true });
      let text = '';
      socket.on('data', (chunk) => {
        text += chunk;
      });
      for (const name of ['end', 'error', 'close']) socket.on(name, () => resolve(text || 'over'));
      socket.write(`${JSON.stringify({ fd })}\n`);
    }),
  'go there and write': ({ path }) => {
    process.chdir(path);
    writeFileSync('x', '1');
    return process.cwd();
  },
  'write where it may only read': async ({ path, home = process.cwd() }) => {
    const { chdir } = await import('node:process');
    // Asked for where it may write, and used where it may not, because the folder was changed in between.
    for (let turn = 0; turn < 50; turn++) {
      process.chdir(home);
      const writes = ['a', 'b', 'c', 'd'].map((name) => writeFile(name, 'x').catch(() => undefined));
      chdir(path);
      await Promise.all(writes);
    }
    return 'written';
  },
  'kill the parent': () => process.kill(process.ppid, 'SIGKILL'),
  'kill by the binding': () => process._kill(process.ppid, 9),
  'debug the parent': () => process._debugProcess(process.ppid),
  'slow the parent': async () => (await import('node:os')).setPriority(process.ppid, 19) ?? 'slowed',
  'slow the parent by name': async () => {
    const { setPriority } = await import('node:os');
    return setPriority(process.ppid, 19) ?? 'slowed';
  },
  loop: () => {
    for (;;);
  },
  wait: () => new Promise((resolve) => setTimeout(resolve, 600_000)),
  'fill the heap': () => {
    const all = [];
    for (;;) all.push(new Array(100_000).fill(all.length));
  },
  'fill the memory': () => {
    const all = [];
    for (let size = 0; size < 2 ** 31; size += 2 ** 24) all.push(Buffer.alloc(2 ** 24, 1));
    return all.length;
  },
  'hold memory': () => {
    const held = Buffer.alloc(200_000_000, 1);
    return new Promise((resolve) => setTimeout(resolve, 600_000, held.length));
  },
  print: () => {
    const line = 'x'.repeat(65_536);
    for (let bytes = 0; bytes < 2 ** 30; bytes += line.length) writeSync(1, line);
    return 'printed';
  },
  'answer much': () => 'x'.repeat(10_000_000),
  'answer garbage': () => {
    writeSync(3, 'garbage');
    process.exit(0);
  },
  'answer twice': () => {
    writeSync(3, '{"answer":1}');
    return 2;
  },
  'answer with spaces': () => {
    writeSync(3, '{ "answer": 1 }');
    process.exit(0);
  },
  'answer more members': () => {
    writeSync(3, '{"answer":1,"more":2}');
    process.exit(0);
  },
  exit: () => process.exit(0),
  throw: () => {
    throw new Error('no');
  },
  'throw half a character': () => {
    throw new Error('\ud83d');
  },
  prototypes: () => {
    Object.prototype.polluted = 'yes';
    Array.prototype.map = () => ['lie'];
    JSON.stringify = () => '{"answer":"lie"}';
    return { honest: true };
  },
};

export default (request) => deeds[request.deed](request);
