/** What the command line of `replay` can say. */
export interface ReplayOptions {
  readonly bundle?: string;
  readonly log?: string;
  readonly events?: string;
  readonly tenant?: string;
  readonly recordedPolicy?: readonly string[];
  readonly policy?: string;
  readonly since?: string;
  readonly review?: string;
  readonly exemptUndecidable?: true;
  readonly threads?: number;
  readonly trust?: string;
  readonly json?: true;
}
