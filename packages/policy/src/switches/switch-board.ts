import type { SwitchCommand, SwitchKind, SwitchState, SwitchStore } from '@exoarmur/contracts';

/** Whom a switch could stop. */
export type SwitchScope = Parameters<SwitchStore['read']>[0];

/** State of the four switches that concern one action. */
export type SwitchStates = Awaited<ReturnType<SwitchStore['read']>>;

/** What is known of the switches of one cell of one tenant. Times are milliseconds since 1970. */
export interface SwitchBoard {
  /** The number of the last command on the board, 0 for none. */
  readonly lastSequence: number;
  /** Puts a verified command on the board. @throws RangeError for one that is not newer than the last */
  apply(command: SwitchCommand): void;
  /** Passes over a command that changes nothing, as {@link SwitchBoard.apply} does over one that does. */
  skip(command: SwitchCommand): void;
  /** Says that the board is complete as of then: every command that existed has been put on it. */
  confirm(asOf: number): void;
  read(scope: SwitchScope, now: number): SwitchStates;
}

/** Nothing is known of any switch, which stops what each would stop. */
export const UNKNOWN_SWITCHES: SwitchStates = Object.freeze({
  global: 'unknown',
  tenant: 'unknown',
  actor: 'unknown',
  action_class: 'unknown',
});

/**
 * Creates a board on which nothing is known: until it is confirmed, when the confirmation is older than `maxAgeMs`, and
 * when the clock has gone back behind it, every switch reads `unknown`. One that was engaged reads `engaged` at any age.
 * @throws RangeError for an age that is no whole number of milliseconds
 */
export function createSwitchBoard({ maxAgeMs }: { readonly maxAgeMs: number }): SwitchBoard {
  if (!Number.isSafeInteger(maxAgeMs) || maxAgeMs < 0) throw new RangeError('the age must be whole milliseconds');
  const engaged = new Set<string>();
  let lastSequence = 0;
  let confirmedAt = Number.NaN;

  function stateOf(kind: SwitchKind, subject: string | null, now: number): SwitchState {
    if (engaged.has(keyOf(kind, subject))) return 'engaged';
    const age = now - confirmedAt;
    // SECURITY: written so that NaN, from a board never confirmed or a clock that is broken, is no age.
    return age >= 0 && age <= maxAgeMs ? 'clear' : 'unknown';
  }

  function advance({ sequence }: SwitchCommand): void {
    if (sequence <= lastSequence) throw new RangeError('the command is not newer than the last');
    lastSequence = sequence;
  }

  return {
    get lastSequence() {
      return lastSequence;
    },
    skip: advance,
    apply: (command) => {
      advance(command);
      const key = keyOf(command.switch, command.subject);
      if (command.state === 'engaged') engaged.add(key);
      else engaged.delete(key);
    },
    confirm: (asOf) => {
      confirmedAt = asOf;
    },
    read: ({ tenant, actor, actionClass }, now) => ({
      global: stateOf('global', null, now),
      tenant: stateOf('tenant', tenant, now),
      actor: stateOf('actor', actor, now),
      action_class: stateOf('action_class', actionClass, now),
    }),
  };
}

/** The stricter of two answers for each switch: engaged before unknown before clear. */
export function mergeSwitches(a: SwitchStates, b: SwitchStates): SwitchStates {
  const stricter = (kind: SwitchKind): SwitchState => {
    const states: readonly SwitchState[] = [a[kind], b[kind]];
    if (states.includes('engaged')) return 'engaged';
    return states.every((state) => state === 'clear') ? 'clear' : 'unknown';
  };
  return {
    global: stricter('global'),
    tenant: stricter('tenant'),
    actor: stricter('actor'),
    action_class: stricter('action_class'),
  };
}

function keyOf(kind: SwitchKind, subject: string | null): string {
  return subject === null ? kind : `${kind} ${subject}`;
}
