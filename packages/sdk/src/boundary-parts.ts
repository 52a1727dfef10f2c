import { randomBytes } from 'node:crypto';
import { dirname, resolve } from 'node:path';
import { type AuditLog, createAuditLog } from '@exoarmur/audit/writer';
import {
  type BundleOptions,
  buildBundle,
  createFactSource,
  createOperatorRegistry,
  createTrustedHost,
  type Governance,
  obeySwitchCommand,
  ProxyPipeline,
} from '@exoarmur/boundary-v2';
import { createSigner } from '@exoarmur/canonical';
import {
  type Clock,
  type Digest,
  type ExecutorHost,
  type FlagSet,
  isExoArmurError,
  type OperatorRegistry,
  type RandomSource,
  type SwitchCommand,
} from '@exoarmur/contracts';
import { createDecisionPoint } from '@exoarmur/policy';
import type { BoundaryConfig } from './config.ts';
import { readConfig } from './config-schema.ts';
import { createCountedFacts } from './earned-facts.ts';
import { SdkError } from './errors.ts';
import { createHosts } from './executor-hosts.ts';
import { applyFlags, flagFactsOf, settleFlags } from './flags.ts';
import { guardClock, guardRandom } from './given-ports.ts';
import { openSwitches, switchThresholdOf } from './kept-switches.ts';
import { openEnvironment } from './measured-environment.ts';
import { governFacts, type PolicyInForce, type PolicySource } from './policy-facts.ts';
import { openPolicy } from './policy-source.ts';
import { readSigningKey } from './read-file.ts';
import { openStorage, type Storage } from './storage.ts';
import { createToolExecutor } from './tool-executor.ts';

/** What a boundary stands on, opened. */
export interface BoundaryParts {
  readonly tenant: string;
  readonly cell: string;
  /** Verifier key of log and bundles. */
  readonly vkey: string;
  /** Those of the configuration. */
  readonly hosts: readonly ExecutorHost[];
  readonly storage: Storage;
  readonly log: AuditLog;
  readonly policy: PolicySource;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly flags: FlagSet;
  obeySwitch(envelope: unknown): Promise<SwitchCommand>;
  createPipeline(hosts: readonly ExecutorHost[]): ProxyPipeline;
  bundle(stream: string, options: BundleOptions): Promise<Uint8Array>;
  /** Gives back what was opened, but for the log. */
  close(): Promise<void>;
}

/** Checks a configuration and opens what it names, all of it or nothing. @throws as createBoundary */
export async function openParts(given: BoundaryConfig): Promise<BoundaryParts> {
  const config = readConfig(given);
  const clock = config.clock === undefined ? { now: () => Date.now() } : guardClock(config.clock);
  const random =
    config.random === undefined
      ? { bytes: (length: number) => new Uint8Array(randomBytes(length)) }
      : guardRandom(config.random);
  const key = 'file' in config.key ? readSigningKey(config.key.file, '/key/file') : config.key;
  const signer = createKey(key);
  if (!key.name.endsWith(`/${config.tenant}`)) {
    throw invalid('the name of the key does not end in the tenant', '/key');
  }
  const { hosts, closeHosts } = await createHosts(config.executors);
  try {
    return await openAround(config, hosts, { clock, random, key, signer, closeHosts });
  } catch (error) {
    closeHosts();
    throw error;
  }
}

/** @throws as createBoundary */
async function openAround(
  config: BoundaryConfig,
  hosts: readonly ExecutorHost[],
  given: {
    readonly clock: Clock;
    readonly random: RandomSource;
    readonly key: { readonly name: string };
    readonly signer: ReturnType<typeof createKey>;
    readonly closeHosts: () => void;
  },
): Promise<BoundaryParts> {
  const { clock, random, key, signer, closeHosts } = given;
  const resolved = settleFlags(config, hosts);
  const operators = readOperators(config.operators);
  const { tenant, cell } = config;
  const storage = await openStorage(config.store, tenant, cell);
  const environment = openEnvironment(config.facts.environment, {
    clock,
    path: config.store === 'memory' ? process.cwd() : dirname(resolve(config.store.path)),
    pingStore: () => storage.log.head(tenant),
  });
  const close = async () => {
    closeHosts();
    environment.close();
    await storage.close();
  };
  try {
    const log = createAuditLog({
      ...{ store: storage.log, heads: storage.heads, signer, clock, random, tenant, cell, origin: key.name },
    });
    const policy = await openPolicy(config.policy, {
      prepare: (set) => {
        const decisionPoint = createDecisionPoint({ policySet: applyFlags(set, resolved.flags, hosts) });
        // Kept before it governs, or an action could be decided under what no bundle can show.
        storage.policies.keep(decisionPoint.policyDigest, decisionPoint.policySet);
        return decisionPoint;
      },
      bundles: { tenant, cell, log, clock, activations: storage.activations, alerts: config.alerts },
    });
    const kept = { tenant, cell, commands: storage.switchCommands, operators: operators ?? storage.operators };
    const threshold = switchThresholdOf(config);
    const reading = { clock, log, clearThreshold: threshold.clear };
    const switches = await openSwitches(config.facts.switches, kept, reading);
    const obeySwitch = (envelope: unknown) =>
      obeySwitchCommand({ ...kept, log, clock, threshold, alerts: config.alerts }, envelope);
    const counted = createCountedFacts(config.facts, { store: storage.conduct, clock });
    const { threat } = config.facts;
    const source = createFactSource({
      ...{ ...counted.parts, switches, policyVerified: false, environment: environment.read },
      ...(threat === undefined ? {} : { threat }),
    });
    const flagFacts = flagFactsOf(resolved);
    const known = new WeakMap<PolicyInForce, Governance>();
    const govern = (inForce: PolicyInForce): Governance => {
      const { decisionPoint } = inForce;
      const made = known.get(inForce) ?? { decisionPoint, facts: governFacts(source, inForce, flagFacts) };
      known.set(inForce, made);
      return made;
    };
    const createPipeline = (own: readonly ExecutorHost[]) =>
      new ProxyPipeline({
        ...{ tenant, cell, log, clock, random, signer },
        ...govern(policy.latest),
        govern: () => {
          const inForce = policy.current();
          return inForce instanceof Promise ? inForce.then(govern) : govern(inForce);
        },
        ...(counted.conduct === undefined ? {} : { conduct: counted.conduct }),
        host: own.length === 0 ? createIdleHost() : own,
        grants: storage.grants,
        operators: operators ?? storage.operators,
        standingGrants: storage.standingGrants,
        inbox: storage.inbox,
        ...(config.alerts === undefined ? {} : { alerts: config.alerts }),
        ...(config.budgets === undefined ? {} : { budgets: { declared: config.budgets, store: storage.limits } }),
        ...(config.limits === undefined ? {} : { limits: config.limits }),
      });
    const bundle = async (stream: string, options: BundleOptions) => {
      const evidence = await log.collect(stream);
      const decided = [...evidence.payloads.values()].flatMap(({ value }) =>
        typeof value.policy_digest === 'string' ? [value.policy_digest as Digest] : [],
      );
      const policySets = new Map(
        [...new Set(decided)].flatMap((digest) => {
          const found = storage.policies.find(digest);
          return found === undefined ? [] : [[digest, found] as const];
        }),
      );
      const { policyDigest, engine } = policy.latest.decisionPoint;
      return buildBundle({ ...options, evidence, signer, policySets, inForce: { policyDigest, engine } });
    };
    const { flags } = resolved;
    const { vkey } = signer;
    const own = { tenant, cell, vkey, hosts, flags, clock, random };
    return { ...own, storage, log, policy, obeySwitch, createPipeline, bundle, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** A host that performs nothing, for a boundary whose executors are still to come. */
function createIdleHost(): ExecutorHost {
  const executor = createToolExecutor({ name: 'nobody', version: '0', tools: [] });
  return createTrustedHost({ executor, targetTimeoutMs: 1000, executionTimeoutMs: 1000 });
}

function createKey({ name, seed }: { readonly name: string; readonly seed: Uint8Array }) {
  try {
    return createSigner(name, seed);
  } catch (cause) {
    if (!isExoArmurError(cause) && !(cause instanceof TypeError)) throw cause;
    throw invalid('the key has a name that no key can have', '/key/name', cause);
  }
}

function readOperators(operators: BoundaryConfig['operators']): OperatorRegistry | undefined {
  if (operators === undefined || 'findByKeyId' in operators) return operators;
  try {
    return createOperatorRegistry(operators);
  } catch (cause) {
    if (!isExoArmurError(cause) && !(cause instanceof TypeError)) throw cause;
    throw invalid(`an operator cannot be registered: ${cause.message}`, '/operators', cause);
  }
}

function invalid(message: string, pointer: string, cause?: unknown): SdkError {
  return new SdkError('SDK_CONFIG_INVALID', message, { pointer, cause });
}
