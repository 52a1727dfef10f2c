import type { ActionResult } from '@exoarmur/boundary-v2';
import { isExoArmurError } from '@exoarmur/contracts';
import type { OpenStream } from './open-streams.ts';

/** What a recovery did, action by action. */
export interface RecoveryReport {
  /** Actions that a crash had left open, and what became of them; waiting ones whose time was up included. */
  readonly recovered: readonly ActionResult[];
  /** Actions that a living boundary works on, which were left alone. */
  readonly leftAlone: readonly string[];
  /** Streams that cannot be brought to an end, and why. */
  readonly refused: readonly { readonly stream: string; readonly code: string }[];
}

/**
 * Brings open actions to their end one after the other. What `isWorkedOn` says is under way, or turns out to be, is left
 * alone; a log that does not answer ends it. Those that still wait are in no list.
 */
export async function recoverStreams(
  streams: AsyncIterable<OpenStream>,
  { isWorkedOn, recover }: { isWorkedOn(stream: string): boolean; recover(stream: string): Promise<ActionResult> },
): Promise<RecoveryReport> {
  const recovered: ActionResult[] = [];
  const leftAlone: string[] = [];
  const refused: { stream: string; code: string }[] = [];
  for await (const { stream, isWaiting } of streams) {
    if (!isWaiting && isWorkedOn(stream)) {
      leftAlone.push(stream);
      continue;
    }
    try {
      const result = await recover(stream);
      if (result.status !== 'pending_approval') recovered.push(result);
    } catch (error) {
      if (!isExoArmurError(error) || error.code === 'BOUNDARY_LOG_UNAVAILABLE') throw error;
      if (error.code === 'BOUNDARY_ACTION_UNFINISHED') leftAlone.push(stream);
      else refused.push({ stream, code: error.code });
    }
  }
  return { recovered, leftAlone, refused };
}
