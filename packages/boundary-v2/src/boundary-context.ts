import {
  type AlertSink,
  type ApprovalInbox,
  type AuditSink,
  budgetsSchema,
  type CellAuditSink,
  type Clock,
  type ConductStore,
  type ExecutorHost,
  type GrantStore,
  type OperatorRegistry,
  type PolicyDecisionPoint,
  pointToProblem,
  type RandomSource,
  type Signer,
  type StandingGrantStore,
  type StreamEvidenceSource,
  scopeNameSchema,
} from '@exoarmur/contracts';
import { type BudgetOptions, type PreparedBudgets, prepareBudgets } from './budgets.ts';
import { BoundaryError } from './errors.ts';
import type { FactSource } from './facts.ts';
import { createHostTable } from './host-table.ts';
import { readClock, readRandom } from './platform.ts';
import {
  answerWithin,
  readAsIs,
  readClaim,
  readList,
  readNothing,
  readOperators,
  readUse,
  readWord,
} from './store-answers.ts';

/** Times a boundary allows. Wall-clock for what is waited for, the injected clock for what is recorded. */
export interface BoundaryLimits {
  readonly factTimeoutMs: number;
  readonly decisionTimeoutMs: number;
  /** For the executor's preview of the effect; without one people are told that there is none. */
  readonly previewTimeoutMs: number;
  /** For one answer of a registry, a store or an index, and for one call to an operator. */
  readonly storeTimeoutMs: number;
  /** For one answer of the log. Longer than it takes at its busiest: what was not confirmed in time may still be recorded. */
  readonly logTimeoutMs: number;
  /** For one answer of an executor host. Longer than any deadline of the host's own, which is what stops an executor. */
  readonly hostTimeoutMs: number;
  /** Life of a grant between its record and its redemption. */
  readonly grantTtlSeconds: number;
  /** How long people have when the policies name no time. */
  readonly approvalTtlSeconds: number;
}

/** The limits that hold unless told otherwise. */
export const BOUNDARY_LIMITS: BoundaryLimits = Object.freeze({
  factTimeoutMs: 2000,
  decisionTimeoutMs: 5000,
  previewTimeoutMs: 5000,
  storeTimeoutMs: 5000,
  logTimeoutMs: 30_000,
  hostTimeoutMs: 90_000_000,
  grantTtlSeconds: 60,
  approvalTtlSeconds: 3600,
});

/** What one decision stands on, from its facts to its record. */
export interface Governance {
  readonly decisionPoint: PolicyDecisionPoint;
  readonly facts: FactSource;
}

/** What a boundary stands on. Every part that decides, remembers or acts is named; none has a default. */
export interface BoundaryOptions extends Governance {
  readonly tenant: string;
  readonly cell: string;
  readonly log: AuditSink & CellAuditSink & StreamEvidenceSource;
  /**
   * Policies that change while the boundary runs: asked once for each decision. One that throws or is silent for
   * `decisionTimeoutMs` leaves it without a decision. Without it the decision point and the facts of these options stand.
   */
  readonly govern?: () => Promise<Governance> | Governance;
  /** One host, or one for each executor; no two of them for the same action type. */
  readonly host: ExecutorHost | readonly ExecutorHost[];
  readonly grants: GrantStore;
  /** Who may approve. Without one every action that needs approval waits until it expires. */
  readonly operators?: OperatorRegistry;
  /** Index of what waits for people. Without one they have to know the streams. */
  readonly inbox?: ApprovalInbox;
  /** What people agreed to in advance. Without it everybody is asked each time. */
  readonly standingGrants?: StandingGrantStore;
  /** How much may be done. Without it nothing is counted. */
  readonly budgets?: BudgetOptions;
  /** Who counts how actions end, for trust and history. Without it nobody does. */
  readonly conduct?: ConductStore;
  /** Whom to call. Without it doubt is on record only. */
  readonly alerts?: AlertSink;
  readonly clock: Clock;
  readonly random: RandomSource;
  /** The boundary's key: signs the statements of bundles. */
  readonly signer: Signer;
  readonly limits?: Partial<BoundaryLimits>;
}

/** The options with every gap filled. */
export type BoundaryContext = Readonly<Omit<BoundaryOptions, 'limits' | 'host' | 'operators' | 'budgets'>> & {
  readonly budgets?: PreparedBudgets;
  readonly operators: OperatorRegistry;
  readonly limits: BoundaryLimits;
  /** The host of an action type; for one that nobody performs a host that refuses it. */
  selectHost(actionType: string): ExecutorHost;
};

/** Checks what can be checked before the first action. @throws BoundaryError BOUNDARY_CONFIG_INVALID */
export function createContext(options: BoundaryOptions): BoundaryContext {
  for (const name of ['tenant', 'cell'] as const) {
    if (!scopeNameSchema.safeParse(options[name]).success) throw invalid(`${name} is no scope name`, `/${name}`);
  }
  const limits = { ...BOUNDARY_LIMITS, ...options.limits };
  for (const [name, value] of Object.entries(limits)) {
    if (!Number.isSafeInteger(value) || value < 1)
      throw invalid(`${name} must be a positive integer`, `/limits/${name}`);
  }
  const { budgets, ...others } = options;
  const { grants, operators, inbox, standingGrants } = others;
  const declared = budgetsSchema.safeParse(budgets?.declared ?? []);
  if (!declared.success) throw invalid('the budgets are none', `/budgets/declared${pointToProblem(declared.error)}`);
  const selectHost = createHostTable(options.host, limits.hostTimeoutMs);
  const { storeTimeoutMs: timeoutMs } = limits;
  const asking = {
    operators: { timeoutMs, code: 'BOUNDARY_OPERATORS_UNAVAILABLE' },
    grants: { timeoutMs, code: 'BOUNDARY_GRANT_STORE_UNAVAILABLE' },
    inbox: { timeoutMs, code: 'BOUNDARY_INBOX_UNAVAILABLE' },
  } as const;
  return {
    ...others,
    clock: readClock(options.clock),
    random: readRandom(options.random),
    operators: {
      findByKeyId: async (keyId) =>
        operators === undefined
          ? []
          : answerWithin(asking.operators, () => operators.findByKeyId(keyId), readOperators),
    },
    grants: {
      isDurable: grants.isDurable === true,
      claim: (claim) => answerWithin(asking.grants, () => grants.claim(claim), readClaim),
    },
    ...(standingGrants === undefined
      ? {}
      : {
          standingGrants: {
            isDurable: standingGrants.isDurable,
            add: (grant) => answerWithin(asking.grants, () => standingGrants.add(grant), readNothing),
            list: () => answerWithin(asking.grants, () => standingGrants.list(), readList),
            use: (use) =>
              answerWithin(
                asking.grants,
                () => standingGrants.use(use),
                (answer) => readUse(answer, use.maxUses),
              ),
            revoke: (digest) => answerWithin(asking.grants, () => standingGrants.revoke(digest), readWord(true, false)),
          },
        }),
    ...(inbox === undefined
      ? {}
      : {
          inbox: {
            put: (open) => answerWithin(asking.inbox, () => inbox.put(open), readNothing),
            remove: (stream) => answerWithin(asking.inbox, () => inbox.remove(stream), readNothing),
            find: (stream) => answerWithin(asking.inbox, () => inbox.find(stream), readAsIs),
            list: (page) => answerWithin(asking.inbox, () => inbox.list(page), readAsIs),
          },
        }),
    ...(budgets === undefined ? {} : { budgets: prepareBudgets({ store: budgets.store, declared: declared.data }) }),
    limits,
    selectHost,
  };
}

function invalid(message: string, pointer: string): BoundaryError {
  return new BoundaryError('BOUNDARY_CONFIG_INVALID', message, { pointer });
}
