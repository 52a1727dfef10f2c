import { copyFixed, type JsonValue } from '@exoarmur/canonical';
import {
  type ActionClass,
  actionClassSchema,
  type ExecutorHost,
  type ExecutorIsolation,
  executorIdentitySchema,
  type JsonObject,
  jsonObjectSchema,
  MAX_CARRIED_DEPTH,
  MAX_REPORT_BYTES,
} from '@exoarmur/contracts';
import { settleWithin } from './deadline.ts';
import { BoundaryError } from './errors.ts';
import { doubt, isOwnHost, readCheck, refuseTarget, refuseUnanswered } from './host-answers.ts';

/**
 * Finds the host of an action type; for one that nobody performs a host that refuses it. What a host states of itself is read
 * here, once, and its answers are those of a stranger: in time or none, and what it says of a target read before it counts.
 * @throws BoundaryError BOUNDARY_CONFIG_INVALID
 */
export function createHostTable(
  host: ExecutorHost | readonly ExecutorHost[],
  timeoutMs: number,
): (actionType: string) => ExecutorHost {
  const hosts = (Array.isArray(host) ? host : [host]).map((one, index) => readHost(one, { index, timeoutMs }));
  const [first] = hosts;
  if (first === undefined) throw invalid('no executor host', '/host');
  const byActionType = new Map<string, ExecutorHost>();
  for (const [index, one] of hosts.entries()) {
    for (const actionType of one.actionTypes) {
      if (byActionType.has(actionType)) throw invalid('two executor hosts perform one action type', `/host/${index}`);
      byActionType.set(actionType, one);
    }
  }
  return (actionType) => byActionType.get(actionType) ?? first;
}

const ISOLATIONS: readonly ExecutorIsolation[] = ['in_process_trusted', 'child_process'];

function readHost(
  host: ExecutorHost,
  { index, timeoutMs }: { readonly index: number; readonly timeoutMs: number },
): ExecutorHost {
  const floors = new Map<string, ActionClass | null>();
  let stated: Pick<ExecutorHost, 'identity' | 'isolation' | 'hosting'>;
  try {
    const { name, version, digest } = host.identity;
    const { isolation, hosting } = host;
    if (!ISOLATIONS.includes(isolation)) throw new TypeError('no isolation');
    for (const actionType of host.actionTypes) {
      floors.set(actionType, actionClassSchema.nullable().parse(host.findClassFloor(actionType)));
    }
    stated = {
      identity: executorIdentitySchema.parse(copyStated({ name, version, digest })),
      isolation,
      ...(hosting === undefined ? {} : { hosting: jsonObjectSchema.parse(copyStated(hosting)) as JsonObject }),
    };
  } catch (cause) {
    // SECURITY: a host of somebody else's may throw anything; whatever it is, nothing is known of the host.
    throw invalid('the executor host does not say what it is', `/host/${index}`, cause);
  }
  const isOwn = isOwnHost(host);
  return {
    ...stated,
    actionTypes: [...floors.keys()],
    findClassFloor: (actionType) => floors.get(actionType) ?? null,
    checkTarget: async (intent) => {
      // SECURITY: nobody has said of what class at least an action is that is not declared.
      if (!floors.has(intent.action_type)) {
        return refuseTarget('unsupported', 'no executor declares such an action type', 'BOUNDARY_ACTION_UNSUPPORTED');
      }
      if (isOwn) return host.checkTarget(intent);
      const settled = await settleWithin(timeoutMs, async () => readCheck(await host.checkTarget(intent)));
      return settled.outcome === 'returned' ? settled.value : refuseUnanswered(settled.outcome);
    },
    preview: async (intent) => (await host.preview?.(intent)) ?? null,
    run: async (intent, cancel) => {
      if (isOwn) return host.run(intent, cancel);
      const settled = await settleWithin(timeoutMs, () => host.run(intent, cancel));
      if (settled.outcome === 'returned') return settled.value;
      return doubt(settled.outcome === 'timed_out' ? 'BOUNDARY_EXECUTOR_TIMEOUT' : 'BOUNDARY_EXECUTOR_THREW');
    },
  };
}

function copyStated(value: unknown): JsonValue {
  return copyFixed(value, { maxBytes: MAX_REPORT_BYTES, maxDepth: MAX_CARRIED_DEPTH });
}

function invalid(message: string, pointer: string, cause?: unknown): BoundaryError {
  return new BoundaryError('BOUNDARY_CONFIG_INVALID', message, { pointer, cause });
}
