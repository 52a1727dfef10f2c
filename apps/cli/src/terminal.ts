/** How a text can be set off for a person. */
export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow';

const STYLES: Readonly<Record<Style, readonly [number, number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
};

/** The variables that speak about colour. */
export interface Environment {
  readonly NO_COLOR?: string | undefined;
  readonly TERM?: string | undefined;
}

/** The part of a stream that a command needs. */
export interface TextStream {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

/** Where a command writes. Colour is decided once, for each stream on its own. */
export interface Terminal {
  /** Writes to standard output, as it is. */
  out(text: string): void;
  /** Writes to standard error, as it is. */
  err(text: string): void;
  /** The text in a style when standard output can show it, else the text alone. */
  paint(style: Style, text: string): string;
  /** As `paint`, for standard error. */
  paintError(style: Style, text: string): string;
  /** Columns of standard output, 80 when it is not a terminal. */
  readonly width: number;
}

/** Colour only on a terminal that can show it, and never when `NO_COLOR` is set to anything (no-color.org). */
function isColourful(stream: TextStream, env: Environment): boolean {
  const refused = (env.NO_COLOR ?? '') !== '' || env.TERM === 'dumb';
  return stream.isTTY === true && !refused;
}

function painter(isOn: boolean): (style: Style, text: string) => string {
  return (style, text) => {
    const [open, close] = STYLES[style];
    return isOn ? `\u001b[${open}m${text}\u001b[${close}m` : text;
  };
}

/** A terminal over two streams, under the colour wishes of an environment. */
export function createTerminal(out: TextStream, err: TextStream, env: Environment): Terminal {
  return {
    out: (text) => void out.write(text),
    err: (text) => void err.write(text),
    paint: painter(isColourful(out, env)),
    paintError: painter(isColourful(err, env)),
    width: out.isTTY === true ? (out.columns ?? 80) : 80,
  };
}

/**
 * Text of unknown origin as a terminal may show it: every control, format and unpaired surrogate character except the
 * line feed becomes `?`, so that evidence cannot move the cursor or paint a verdict.
 */
export function printable(text: string): string {
  return text.replace(/[^\P{C}\n]/gu, '?');
}
