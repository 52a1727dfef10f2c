import { digestValue } from '@exoarmur/canonical';
import {
  type ActionClass,
  actionClassSchema,
  EXECUTOR_DIGEST_DOMAIN,
  type Executor,
  type ExecutorHost,
  type HostedOutcome,
  outcomeSchema,
} from '@exoarmur/contracts';
import { settleWithin } from './deadline.ts';
import {
  asJsonObject,
  copyJsonObject,
  doubt,
  noteOwnHost,
  readCheck,
  readPreview,
  refuseTarget,
  refuseUnanswered,
} from './host-answers.ts';

/**
 * Hosts an executor inside this process, with a deadline. The operator vouches for its code: it could do anything this
 * process may do, and the records say `in_process_trusted`. @throws TypeError for a manifest without canonical form
 * or with a class floor that is no class.
 */
export function createTrustedHost(options: {
  readonly executor: Executor;
  readonly targetTimeoutMs: number;
  readonly executionTimeoutMs: number;
}): ExecutorHost {
  const { executor, targetTimeoutMs, executionTimeoutMs } = options;
  const manifest = copyJsonObject(executor.manifest);
  if (manifest === undefined) throw new TypeError('an executor needs a manifest of plain JSON');
  const { name, version } = executor.manifest;
  const actionTypes = new Set(executor.manifest.action_types);
  const floors = readClassFloors(executor.manifest.action_class_floors);
  return noteOwnHost({
    findClassFloor: (actionType) => floors.get(actionType) ?? null,
    identity: Object.freeze({ name, version, digest: digestValue(EXECUTOR_DIGEST_DOMAIN, manifest) }),
    actionTypes: Object.freeze([...actionTypes]),
    isolation: 'in_process_trusted',
    preview: async (intent) => {
      if (executor.preview === undefined || !actionTypes.has(intent.action_type)) return null;
      const settled = await settleWithin(targetTimeoutMs, () => executor.preview?.(intent) ?? null);
      return settled.outcome === 'returned' ? readPreview(settled.value) : null;
    },
    checkTarget: async (intent) => {
      if (!actionTypes.has(intent.action_type)) {
        return refuseTarget('unsupported', 'the executor declares no such action type', 'BOUNDARY_ACTION_UNSUPPORTED');
      }
      const settled = await settleWithin(targetTimeoutMs, () => executor.validateTarget(intent));
      return settled.outcome === 'returned' ? readCheck(settled.value) : refuseUnanswered(settled.outcome);
    },
    run: async (intent, cancel) => {
      const settled = await settleWithin(
        executionTimeoutMs,
        (signal) => executor.execute(intent, { signal: signal() }),
        cancel,
      );
      switch (settled.outcome) {
        case 'returned':
          return readReport(settled.value);
        case 'threw':
          return doubt('BOUNDARY_EXECUTOR_THREW');
        case 'timed_out':
          return doubt('BOUNDARY_EXECUTOR_TIMEOUT');
        case 'aborted':
          return doubt('BOUNDARY_CANCELLED');
      }
    },
  });
}

/** The floors as they are now: an executor that changes its manifest later changes nothing. */
function readClassFloors(declared: Executor['manifest']['action_class_floors']): ReadonlyMap<string, ActionClass> {
  const floors = Object.entries(declared ?? {}).map(([actionType, floor]) => {
    if (!actionClassSchema.safeParse(floor).success)
      throw new TypeError('an action class floor must be an action class');
    return [actionType, floor] as const;
  });
  return new Map(floors);
}

function readReport(answer: unknown): HostedOutcome {
  const copy = copyJsonObject(answer);
  const errorCode = outcomeSchema.shape.error_code.safeParse(copy?.error_code);
  const claimed = asJsonObject(copy?.claimed);
  const observed = asJsonObject(copy?.observed);
  const success = copy?.success;
  // A success with an error, or a failure without one, says nothing that can be relied on.
  const isClear = errorCode.success && success === (errorCode.data === null);
  if (!isClear || claimed === undefined || observed === undefined) return doubt('BOUNDARY_EXECUTOR_ANSWER_MALFORMED');
  return { status: success ? 'succeeded' : 'failed', errorCode: errorCode.data, claimed, observed };
}
