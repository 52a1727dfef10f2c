import type { WitnessedHead, WitnessStore } from '@exoarmur/contracts';

/** What a witness saw, for as long as the process lives: for tests. A witness that forgets can be rolled back. */
export class MemoryWitnessStore implements WitnessStore {
  readonly #heads = new Map<string, WitnessedHead>();

  async read(origin: string): Promise<WitnessedHead | null> {
    return this.#heads.get(origin) ?? null;
  }

  async replace(origin: string, expected: number | null, next: WitnessedHead): Promise<boolean> {
    if ((this.#heads.get(origin)?.size ?? null) !== expected) return false;
    this.#heads.set(origin, next);
    return true;
  }
}
