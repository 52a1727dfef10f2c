import type { ProviderRun } from '@exoarmur/governance-artifacts';

/** How long a runtime may take to say how a run ended, in milliseconds: longer than the bounds that the runtimes here have themselves. */
export const RUN_DEADLINE_MS = 120_000;

/** What a runtime says of a run, and `timed_out` when it says nothing. Rejects as the runtime does. */
export async function settleRun(run: () => Promise<ProviderRun>): Promise<ProviderRun> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<ProviderRun>((resolve) => {
    timer = setTimeout(() => resolve({ outcome: 'timed_out' }), RUN_DEADLINE_MS);
  });
  try {
    return await Promise.race([run(), late]);
  } finally {
    clearTimeout(timer);
  }
}
