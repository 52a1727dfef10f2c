import { createSigner, encodeHex, parseVerifierKey } from '@exoarmur/canonical';
import { quoteForMessage } from '@exoarmur/contracts';
import {
  type Answer,
  type ApprovalDesk,
  openApprovalDesk,
  type UnsoundAction,
  type WaitingAction,
} from '@exoarmur/sdk';
import { createSqliteOperatorStore, openSqliteLogStore } from '@exoarmur/store-sqlite';
import type { CommandContext } from '../../commands.ts';
import { CliError } from '../../errors.ts';
import { EXIT_CODES } from '../../exit-code.ts';
import { reportError } from '../../report-error.ts';
import { type BoundaryOption, type DescribedBoundary, describeBoundary } from '../boundary-option.ts';

/** Opens the desk of a described boundary for the time of an action. It needs no key of the boundary. */
export async function withDesk<T>(
  options: BoundaryOption,
  context: CommandContext,
  action: (desk: ApprovalDesk, described: DescribedBoundary) => Promise<T>,
): Promise<T> {
  const described = describeBoundary(options, context);
  const { store, file } = described;
  const desk = openApprovalDesk({ store, tenant: file.tenant, cell: file.cell });
  try {
    return await action(desk, described);
  } finally {
    await desk.close();
  }
}

/**
 * Signs an answer and lays it ready, unless the boundary would refuse it for a role that is missing.
 * @throws CliError CLI_ROLE_MISSING; SdkError as ApprovalDesk.answer
 */
export async function layAnswer(desk: ApprovalDesk, { store, file }: DescribedBoundary, answer: Answer) {
  const { vkey } = createSigner(answer.key.name, answer.key.seed);
  const { request } = await desk.show(answer.stream);
  const database = openSqliteLogStore({ path: store.path, isReadOnly: true });
  try {
    const operators = createSqliteOperatorStore(database, file.tenant);
    const known = await operators.findByKeyId(encodeHex(parseVerifierKey(vkey).keyId));
    const operator = known.find((candidate) => candidate.vkey === vkey && !candidate.isRevoked);
    const lacking = request.requirement.roles.filter((role) => operator?.roles.includes(role) === false);
    if (operator !== undefined && lacking.length > 0) {
      const text = `${quoteForMessage(operator.operatorId)} does not hold the role ${lacking.join(', ')}, which the request asks for`;
      throw new CliError('CLI_ROLE_MISSING', `${text}; nothing was signed`);
    }
  } finally {
    await database.close();
  }
  return desk.answer(answer);
}

/** A request as `--json` prints it: the whole of what is signed for. */
export function describeWaiting(waiting: WaitingAction) {
  const { stream, requestedAt, intent, decision, request, requestDigest, answeredBy, inTray, isLate } = waiting;
  return {
    ...{ stream, intent, decision, request, request_digest: requestDigest, requested_at: requestedAt },
    ...{ answered_by: answeredBy, in_tray: inTray, expired: isLate },
  };
}

/** Tells of an action that a list leaves out because its records do not agree; then the list is not the whole answer. */
export function tellUnsound({ error }: UnsoundAction, context: CommandContext): void {
  reportError(error, context.terminal);
  context.finish(EXIT_CODES.fail);
}

/** An action that a list leaves out, as `--json` prints it. */
export function describeUnsound({ stream, error }: UnsoundAction) {
  return { stream, code: error.code, message: error.message, pointer: error.pointer ?? '' };
}
