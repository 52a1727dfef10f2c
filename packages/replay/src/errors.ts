import { ExoArmurError } from '@exoarmur/contracts';

/** Every code a {@link ReplayError} can carry. */
export type ReplayErrorCode = 'REPLAY_EVENT_REQUIRED';

/** What a caller handed to the replay engine was not what it replays. Evidence that lies gives a report instead. */
export class ReplayError extends ExoArmurError<ReplayErrorCode> {}
