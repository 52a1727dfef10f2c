import type { FaultScenario, FaultType } from '@exoarmur/replay/faults';

/** What the command line of `inject` can say. */
export interface InjectOptions {
  readonly bundle?: string;
  readonly events?: string;
  readonly seed: number;
  readonly out?: string;
  readonly under: string;
  readonly fault?: FaultType;
  readonly severity: number;
  readonly scenario?: FaultScenario;
  readonly nodes: number;
  readonly timeout: number;
  readonly json?: true;
}
