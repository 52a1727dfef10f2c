import { parentPort, workerData } from 'node:worker_threads';
import { isExoArmurError, type PolicyReview, type PolicySet } from '@exoarmur/contracts';
import { createCedarEvaluator } from '@exoarmur/policy';
import { type PolicyReplayPart, replayPolicyPart } from '@exoarmur/replay/policy-change';
import { openSqliteLogStore } from '@exoarmur/store-sqlite';
import { type LogRange, readRecordedDecisions } from './recorded-decisions.ts';

/** What every part of one question has in common. */
export interface PolicyQuestion {
  readonly path: string;
  readonly policySet: PolicySet;
  readonly review?: PolicyReview;
}

/** What comes back for each range; an error with a code keeps it. */
export type RangeAnswer = { readonly part: PolicyReplayPart } | { readonly code: string; readonly message: string };

// A thread of `replay --policy`: answers each range of the log with what the proposed policies would have done there.
const { path, ...question } = workerData as PolicyQuestion;
const store = openSqliteLogStore({ path });
const evaluator = createCedarEvaluator();
parentPort?.on('message', async (range: LogRange | null) => {
  if (range !== null) parentPort?.postMessage(await answer(range));
  else {
    parentPort?.close();
    await store.close();
  }
});

async function answer(range: LogRange): Promise<RangeAnswer> {
  try {
    return { part: await replayPolicyPart(readRecordedDecisions(store, range), { ...question, evaluator }) };
  } catch (error) {
    if (!isExoArmurError(error)) throw error;
    return { code: error.code, message: error.message };
  }
}
