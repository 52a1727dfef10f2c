/** The exit codes of every command. */
export const EXIT_CODES = Object.freeze({
  /** The answer is yes: verified, healthy, done. */
  pass: 0,
  /** The answer is no. */
  fail: 1,
  /** The question could not be asked: wrong usage or unreadable input. */
  usage: 2,
  /** A defect of the command itself. */
  internal: 3,
  /** There is no answer yet: people have to agree first. */
  pending: 4,
  /** Nobody knows the answer: an action was authorised, and whether it happened has to be found out. */
  unknown: 5,
} as const);

/** One of {@link EXIT_CODES}. */
export type ExitCode = (typeof EXIT_CODES)[keyof typeof EXIT_CODES];
