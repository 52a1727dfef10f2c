import { randomUUID } from 'node:crypto';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { canonicalizeToBytes } from '@exoarmur/canonical';
import { type Digest, isExoArmurError, type PolicySet } from '@exoarmur/contracts';
import { digestPolicySet, POLICY_SET_LIMITS, parsePolicySet } from '@exoarmur/policy';
import { readBounded } from './read-file.ts';

/**
 * Every policy set that was ever in force, by digest, so that the bundle of an old action still says under what it was
 * decided. Content addressed: a file that does not have the digest in its name counts as not there.
 */
export class PolicyArchive {
  readonly #sets = new Map<Digest, PolicySet>();
  readonly #folder: string | undefined;

  /** @param folder undefined keeps the sets in memory alone */
  constructor(folder: string | undefined) {
    this.#folder = folder;
  }

  keep(digest: Digest, policySet: PolicySet): void {
    this.#sets.set(digest, policySet);
    if (this.#folder === undefined || this.find(digest, { isFresh: true }) !== undefined) return;
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    const temporary = join(this.#folder, `.${randomUUID()}`);
    writeFileSync(temporary, canonicalizeToBytes(policySet), { mode: 0o600, flag: 'wx' });
    renameSync(temporary, this.#path(this.#folder, digest));
  }

  /** @param options `isFresh` looks on the disk alone */
  find(digest: Digest, options: { readonly isFresh?: boolean } = {}): PolicySet | undefined {
    const known = options.isFresh === true ? undefined : this.#sets.get(digest);
    if (known !== undefined || this.#folder === undefined) return known;
    const path = this.#path(this.#folder, digest);
    try {
      const policySet = parsePolicySet(readBounded(path, POLICY_SET_LIMITS.maxBytes, '').bytes);
      return digestPolicySet(policySet) === digest ? policySet : undefined;
    } catch (error) {
      if (!isExoArmurError(error)) throw error;
      return undefined;
    }
  }

  #path(folder: string, digest: Digest): string {
    return join(folder, `${digest.slice('sha256:'.length)}.json`);
  }
}
