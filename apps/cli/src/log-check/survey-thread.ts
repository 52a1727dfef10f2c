import { parentPort, workerData } from 'node:worker_threads';
import { type LogRange, type RangeSurvey, surveyRange } from '@exoarmur/audit/inspection';
import { isExoArmurError } from '@exoarmur/contracts';
import { openSqliteLogStore } from '@exoarmur/store-sqlite';

/** What every part of one check has in common. */
export interface SurveyTask {
  readonly path: string;
  readonly tenant: string;
  readonly vkey: string;
  /** First index that was not pruned. */
  readonly first: number;
}

/** What comes back for each part; an error with a code keeps it. */
export type SurveyAnswer =
  | { readonly survey: RangeSurvey | null }
  | { readonly code: string; readonly message: string };

// A thread of `log fsck`: surveys each part of the log that it is sent.
const { path, ...task } = workerData as SurveyTask;
const store = openSqliteLogStore({ path });
parentPort?.on('message', async (range: LogRange | null) => {
  if (range !== null) parentPort?.postMessage(await answer(range));
  else {
    parentPort?.close();
    await store.close();
  }
});

async function answer(range: LogRange): Promise<SurveyAnswer> {
  try {
    return { survey: await surveyRange({ ...task, store, range }) };
  } catch (error) {
    if (!isExoArmurError(error)) throw error;
    return { code: error.code, message: error.message };
  }
}
