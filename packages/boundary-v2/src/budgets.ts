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

/** A declared budget as one action meets it; a demand only where the action says what it takes. */
interface Claim {
  readonly budget: Budget;
  readonly demand: LimitDemand | undefined;
}

/**
 * Where the budgets stand that an action falls under. To `take` counts the action, once for its digest however often it is
 * decided; to `read` counts nothing. A store that fails, hangs or babbles and parameters that do not say what the action
 * takes leave the budget exhausted. Undefined where nothing is declared.
 */
export async function gatherBudgets(options: {
  readonly budgets: BudgetOptions | undefined;
  readonly snapshot: IntentSnapshot;
  readonly nowMs: number;
  readonly timeoutMs: number;
  readonly purpose: 'take' | 'read';
}): Promise<BudgetFacts | undefined> {
  const { budgets, snapshot, nowMs, timeoutMs, purpose } = options;
  if (budgets === undefined) return undefined;
  const { intent, digest } = snapshot;
  const claims = budgets.declared
    .filter(({ action_types }) => action_types?.includes(intent.action_type) ?? true)
    .toSorted((a, b) => (a.id < b.id ? -1 : 1))
    .map((budget): Claim => ({ budget, demand: createDemand(budget, intent) }));
  const demands = claims.flatMap(({ demand }) => (demand === undefined ? [] : [demand]));
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
  budgets: BudgetOptions | undefined,
  intentDigest: Digest,
  timeoutMs: number,
): Promise<void> {
  if (budgets !== undefined) await settleWithin(timeoutMs, () => budgets.store.release(intentDigest));
}

function createDemand(budget: Budget, intent: ActionIntent): LimitDemand | undefined {
  const { id, per, maximum, window_seconds } = budget;
  const amount = budget.counts === 'actions' ? 1 : readAmount(budget, intent);
  if (amount === null) return undefined;
  const subject = {
    actor: intent.actor_id,
    action_type: intent.action_type,
    correlation: intent.correlation_id,
  };
  const apart = (['actor', 'action_type', 'correlation'] as const).map((name) =>
    per.includes(name) ? subject[name] : null,
  );
  const windowMs = window_seconds === null ? null : window_seconds * 1000;
  return { key: JSON.stringify([id, ...apart]), amount, maximum, windowMs };
}

function readAmount(budget: Extract<Budget, { counts: 'spend' }>, { parameters }: ActionIntent): number | null {
  const { amount: pointer, unit } = budget;
  if (unit !== undefined && readPointer(parameters, unit.pointer) !== unit.value) return null;
  const amount = readPointer(parameters, pointer);
  return typeof amount === 'number' && Number.isSafeInteger(amount) && amount >= 0 ? amount : null;
}

function readPointer(document: unknown, pointer: string): unknown {
  let value = document;
  for (const part of pointer.split('/').slice(1)) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~');
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
    const isWhole = read.length === demands.length && read.every((one) => Number.isSafeInteger(one) && one >= 0);
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
  const figures = [...used];
  const readings = claims.map(({ budget: { id, maximum }, demand }) => ({
    ...{ id, maximum },
    used: demand === undefined ? null : (figures.shift() ?? null),
    amount: demand?.amount ?? null,
  }));
  const exhausted = readings.filter(
    ({ used, amount, maximum }) => used === null || amount === null || amount > maximum - used,
  );
  return { readings, exhausted: exhausted.map(({ id }) => id) };
}
