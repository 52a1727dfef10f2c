// Runs inside of a confined process: what a faulty executor would do with the channels of its host, and beside them.
import { createConnection, Socket } from 'node:net';

const connect = (port) =>
  new Promise((resolve) => {
    try {
      const socket = createConnection(port, '127.0.0.1');
      socket.on('connect', () => resolve('open'));
      socket.on('error', () => resolve('closed'));
    } catch {
      resolve('closed');
    }
  });

const ask = (fd, line) =>
  new Promise((resolve) => {
    const socket = new Socket({ fd, readable: true, writable: true });
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
      const [first, ...rest] = text.split('\n');
      if (rest.length === 0) return;
      const { refused } = JSON.parse(first);
      if (refused !== undefined) return resolve(refused);
      if (rest.length === 1 && rest[0] === '') socket.write('GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
    });
    socket.on('error', () => resolve('broken'));
    socket.on('end', () => resolve(text.includes('hello') ? 'hello' : text));
    socket.write(`${line}\n`);
  });

export default async ({ port, asks }) => {
  const answers = [];
  for (const [index, line] of asks.entries()) answers.push(await ask(4 + index, line));
  return { connect: await connect(port), asks: answers };
};
