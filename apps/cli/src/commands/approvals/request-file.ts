import { resolve } from 'node:path';
import { digestApprovalRequest } from '@exoarmur/boundary-v2';
import { digestValue, parseJson, parseTime } from '@exoarmur/canonical';
import {
  type ActionIntent,
  type ApprovalRequest,
  actionIntentSchema,
  approvalRequestSchema,
  DECISION_DIGEST_DOMAIN,
  type Decision,
  decisionSchema,
  INTENT_DIGEST_DOMAIN,
  isExoArmurError,
  quoteForMessage,
  timeSchema,
} from '@exoarmur/contracts';
import type { WaitingAction } from '@exoarmur/sdk';
import type { CommandContext } from '../../commands.ts';
import { CliError } from '../../errors.ts';
import { readInputFile } from '../../files.ts';

const MAX_REQUEST_FILE_BYTES = 4_194_304;

/**
 * Reads what `approvals show --json` has printed (attacker-controlled: it comes from another machine). Every digest is computed
 * here, so that what is shown is what is signed for; that such a request waits anywhere is not established.
 * @throws CliError CLI_INPUT_UNREADABLE, CLI_INPUT_TOO_LARGE, CLI_REQUEST_MALFORMED with the place
 */
export function readRequestFile(file: string, { cwd }: CommandContext): WaitingAction {
  const value = parse(readInputFile(resolve(cwd, file), MAX_REQUEST_FILE_BYTES).bytes);
  const members = typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  for (const [name, schema] of Object.entries({
    intent: actionIntentSchema,
    decision: decisionSchema,
    request: approvalRequestSchema,
    requested_at: timeSchema,
  })) {
    if (!schema.safeParse(members[name]).success) throw malformed(`no ${name}`, `/${name}`);
  }
  // The values themselves, not zod's copies: they are what the digests are over.
  const { intent, decision, request, requested_at } = members as {
    readonly intent: ActionIntent;
    readonly decision: Decision;
    readonly request: ApprovalRequest;
    readonly requested_at: string;
  };
  const intentDigest = digestValue(INTENT_DIGEST_DOMAIN, intent);
  const shown = request.presentation?.intent;
  const requestDigest = digestApprovalRequest(request);
  const agreements: readonly (readonly [isSame: boolean, pointer: string])[] = [
    [request.intent_digest === intentDigest, '/request/intent_digest'],
    [shown === undefined || digestValue(INTENT_DIGEST_DOMAIN, shown) === intentDigest, '/request/presentation/intent'],
    [request.decision_digest === digestValue(DECISION_DIGEST_DOMAIN, decision), '/request/decision_digest'],
    [members.request_digest === requestDigest, '/request_digest'],
  ];
  const other = agreements.find(([isSame]) => !isSame);
  if (other !== undefined) throw malformed('a digest is that of something else', other[1]);
  return {
    ...{ stream: intent.intent_id, intent, decision, request, requestDigest, requestedAt: requested_at },
    ...{ answeredBy: [], inTray: 0, isLate: parseTime(request.expires_at) <= Date.now() },
  };
}

function parse(bytes: Uint8Array): unknown {
  try {
    return parseJson(bytes, { maxBytes: MAX_REQUEST_FILE_BYTES });
  } catch (error) {
    if (!isExoArmurError(error)) throw error;
    throw malformed(quoteForMessage(error.message), error.pointer ?? '', error);
  }
}

function malformed(message: string, pointer: string, cause?: unknown): CliError {
  return new CliError('CLI_REQUEST_MALFORMED', `that is no request for approval: ${message}`, { pointer, cause });
}
