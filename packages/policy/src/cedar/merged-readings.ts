import { mergeReadings, type RequestReading } from './request-reading.ts';

/** Names of what is read, over all slices, that are kept at most. */
export const READINGS_BUDGET = 50_000;

/** What the policies of a slice read together, kept for the next request with the same slice. */
export class MergedReadings {
  readonly #readings: readonly RequestReading[];
  readonly #budget: number;
  readonly #merged = new Map<string, RequestReading>();
  #cost = 0;

  /** Readings by the index of the policy. */
  constructor(readings: readonly RequestReading[], budget: number = READINGS_BUDGET) {
    this.#readings = readings;
    this.#budget = budget;
  }

  /** Names that are kept now, and one for each slice. */
  get cost(): number {
    return this.#cost;
  }

  /** What a slice reads, given by ascending indexes; `name` stands for these indexes and no others. */
  find(name: string, slice: readonly number[]): RequestReading {
    const known = this.#merged.get(name);
    if (known !== undefined) return known;
    const reading = mergeReadings(slice.map((index) => this.#readings[index] ?? null));
    const cost = 1 + Object.values(reading ?? {}).reduce((sum, names) => sum + (names?.size ?? 0), 0);
    if (this.#cost + cost > this.#budget) this.clear();
    if (cost > this.#budget) return reading;
    this.#merged.set(name, reading);
    this.#cost += cost;
    return reading;
  }

  clear(): void {
    this.#merged.clear();
    this.#cost = 0;
  }
}
