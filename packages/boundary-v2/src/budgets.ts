import type {
  ActionIntent,
  Budget,
  BudgetFacts,
  Digest,
  LimitAnswer,
  LimitDemand,
  LimitStore,
  LimitTaking,
} from '@exoarmur/contracts';
import { settleWithin } from './deadline.ts';
import type { IntentSnapshot } from './intent-snapshot.ts';

/** How much may be done, and who counts it. */
export interface BudgetOptions {
  readonly declared: readonly Budget[];
  readonly store: LimitStore;
}

/** A declared budget with all of it that is the same for each action. */
interface PreparedBudget {
  readonly budget: Budget;
  readonly windowMs: number | null;
  /** Where the parameters say how much; undefined where each action counts as one. */
  readonly amountPath: readonly string[] | undefined;
  /** Where the parameters say of what, and what they have to say. */
  readonly unit: { readonly path: readonly string[]; readonly value: string } | undefined;
}

/** Budgets by ascending id, with who counts them. */
export interface PreparedBudgets {
  readonly prepared: readonly PreparedBudget[];
  readonly store: LimitStore;
}

/** A declared budget as one action meets it; a demand only where the action says what it takes. */
interface Claim {
  readonly budget: Budget;
  readonly demand: LimitDemand | undefined;
}

/** Does once what is the same for each action. */
export function prepareBudgets({ declared, store }: BudgetOptions): PreparedBudgets {
  const prepared = declared
    .toSorted((a, b) => (a.id < b.id ? -1 : 1))
    .map((budget): PreparedBudget => {
      const { window_seconds: seconds } = budget;
      const spend = budget.counts === 'spend' ? budget : undefined;
      const unit = spend?.unit;
      return {
        budget,
        windowMs: seconds === null ? null : seconds * 1000,
        amountPath: spend === undefined ? undefined : splitPointer(spend.amount),
        unit: unit === undefined ? undefined : { path: splitPointer(unit.pointer), value: unit.value },
      };
    });
  return { prepared, store };
}

/**
 * Where the budgets stand that an action falls under. To `take` counts the action, once for its digest however often it is
 * decided; to `read` counts nothing. A store that fails, hangs or babbles and parameters that do not say what the action
 * takes leave the budget exhausted. Undefined where nothing is declared.
 */
export async function gatherBudgets(options: {
  readonly budgets: PreparedBudgets | undefined;
  readonly snapshot: IntentSnapshot;
  readonly nowMs: number;
  readonly timeoutMs: number;
  readonly purpose: 'take' | 'read';
}): Promise<BudgetFacts | undefined> {
  const { budgets, snapshot, nowMs, timeoutMs, purpose } = options;
  if (budgets === undefined) return undefined;
  const { intent, digest } = snapshot;
  const claims: Claim[] = [];
  const demands: LimitDemand[] = [];
  for (const one of budgets.prepared) {
    const { budget } = one;
    if (budget.action_types?.includes(intent.action_type) === false) continue;
    const demand = createDemand(one, intent);
    claims.push({ budget, demand });
    if (demand !== undefined) demands.push(demand);
  }
  if (demands.length === 0) return describe(claims, []);
  const taking: LimitTaking = { intentDigest: digest, now: nowMs, demands };
  // An action that one budget stops takes nothing from the others.
  const isComplete = demands.length === claims.length;
  const { store } = budgets;
  const settled = await settleWithin(timeoutMs, () =>
    purpose === 'take' && isComplete ? store.take(taking) : store.read(taking),
  );
  const used = settled.outcome === 'returned' ? readAnswer(settled.value, demands) : undefined;
  return describe(claims, used ?? demands.map(() => null));
}

/** Gives back what an action took that came to nothing. A store that does not answer keeps it: too much is counted, never too little. */
export async function releaseBudgets(
  budgets: PreparedBudgets | undefined,
  intentDigest: Digest,
  timeoutMs: number,
): Promise<void> {
  if (budgets !== undefined) await settleWithin(timeoutMs, () => budgets.store.release(intentDigest));
}

function createDemand(prepared: PreparedBudget, intent: ActionIntent): LimitDemand | undefined {
  const { budget, windowMs, amountPath } = prepared;
  const { id, per, maximum } = budget;
  const amount = amountPath === undefined ? 1 : readAmount(amountPath, prepared.unit, intent);
  if (amount === null) return undefined;
  const actor = per.includes('actor') ? JSON.stringify(intent.actor_id) : null;
  const actionType = per.includes('action_type') ? JSON.stringify(intent.action_type) : null;
  const correlation = per.includes('correlation') ? JSON.stringify(intent.correlation_id) : null;
  return { key: `["${id}",${actor},${actionType},${correlation}]`, amount, maximum, windowMs };
}

function readAmount(
  path: readonly string[],
  unit: PreparedBudget['unit'],
  { parameters }: ActionIntent,
): number | null {
  if (unit !== undefined && readPath(parameters, unit.path) !== unit.value) return null;
  const amount = readPath(parameters, path);
  return isFigure(amount) ? amount : null;
}

/** An amount that canonical JSON can state: no fraction, nothing below zero, and no negative zero. */
function isFigure(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && !Object.is(value, -0);
}

/** The names in a JSON pointer (RFC 6901). */
function splitPointer(pointer: string): readonly string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function readPath(document: unknown, path: readonly string[]): unknown {
  let value = document;
  for (const name of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[name];
  }
  return value;
}

/** What others hold by the answer of a store; undefined for an answer that is none, or that contradicts itself. */
function readAnswer(answer: LimitAnswer, demands: readonly LimitDemand[]): number[] | undefined {
  try {
    const { outcome, used } = answer;
    const read = Array.from(used);
    const isWhole = read.length === demands.length && read.every(isFigure);
    if (!isWhole) return undefined;
    const hasRoom = demands.every(({ amount, maximum }, index) => amount <= maximum - (read[index] as number));
    return outcome === (hasRoom ? 'taken' : 'exhausted') ? read : undefined;
  } catch {
    // SECURITY: an answer that throws when it is read has said nothing.
    return undefined;
  }
}

/** The facts about the claims; `used` has one figure for each of them that states a demand. */
function describe(claims: readonly Claim[], used: readonly (number | null)[]): BudgetFacts {
  const readings: BudgetFacts['readings'] = [];
  const exhausted: string[] = [];
  let next = 0;
  for (const { budget, demand } of claims) {
    const { id, maximum } = budget;
    const held = demand === undefined ? null : (used[next++] ?? null);
    const amount = demand?.amount ?? null;
    readings.push({ id, maximum, used: held, amount });
    if (held === null || amount === null || amount > maximum - held) exhausted.push(id);
  }
  return { readings, exhausted };
}
