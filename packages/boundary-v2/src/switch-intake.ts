import type { AlertSink, CellAuditSink, Clock, SwitchChanged, SwitchCommand } from '@exoarmur/contracts';
import { type SwitchRefusal, type SwitchThreshold, verifySwitchCommand } from '@exoarmur/policy';
import { BOUNDARY_LIMITS } from './boundary-context.ts';
import { recordFact } from './cell-record.ts';
import { BoundaryError, type BoundaryErrorCode } from './errors.ts';
import {
  findSigners,
  type KeptSwitchCommands,
  listVerifiedCommands,
  type VerifiedSwitchCommand,
} from './kept-switch-commands.ts';
import { readOnce, recordingRefusal } from './refusal.ts';
import { switchStreamOf } from './reserved-streams.ts';
import { answerWithin, readAsIs, readNothing, readWord } from './store-answers.ts';

const CODES: Readonly<Record<SwitchRefusal, BoundaryErrorCode>> = {
  command_malformed: 'BOUNDARY_SWITCH_MALFORMED',
  foreign_tenant: 'BOUNDARY_SWITCH_TENANT_FOREIGN',
  issuer_mismatch: 'BOUNDARY_SWITCH_ISSUER_MISMATCH',
  other_cell: 'BOUNDARY_SWITCH_CELL_FOREIGN',
  role_missing: 'BOUNDARY_SWITCH_ROLE_MISSING',
  sequence_replayed: 'BOUNDARY_SWITCH_REPLAYED',
  sequence_skipped: 'BOUNDARY_SWITCH_NUMBER_SKIPPED',
  signature_invalid: 'BOUNDARY_SWITCH_SIGNATURE_INVALID',
  signer_revoked: 'BOUNDARY_SWITCH_SIGNER_REVOKED',
  signer_unknown: 'BOUNDARY_SWITCH_SIGNER_UNKNOWN',
  threshold_unmet: 'BOUNDARY_SWITCH_THRESHOLD_UNMET',
};

/** What taking in a switch command stands on. Nothing that decides who may stop or resume has a default. */
export interface SwitchIntake extends KeptSwitchCommands {
  readonly log: CellAuditSink;
  readonly threshold: SwitchThreshold;
  readonly clock: Clock;
  /** Whom to call when a command is refused. Without it refusals are on record only. */
  readonly alerts?: AlertSink | undefined;
}

/**
 * Obeys a signed switch command (attacker-controlled), or refuses it, which changes nothing and is recorded. Stopping comes
 * before its record, so that a log that is out of order stops nobody from stopping; resuming comes after it.
 * @throws BoundaryError BOUNDARY_SWITCH_* for a refused one; BOUNDARY_LOG_UNAVAILABLE when it was not recorded: an engaged
 * switch stays engaged and its record follows with the next command, a clearing is not obeyed; BOUNDARY_OPERATORS_UNAVAILABLE,
 * BOUNDARY_SWITCH_STORE_UNAVAILABLE, BOUNDARY_SWITCH_STORE_CORRUPT
 */
export async function obeySwitchCommand(intake: SwitchIntake, input: unknown): Promise<SwitchCommand> {
  const { log, cell, clock, alerts } = intake;
  const attempt = { attempt: 'switch_command', stream: null, input } as const;
  return recordingRefusal({ log, cell, clock, alerts, limits: BOUNDARY_LIMITS }, attempt, () =>
    obey(intake, readOnce(input)),
  );
}

async function obey(intake: SwitchIntake, input: unknown): Promise<SwitchCommand> {
  const { tenant, cell, operators, threshold, commands } = intake;
  const kept = await inTime('BOUNDARY_SWITCH_STORE_UNAVAILABLE', () => listVerifiedCommands(intake, 0), readAsIs);
  if (kept === undefined) {
    throw new BoundaryError('BOUNDARY_SWITCH_STORE_CORRUPT', 'a kept command is not what was taken in');
  }
  const signers = await inTime('BOUNDARY_OPERATORS_UNAVAILABLE', () => findSigners(input, operators), readAsIs);
  const lastSequence = kept.at(-1)?.command.sequence ?? 0;
  const verdict = verifySwitchCommand(input, { tenant, cell, operators: signers, threshold, lastSequence });
  if (verdict.outcome === 'refused') throw refusal(verdict.reason);
  const { command, envelope } = verdict;
  const { sequence } = command;
  const late = kept.filter(({ isRecorded }) => !isRecorded);
  const append = async (isRecorded: boolean) => {
    const appended = await inTime(
      'BOUNDARY_SWITCH_STORE_UNAVAILABLE',
      () => commands.append({ sequence, envelope, isRecorded }),
      readWord('appended', 'sequence_taken'),
    );
    if (appended !== 'appended') throw refusal('sequence_replayed');
  };
  if (command.state === 'engaged') {
    await append(false);
    await recordAll(intake, [...late, { command, envelope }]);
  } else {
    await recordAll(intake, late);
    await record(intake, { command, envelope });
    await append(true);
  }
  return command;
}

type Recordable = Pick<VerifiedSwitchCommand, 'command' | 'envelope'>;

/** Records what is kept without a record. One that is recorded and not noted as such, because of a crash, is recorded twice. */
async function recordAll(intake: SwitchIntake, kept: readonly Recordable[]): Promise<void> {
  for (const one of kept) {
    await record(intake, one);
    await inTime(
      'BOUNDARY_SWITCH_STORE_UNAVAILABLE',
      () => intake.commands.markRecorded(one.command.sequence),
      readNothing,
    );
  }
}

async function record({ log, cell }: SwitchIntake, { command, envelope }: Recordable): Promise<void> {
  const { subject, state, issued_by } = command;
  const payload: SwitchChanged = {
    schema: 'exoarmur.switch-changed/1',
    switch: command.switch,
    ...{ subject, state, envelope },
  };
  await recordFact(
    log,
    { stream: switchStreamOf(cell), actor: { type: 'human', id: issued_by }, kind: 'switch_changed', payload },
    { what: 'the switch command', timeoutMs: BOUNDARY_LIMITS.logTimeoutMs },
  );
}

function inTime<Answer, Value>(
  code: BoundaryErrorCode,
  work: () => Promise<Answer>,
  read: (answer: Answer) => Value,
): Promise<Value> {
  return answerWithin({ timeoutMs: BOUNDARY_LIMITS.storeTimeoutMs, code }, work, read);
}

function refusal(reason: SwitchRefusal): BoundaryError {
  return new BoundaryError(CODES[reason], `the command is refused: ${reason}`);
}
