import { parentPort, workerData } from 'node:worker_threads';
import { serveLoad } from '../src/benchmark/serve-load.ts';
import { FIXED_SOURCES } from '../src/demo/prove-action.ts';
import { DEMO } from '../src/demo/scenario.ts';

// A thread whose clock goes on between the actions: one source of nondeterminism, planted.
let reads = 0;
serveLoad(parentPort, workerData, { ...FIXED_SOURCES, clock: { now: () => DEMO.timeMs + Math.floor(reads++ / 50) } });
