/**
 * Lets a test name its golden outputs: `({ task }) => { task.meta.golden = { 'bundle.json': text } }`.
 * The report of a run keeps the SHA-256 of each text, and the stability gate wants the same bytes from every run.
 */
declare module 'vitest' {
  interface TaskMeta {
    /** Name of the output, unique within the test, to its exact text. */
    golden?: Readonly<Record<string, string>>;
  }
}

export type {};
