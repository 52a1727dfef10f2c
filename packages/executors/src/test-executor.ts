import type { ActionClass, ActionIntent, Executor, ExecutorReport, TargetCheck } from '@exoarmur/contracts';

/** An executor whose answers a test or a trial chooses. It counts its calls and has no effect of its own. */
export interface TestExecutor extends Executor {
  /** Intents it was asked to perform, in order. */
  readonly performed: readonly ActionIntent[];
}

/**
 * An executor for trials and tests: accepts every target and reports success unless told otherwise. `onValidate` and
 * `onExecute` may return any answer, throw or never settle, so that a boundary can be tried against all of it.
 */
export function createTestExecutor(
  options: {
    readonly name?: string;
    readonly actionTypes?: readonly string[];
    readonly actionClassFloors?: { readonly [actionType: string]: ActionClass };
    readonly onValidate?: (intent: ActionIntent) => TargetCheck | Promise<TargetCheck>;
    readonly onExecute?: (intent: ActionIntent, signal: AbortSignal) => ExecutorReport | Promise<ExecutorReport>;
  } = {},
): TestExecutor {
  const performed: ActionIntent[] = [];
  return {
    manifest: {
      name: options.name ?? 'test',
      version: '0.1.0',
      action_types: options.actionTypes ?? ['test.act'],
      target_kinds: ['any'],
      capabilities: [],
      ...(options.actionClassFloors === undefined ? {} : { action_class_floors: options.actionClassFloors }),
    },
    performed,
    validateTarget: async (intent) => {
      const { onValidate } = options;
      return onValidate === undefined
        ? { result: 'valid', reason: 'every target is accepted', evidence: {} }
        : onValidate(intent);
    },
    execute: async (intent, { signal }) => {
      performed.push(intent);
      const { onExecute } = options;
      return onExecute === undefined
        ? {
            success: true,
            error_code: null,
            claimed: { done: true },
            observed: {},
          }
        : onExecute(intent, signal);
    },
  };
}
