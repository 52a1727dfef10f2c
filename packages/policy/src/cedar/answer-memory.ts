import type { CedarRequest } from '../request/cedar-request.ts';
import { MergedReadings } from './merged-readings.ts';
import type { EngineAnswer } from './prepared-set.ts';
import { readingOf, requestKey } from './request-reading.ts';
import type { PolicyJson } from './wasm.ts';

/** Answers that one memory keeps; the least recently used makes room. */
const MAX_ANSWERS = 8192;
/** Longest key of an answer that is kept, in characters. */
const MAX_KEY = 8192;

/**
 * Clean answers of the engine to requests that its policies cannot tell apart. The engine is a pure function of policies and
 * request, so an answer from here is the one it would give; anything but a clean answer is asked for again each time.
 */
export class AnswerMemory {
  readonly #readings: MergedReadings;
  readonly #answers = new Map<string, EngineAnswer>();

  constructor(policies: readonly PolicyJson[]) {
    this.#readings = new MergedReadings(policies.map(readingOf));
  }

  /** The answer for a slice, given by ascending indexes; `ask` is called when it is not known. */
  recall(slice: readonly number[], request: CedarRequest, ask: () => EngineAnswer): EngineAnswer {
    const key = this.#keyOf(slice, request);
    if (key === undefined) return ask();
    const known = this.#answers.get(key);
    if (known !== undefined) {
      this.#answers.delete(key);
      this.#answers.set(key, known);
      return known;
    }
    const answer = ask();
    if (answer.outcome === 'answered' && answer.errored.length === 0) {
      const [oldest] = this.#answers.keys();
      if (this.#answers.size >= MAX_ANSWERS && oldest !== undefined) this.#answers.delete(oldest);
      this.#answers.set(key, answer);
    }
    return answer;
  }

  clear(): void {
    this.#answers.clear();
    this.#readings.clear();
  }

  #keyOf(slice: readonly number[], request: CedarRequest): string | undefined {
    const name = slice.join();
    const key = requestKey(request, this.#readings.find(name, slice));
    if (key === undefined) return undefined;
    const whole = `${name} ${key}`;
    return whole.length > MAX_KEY ? undefined : whole;
  }
}
