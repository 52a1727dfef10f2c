import type { LogHead, LogHeadKeeper } from '@exoarmur/contracts';

/** Keeps the last signed heads for as long as the process lives. */
export class MemoryHeadKeeper implements LogHeadKeeper {
  readonly #heads = new Map<string, LogHead>();

  async read(tenant: string): Promise<LogHead | null> {
    return this.#heads.get(tenant) ?? null;
  }

  async advance(tenant: string, head: LogHead): Promise<void> {
    if (head.size > (this.#heads.get(tenant)?.size ?? -1)) await this.reset(tenant, head);
  }

  async reset(tenant: string, head: LogHead | null): Promise<void> {
    if (head === null) this.#heads.delete(tenant);
    else this.#heads.set(tenant, { size: head.size, root: head.root.slice() });
  }
}
