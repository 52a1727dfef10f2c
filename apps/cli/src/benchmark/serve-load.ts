import type { MessagePort } from 'node:worker_threads';
import { InvariantError } from '@exoarmur/contracts';
import type { ActionSources } from '../demo/prove-action.ts';
import { carryLoad } from './carry-load.ts';
import type { LoadShare } from './load-plan.ts';

/** Says that the thread is ready, waits for the signal, carries its share and posts what it found. */
export function serveLoad(port: MessagePort | null, share: LoadShare, sources: ActionSources): void {
  if (port === null) throw new InvariantError('a share of load is carried in a thread');
  port.once('message', async () => {
    port.postMessage(await carryLoad(share, sources));
  });
  port.postMessage('ready');
}
