import { createHook } from 'node:async_hooks';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { createCedarEvaluator } from '@exoarmur/policy';
import { expect, test } from 'vitest';
import { verifyBundle } from '../../src/index.ts';
import { listQuestions } from './evidence.ts';

/** Resources of the runtime that reach out of the process: sockets, pipes, name lookups, files, processes. */
const DOORS = /TCP|UDP|PIPE|ADDRINFO|NAMEINFO|QUERYWRAP|TLS|HTTP|FSREQ|FILEHANDLE|PROCESS|WORKER/;

async function doorsOf(action: () => Promise<unknown>): Promise<string[]> {
  const seen: string[] = [];
  const hook = createHook({ init: (_id, type) => void (DOORS.test(type) && seen.push(type)) }).enable();
  try {
    await action();
  } finally {
    hook.disable();
  }
  return seen;
}

test('verification opens no socket and no file, with and without an engine', async () => {
  const questions = await listQuestions();
  const doors = await doorsOf(async () => {
    for (const { bytes, trust } of questions) {
      await verifyBundle(bytes, { ...(trust === undefined ? {} : { trust }), evaluator: createCedarEvaluator() });
      await verifyBundle(bytes);
    }
  });
  expect(doors).toEqual([]);
});

test('an opened socket is seen', async () => {
  const server = createServer((socket) => socket.end()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const doors = await doorsOf(() => once(connect(port, '127.0.0.1').resume(), 'close'));
  server.close();
  expect(doors).toContain('TCPWRAP');
});
