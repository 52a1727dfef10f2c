import { canonicalize } from '@exoarmur/canonical';
import type {
  ActionIntent,
  ApprovalPresentation,
  ApprovalRequest,
  Decision,
  EffectPreview,
  ExecutorHost,
} from '@exoarmur/contracts';
import { settleWithin } from './deadline.ts';
import { readPreview } from './host-answers.ts';

/** Everything a person must see before agreeing, from the decision that asks and from the executor's own preview. */
export async function createPresentation(options: {
  readonly host: ExecutorHost;
  readonly intent: ActionIntent;
  readonly decision: Decision;
  readonly timeoutMs: number;
}): Promise<ApprovalPresentation> {
  const { host, intent, decision, timeoutMs } = options;
  const { pdp, safety, facts } = decision;
  return {
    intent,
    executor: host.identity,
    preview: await takePreview(host, intent, timeoutMs),
    asked_by: {
      policies: [...pdp.determining_policies],
      safety_rules: [...safety.rule_ids],
      rationale: pdp.rationale,
    },
    risk: {
      action_class: intent.action_class,
      action_class_floor: facts.action_class_floor ?? null,
      reversible: facts.reversible ?? null,
      trust_milli: facts.trust_milli,
    },
  };
}

/**
 * Whether people agreed to what would happen now: same executor, same preview. What was shown and is not so any more was
 * approved by nobody.
 */
export async function isAsPresented(
  { presentation }: ApprovalRequest,
  options: { readonly host: ExecutorHost; readonly intent: ActionIntent; readonly timeoutMs: number },
): Promise<boolean> {
  if (presentation === undefined) return true;
  const { host, intent, timeoutMs } = options;
  const now = { executor: host.identity, preview: await takePreview(host, intent, timeoutMs) };
  const { executor, preview } = presentation;
  return canonicalize(now) === canonicalize({ executor, preview });
}

async function takePreview(host: ExecutorHost, intent: ActionIntent, timeoutMs: number): Promise<EffectPreview | null> {
  const settled = await settleWithin(timeoutMs, async () => readPreview(await host.preview?.(intent)));
  return settled.outcome === 'returned' ? settled.value : null;
}
