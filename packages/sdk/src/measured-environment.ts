import { createProbedEnvironment } from '@exoarmur/boundary-v2';
import { createMachineProbe } from '@exoarmur/boundary-v2/node';
import type { Clock, Facts } from '@exoarmur/contracts';
import type { BoundaryConfig, MeasuredEnvironment } from './config.ts';

type Environment = () => Promise<Facts['environment']> | Facts['environment'];

/** What measuring needs of the boundary that is about to start. */
export interface EnvironmentOpening {
  readonly clock: Clock;
  /** A path on the disk of the store. */
  readonly path: string;
  /** One question to the store. */
  readonly pingStore: () => Promise<unknown>;
}

/** The environment of a configuration, which has to be closed: given as a function, or measured by a probe of this machine. */
export function openEnvironment(
  source: BoundaryConfig['facts']['environment'],
  { clock, path, pingStore }: EnvironmentOpening,
): { readonly read: Environment; close(): void } {
  if (typeof source === 'function') return { read: source, close: () => undefined };
  const { networkHealthMilli, thresholds = {} }: MeasuredEnvironment = source;
  const probe = createMachineProbe({ clock, path, pingStore, networkHealthMilli });
  return { read: createProbedEnvironment({ probe, clock, thresholds }), close: () => probe.close() };
}
