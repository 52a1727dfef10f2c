import { type ApprovalDesk, openApprovalDesk, type WaitingAction } from '@exoarmur/sdk';
import type { CommandContext } from '../../commands.ts';
import { type BoundaryOption, describeBoundary } from '../boundary-option.ts';

/** Opens the desk of a described boundary for the time of an action. It needs no key of the boundary. */
export async function withDesk<T>(
  options: BoundaryOption,
  context: CommandContext,
  action: (desk: ApprovalDesk) => Promise<T>,
): Promise<T> {
  const { store, file } = describeBoundary(options, context);
  const desk = openApprovalDesk({ store, tenant: file.tenant, cell: file.cell });
  try {
    return await action(desk);
  } finally {
    await desk.close();
  }
}

/** A request as `--json` prints it: the whole of what is signed for. */
export function describeWaiting(waiting: WaitingAction) {
  const { stream, requestedAt, intent, decision, request, requestDigest, answeredBy, inTray, isLate } = waiting;
  return {
    ...{ stream, intent, decision, request, request_digest: requestDigest, requested_at: requestedAt },
    ...{ answered_by: answeredBy, in_tray: inTray, expired: isLate },
  };
}
