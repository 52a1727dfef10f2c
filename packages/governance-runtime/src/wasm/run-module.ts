import { Worker } from 'node:worker_threads';
import { MAX_PROVIDER_RESPONSE_BYTES } from '@exoarmur/contracts';
import type { ProviderRun } from '@exoarmur/governance-artifacts';
import { ProviderModuleError } from '../errors.ts';
import { FUEL_EXPORT, meterModule } from './metering.ts';

/** Fuel of one run, in executed instructions at most; hashing an artifact of the largest size takes a quarter of it. */
export const DEFAULT_FUEL = 1_000_000_000;

/** Wall clock of one run; only a machine that is stuck reaches it, because fuel ends first. In milliseconds. */
const DEADLINE_MS = 60_000;

/**
 * Runs in a thread of its own. The module gets no imports, so that all it can do is compute over its memory; the script gets
 * nothing of the parent but the bytes.
 */
const SCRIPT = `
const { parentPort, workerData } = require('node:worker_threads');
const { module, request, fuelExport, maxBytes } = workerData;
const answer = (outcome, bytes) => parentPort.postMessage({ outcome, bytes });
let exports;
try {
  exports = new WebAssembly.Instance(new WebAssembly.Module(module), {}).exports;
} catch {
  answer('load_failed');
}
const isCallable = (name) => typeof exports[name] === 'function';
if (exports !== undefined) {
  if (!(exports.memory instanceof WebAssembly.Memory) || !isCallable('exoarmur_alloc') || !isCallable('exoarmur_verify')) {
    answer('load_failed');
  } else {
    try {
      if (isCallable('_initialize')) exports._initialize();
      const at = exports.exoarmur_alloc(request.length) >>> 0;
      new Uint8Array(exports.memory.buffer, at, request.length).set(request);
      const packed = BigInt.asUintN(64, exports.exoarmur_verify(at, request.length));
      const length = Number(packed & 0xffffffffn);
      if (length > maxBytes) answer('crashed');
      else answer('answered', new Uint8Array(exports.memory.buffer, Number(packed >> 32n), length).slice());
    } catch {
      answer(exports[fuelExport].value < 0n ? 'timed_out' : 'crashed');
    }
  }
}
`;

/**
 * Runs a WebAssembly provider: exports `memory`, `exoarmur_alloc(length) -> pointer` and `exoarmur_verify(pointer, length) ->
 * pointer << 32 | length`, and `_initialize()`, called first, where the language of the module needs it. Bounded by fuel, which is the same everywhere, and by its declared memory. Never rejects.
 */
export async function runWasmProvider(
  entry: Uint8Array,
  request: Uint8Array,
  fuel = DEFAULT_FUEL,
): Promise<ProviderRun> {
  let module: Uint8Array;
  try {
    module = meterModule(entry, fuel);
  } catch (error) {
    if (error instanceof ProviderModuleError) return { outcome: 'load_failed' };
    throw error;
  }
  return new Promise((resolve) => {
    const worker = new Worker(SCRIPT, {
      eval: true,
      env: {},
      execArgv: [],
      stdin: false,
      workerData: { module, request, fuelExport: FUEL_EXPORT, maxBytes: MAX_PROVIDER_RESPONSE_BYTES },
      resourceLimits: { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 16, stackSizeMb: 2 },
    });
    const settle = (run: ProviderRun): void => {
      clearTimeout(timer);
      resolve(run);
      void worker.terminate();
    };
    const timer = setTimeout(() => settle({ outcome: 'timed_out' }), DEADLINE_MS);
    worker.once('message', (run: ProviderRun) => settle(run));
    worker.once('error', () => settle({ outcome: 'crashed' }));
    worker.once('exit', () => settle({ outcome: 'crashed' }));
  });
}
