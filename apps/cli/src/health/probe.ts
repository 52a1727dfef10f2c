/** What a probe saw. `isPassed` is computed from the thing probed, and `detail` says what was seen. */
export interface ProbeResult {
  readonly name: string;
  readonly isPassed: boolean;
  readonly detail: string;
}

/** One question to the machine. May throw: that is a no. */
export interface Probe {
  readonly name: string;
  run(): Promise<{ readonly isPassed: boolean; readonly detail: string }>;
}

/** Runs probes one after the other. A probe that throws has failed, and says with what. */
export async function runProbes(probes: readonly Probe[]): Promise<readonly ProbeResult[]> {
  const results: ProbeResult[] = [];
  for (const probe of probes) {
    try {
      results.push({ name: probe.name, ...(await probe.run()) });
    } catch (error) {
      const detail = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
      results.push({ name: probe.name, isPassed: false, detail });
    }
  }
  return results;
}
