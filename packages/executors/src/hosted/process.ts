// Runs inside of a confined process, which may start programs while it executes.
import { createConfinedExecutor, type ProcessExecutorOptions } from '../process/process-executor.ts';

/** Makes the executor from its configuration, as the sandboxed host asks for it. */
export default function createHosted(config: ProcessExecutorOptions) {
  return createConfinedExecutor(config);
}
