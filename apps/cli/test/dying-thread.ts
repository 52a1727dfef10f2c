import { parentPort } from 'node:worker_threads';

// A thread that ends where it should answer.
parentPort?.once('message', () => {
  throw new RangeError('planted');
});
parentPort?.postMessage('ready');
