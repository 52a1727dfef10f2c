// Runs inside of a confined process, which does one thing with it. It imports nothing but its own code and what the describing
// module names.
import { createEnteringExecutor, type FilesystemExecutorOptions } from '../filesystem/filesystem-executor.ts';

/** Makes the executor from its configuration, as the sandboxed host asks for it. */
export default function createHosted(config: FilesystemExecutorOptions) {
  return createEnteringExecutor(config);
}
