/** A switch command as kept: the signed envelope under the number that orders it. */
export interface KeptSwitchCommand {
  /** Positive integer; each kept command has a larger one than all before it. */
  readonly sequence: number;
  /** The DSSE envelope as signed; whoever reads it verifies it again. */
  readonly envelope: { readonly [member: string]: unknown };
  /** Whether the log has its record. */
  readonly isRecorded: boolean;
}

/** Which kept commands are asked for. */
export interface SwitchCommandPage {
  /** Those with a larger number; 0 for all. */
  readonly after: number;
  readonly limit: number;
}

/**
 * Keeps the switch commands that one cell of one tenant has obeyed, for ever. `append` is one atomic step over all
 * processes that share the store: of two commands with one number, or of a smaller one after a larger, one is refused.
 */
export interface SwitchCommandStore {
  /** Whether commands outlive the process. Without that a restart forgets what was engaged. */
  readonly isDurable: boolean;
  /** Durable when it resolves. `sequence_taken`: a command with this or a larger number is there, and nothing changed. */
  append(command: KeptSwitchCommand): Promise<'appended' | 'sequence_taken'>;
  /** In ascending order of their numbers. */
  list(page: SwitchCommandPage): Promise<readonly KeptSwitchCommand[]>;
  /** Notes that the log has the record of a command. */
  markRecorded(sequence: number): Promise<void>;
}
