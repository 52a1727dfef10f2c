import { ExoArmurError } from '@exoarmur/contracts';

/** Every code a {@link ReplayError} can carry. */
export type ReplayErrorCode =
  | 'REPLAY_EVENT_REQUIRED'
  | 'REPLAY_INTERVENTION_MALFORMED'
  | 'REPLAY_NODE_RESULT_MALFORMED'
  | 'REPLAY_REVIEW_MALFORMED'
  | 'REPLAY_REVIEW_OF_OTHER_POLICY';

/** What a caller handed over was not what is replayed, changed or reviewed. Evidence that lies gives a report instead. */
export class ReplayError extends ExoArmurError<ReplayErrorCode> {}
