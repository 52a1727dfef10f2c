import type { Terminal } from './terminal.ts';

/** How far long work is, on standard error. */
export interface Progress {
  /** `total` is left out when nobody knows it. */
  at(done: number, total?: number): void;
  /** Takes the last line away. */
  end(): void;
}

/** Progress for a person who looks on: nothing is written unless standard error is a terminal and the answer is text. */
export function createProgress(terminal: Terminal, options: { readonly json?: boolean | undefined }): Progress {
  if (process.stderr.isTTY !== true || options.json === true) return { at: () => undefined, end: () => undefined };
  let shown = '';
  const write = (text: string) => {
    if (text === shown) return;
    terminal.err(`\r${text.padEnd(shown.length)}`);
    shown = text;
  };
  return {
    at: (done, total) => write(total === undefined ? `${done}` : `${Math.floor((100 * done) / Math.max(1, total))} %`),
    end: () => {
      write('');
      terminal.err('\r');
    },
  };
}
