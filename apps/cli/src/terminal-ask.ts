import { createInterface } from 'node:readline/promises';
import type { Ask } from './commands.ts';

/** Asks over a terminal, one line for each question. What was typed before the question was put is no answer to it. */
export function createTerminalAsk(input: NodeJS.ReadStream, output: NodeJS.WriteStream): Ask {
  return async (question) => {
    const lines = createInterface({ input, output });
    const gone = new Promise<null>((settle) => lines.once('close', () => settle(null)));
    try {
      while (input.read() !== null);
      return await Promise.race([lines.question(question), gone]);
    } finally {
      lines.close();
    }
  };
}
