import { canonicalize } from '@exoarmur/canonical';

/** One rule that every implementation of a port keeps. `run` gets a fresh, empty one and throws where the rule is broken. */
export interface ConformanceCase<Port> {
  readonly rule: string;
  run(open: () => Promise<Port>): Promise<void>;
}

/** A rule over one open store. */
export function rule<Port>(text: string, test: (store: Port) => Promise<void>): ConformanceCase<Port> {
  return { rule: text, run: async (open) => test(await open()) };
}

/** Throws when two plain values differ. */
export function same(found: unknown, expected: unknown, what: string): void {
  const [is, should] = [found ?? null, expected ?? null].map((value) => canonicalize(value));
  if (is !== should) throw new Error(`${what}: expected ${should}, found ${is}`);
}

/** A digest that differs for each number. */
export const digestOf = (n: number): `sha256:${string}` => `sha256:${n.toString(16).padStart(64, '0')}`;
