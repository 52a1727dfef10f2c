import type { BoundaryLimits, EnvironmentThresholds } from '@exoarmur/boundary-v2';
import type {
  ActionIntent,
  AlertSink,
  Budget,
  Clock,
  DowngradeOverride,
  Executor,
  ExecutorHost,
  Facts,
  FlagName,
  Operator,
  OperatorRegistry,
  PolicySet,
  RandomSource,
  SwitchStore,
  ThreatSignal,
} from '@exoarmur/contracts';
import type { HostableExecutor } from '@exoarmur/executors';
import type { ConfinedLimits } from '@exoarmur/sandbox';

/** Code that the operator vouches for, run inside this process; the records say `in_process_trusted`. */
export interface TrustedExecutor {
  readonly hosting: 'in_process_trusted';
  readonly executor: Executor;
  /** Time for the check of a target; 5,000 ms unless told. */
  readonly targetTimeoutMs?: number;
  /** Time for the effect; 60,000 ms unless told. */
  readonly executionTimeoutMs?: number;
}

/** An executor in a process of its own, by whoever confines it. */
export interface SandboxedExecutor {
  readonly hosting: 'sandboxed';
  /** A host whose isolation is `child_process`. */
  readonly host: ExecutorHost;
}

/** An executor that this boundary puts into a process of its own, with what its description grants it and nothing else. */
export interface ConfinedExecutor {
  readonly hosting: 'sandboxed';
  /** As `describeFilesystemExecutor` of `@exoarmur/executors` makes it. */
  readonly executor: HostableExecutor;
  /** Starts also where nothing closes the network; the records then say `network_unrestricted`. */
  readonly acceptsUnrestrictedNetwork?: boolean;
  /** Starts also where the programs that it starts cannot be kept among themselves; the records then say `children_unrestricted`. */
  readonly acceptsUnrestrictedChildren?: boolean;
  /** Processes that wait for a question of each kind, each for one; none unless told. */
  readonly prepared?: number;
  readonly targetLimits?: Partial<ConfinedLimits>;
  readonly executionLimits?: Partial<ConfinedLimits>;
}

/** Where records, grants and everything else is kept. */
export interface StoreConfig {
  /** Database file; what belongs to it is kept beside it under the same name. */
  readonly path: string;
  /** Folder of the head files; `<path>.heads` unless told. Keep it on another disk to notice a restored database. */
  readonly heads?: string;
  readonly busyTimeoutMs?: number;
}

/**
 * The environment as a probe of this machine measures it: event loop, memory, disk and answers of the store, steps of the clock.
 * Thresholds are those of `spec/facts.md` unless told.
 */
export interface MeasuredEnvironment {
  readonly measured: 'machine';
  /** A process cannot see how well its network does; in thousandths. */
  readonly networkHealthMilli: () => Promise<number | null> | number | null;
  readonly thresholds?: Partial<EnvironmentThresholds>;
}

/** Policies that come as signed bundles. The one put in force last governs, also after a restart. */
export interface BundlePolicy {
  /** Verifier keys whose signatures count for this tenant. */
  readonly keyring: readonly string[];
  /** How many distinct ones of them have to sign; 1 unless told. */
  readonly threshold?: number;
  /** A bundle to put in force at the start, as a file or as its envelope; none for whatever is in force already. */
  readonly bundle?: { readonly file: string } | { readonly envelope: unknown };
  /** Lets exactly the bundle it names be older than the one in force, on record. */
  readonly override?: DowngradeOverride;
  /**
   * How old an answer of the store about which bundle is in force may be, in milliseconds: so long a decision can miss one that
   * was put in force. 1,000 unless told; 0 asks before each decision.
   */
  readonly maxAgeMs?: number;
}

/** Everything a boundary is made of. Parts that decide who may do what have no default. */
export interface BoundaryConfig {
  readonly tenant: string;
  readonly cell: string;
  /** Key file of `exoarmur keys generate`, or the key itself. Its name is the origin of the log, `<domain>/<tenant>`. */
  readonly key: { readonly file: string } | { readonly name: string; readonly seed: Uint8Array };
  /** A SQLite file, or `memory`, which forgets everything with the process. */
  readonly store: StoreConfig | 'memory';
  /** A set from code; one from a file, which counts as verified only with a digest; or signed bundles. */
  readonly policy: { readonly set: PolicySet } | { readonly file: string; readonly digest?: string } | BundlePolicy;
  readonly executors?: readonly (TrustedExecutor | SandboxedExecutor | ConfinedExecutor)[];
  readonly facts: {
    /** What else can stop an action, besides the switches that signed commands set; the stricter answer counts. */
    readonly switches?: SwitchStore;
    /**
     * Trust in the actor in thousandths, null for one that nobody knows, which denies; or `earned` by how its actions
     * ended, as the store of the boundary has counted them.
     */
    readonly trust: ((intent: ActionIntent) => Promise<number | null> | number | null) | 'earned';
    readonly environment: (() => Promise<Facts['environment']> | Facts['environment']) | MeasuredEnvironment;
    /** Whether decisions read what has happened before; then a schema may declare `history`. False unless told. */
    readonly history?: boolean;
    /** What is known of the threat that an action answers to, which is classified; then a schema may declare `threat`. */
    readonly threat?: (intent: ActionIntent) => Promise<ThreatSignal> | ThreatSignal;
  };
  /** How many operators it takes to clear a switch; 1 unless told. One is enough to engage it. */
  readonly switchClearThreshold?: number;
  /** Who may approve; those in the database unless told. */
  readonly operators?: OperatorRegistry | readonly Operator[];
  /** Whom to call when nobody knows what happened; without it doubt is on record only. */
  readonly alerts?: AlertSink;
  /** How much may be done; counted in the store, so in all processes that share it. Without any nothing is counted. */
  readonly budgets?: readonly Budget[];
  readonly limits?: Partial<BoundaryLimits>;
  readonly flags?: { readonly [Name in FlagName]?: boolean | undefined };
  /** Where flags are read from besides; the variables of this process unless told. They can only make it stricter. */
  readonly variables?: Readonly<Record<string, string | undefined>>;
  /** The machine's unless told. */
  readonly clock?: Clock;
  /** The machine's unless told. */
  readonly random?: RandomSource;
}
