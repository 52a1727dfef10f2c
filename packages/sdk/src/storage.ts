import { MemoryHeadKeeper, MemoryLogStore } from '@exoarmur/audit/memory';
import {
  createMemoryApprovalInbox,
  createMemoryConductStore,
  createMemoryGrantStore,
  createMemoryLimitStore,
  createMemoryOperatorStore,
  createMemoryPolicyActivationStore,
  createMemoryStandingGrantStore,
  createMemorySwitchCommandStore,
} from '@exoarmur/boundary-v2';
import type {
  ApprovalInbox,
  AuditLogStore,
  ConductStore,
  GrantStore,
  LimitStore,
  LogHeadKeeper,
  OperatorStore,
  PolicyActivationStore,
  StandingGrantStore,
  SwitchCommandStore,
} from '@exoarmur/contracts';
import {
  createSqliteApprovalInbox,
  createSqliteConductStore,
  createSqliteGrantStore,
  createSqliteLimitStore,
  createSqliteOperatorStore,
  createSqlitePolicyActivationStore,
  createSqliteStandingGrantStore,
  createSqliteSwitchCommandStore,
  openHeadFiles,
  openSqliteLogStore,
} from '@exoarmur/store-sqlite';
import { AnswerTray } from './answer-tray.ts';
import type { BoundaryConfig, StoreConfig } from './config.ts';
import { PolicyArchive } from './policy-archive.ts';
import { Presence } from './presence.ts';

/** What a boundary keeps, and where. */
export interface Storage {
  readonly log: AuditLogStore;
  readonly heads: LogHeadKeeper;
  readonly grants: GrantStore;
  readonly standingGrants: StandingGrantStore;
  readonly limits: LimitStore;
  readonly conduct: ConductStore;
  readonly operators: OperatorStore;
  readonly inbox: ApprovalInbox;
  readonly switchCommands: SwitchCommandStore;
  readonly activations: PolicyActivationStore;
  readonly policies: PolicyArchive;
  /** Undefined where no other process can reach the store. */
  readonly answers: AnswerTray | undefined;
  readonly presence: Presence | undefined;
  close(): Promise<void>;
}

/** Places that belong to a database, beside it and under its name. */
export function placesOf({ path, heads = `${path}.heads` }: StoreConfig) {
  return { heads, policies: `${path}.policies`, answers: `${path}.answers`, live: `${path}.live` };
}

/** Opens everything, or nothing. @throws LogStoreError; SdkError SDK_PRESENCE_UNAVAILABLE */
export async function openStorage(store: BoundaryConfig['store'], tenant: string, cell: string): Promise<Storage> {
  if (store === 'memory') {
    return {
      log: new MemoryLogStore(),
      heads: new MemoryHeadKeeper(),
      grants: createMemoryGrantStore(),
      standingGrants: createMemoryStandingGrantStore(),
      limits: createMemoryLimitStore(),
      conduct: createMemoryConductStore(),
      operators: createMemoryOperatorStore(),
      inbox: createMemoryApprovalInbox(),
      switchCommands: createMemorySwitchCommandStore(),
      activations: createMemoryPolicyActivationStore(),
      policies: new PolicyArchive(undefined),
      answers: undefined,
      presence: undefined,
      close: async () => undefined,
    };
  }
  const places = placesOf(store);
  const { path, busyTimeoutMs } = store;
  const log = openSqliteLogStore({ path, ...(busyTimeoutMs === undefined ? {} : { busyTimeoutMs }) });
  try {
    const heads = openHeadFiles(places.heads);
    const presence = Presence.enter(places.live);
    return {
      log,
      heads,
      grants: createSqliteGrantStore(log, tenant),
      standingGrants: createSqliteStandingGrantStore(log, tenant),
      limits: createSqliteLimitStore(log, tenant),
      conduct: createSqliteConductStore(log, tenant),
      operators: createSqliteOperatorStore(log, tenant),
      inbox: createSqliteApprovalInbox(log, tenant),
      switchCommands: createSqliteSwitchCommandStore(log, tenant, cell),
      activations: createSqlitePolicyActivationStore(log, tenant, cell),
      policies: new PolicyArchive(places.policies),
      answers: new AnswerTray(places.answers),
      presence,
      close: async () => {
        presence.leave();
        try {
          await heads.close();
        } finally {
          await log.close();
        }
      },
    };
  } catch (error) {
    await log.close();
    throw error;
  }
}
