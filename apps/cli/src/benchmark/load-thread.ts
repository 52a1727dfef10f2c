import { parentPort, workerData } from 'node:worker_threads';
import { FIXED_SOURCES } from '../demo/prove-action.ts';
import { serveLoad } from './serve-load.ts';

// A thread of `benchmark --determinism-load`.
serveLoad(parentPort, workerData, FIXED_SOURCES);
