import {
  type DsseEnvelope,
  dsseEnvelopeSchema,
  type Operator,
  type OperatorRegistry,
  type SwitchCommand,
  type SwitchCommandStore,
} from '@exoarmur/contracts';
import { MAX_SWITCH_SIGNATURES, verifySwitchCommand } from '@exoarmur/policy';
import { readList, readOperators } from './store-answers.ts';

const PAGE = 256;

/** A command was taken in by as many people as it took then; what is asked of a kept one is that somebody entitled gave it. */
const ANYBODY = { engaged: 1, clear: 1 };

/** A kept command whose signature holds. */
export interface VerifiedSwitchCommand {
  readonly command: SwitchCommand;
  readonly envelope: DsseEnvelope;
  readonly isRecorded: boolean;
  /** The operators who stand behind it, in ascending order. */
  readonly signers: readonly string[];
}

/** Where kept commands come from and whose they are. */
export interface KeptSwitchCommands {
  readonly tenant: string;
  readonly cell: string;
  readonly commands: SwitchCommandStore;
  readonly operators: OperatorRegistry;
}

/**
 * Every kept command with a larger number, verified and in order; undefined when one of them is not what was taken in.
 * Rejects as the store and the registry do.
 */
export async function listVerifiedCommands(
  { tenant, cell, commands, operators }: KeptSwitchCommands,
  sequence: number,
): Promise<readonly VerifiedSwitchCommand[] | undefined> {
  const found: VerifiedSwitchCommand[] = [];
  for (let after = sequence; ; ) {
    // INVARIANT: each command of a page has a larger number than the one before it, so no page can come again.
    const page = readList(await commands.list({ after, limit: PAGE }));
    for (const { sequence, envelope, isRecorded } of page) {
      const signers = await findSigners(envelope, operators);
      const scope = { tenant, cell, threshold: ANYBODY, lastSequence: after, isPast: true };
      const verdict = verifySwitchCommand(envelope, { ...scope, operators: signers });
      if (verdict.outcome === 'refused' || verdict.command.sequence !== sequence) return undefined;
      const { command, envelope: signed, signers: people } = verdict;
      found.push({ command, envelope: signed, isRecorded: isRecorded === true, signers: people });
      after = sequence;
    }
    if (page.length < PAGE) return found;
  }
}

/** Every operator, revoked ones too, one of whose keys has an id that is on the envelope (attacker-controlled). */
export async function findSigners(envelope: unknown, operators: OperatorRegistry): Promise<readonly Operator[]> {
  const parsed = dsseEnvelopeSchema.safeParse(envelope);
  if (!parsed.success || parsed.data.signatures.length > MAX_SWITCH_SIGNATURES) return [];
  const keyIds = [...new Set(parsed.data.signatures.map(({ keyid }) => keyid))];
  const found: Operator[] = [];
  for (const keyId of keyIds) found.push(...readOperators(await operators.findByKeyId(keyId)));
  return found;
}
