/** A text as one word of a shell (POSIX), as it is printed in a command to run. */
export function shellWord(text: string): string {
  return /^[\w./@%+:=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
