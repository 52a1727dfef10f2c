import type { Digest, KeptStandingGrant, StandingGrantStore } from '@exoarmur/contracts';

interface Entry {
  readonly envelope: KeptStandingGrant['envelope'];
  /** Intents that used the grant, in order; the position is the number of the use. */
  readonly users: Digest[];
  isRevoked: boolean;
}

/** A store of standing grants in the memory of one process. */
export function createMemoryStandingGrantStore(): StandingGrantStore {
  const entries = new Map<Digest, Entry>();
  return {
    isDurable: false,
    add: async ({ standingGrantDigest, envelope }) => {
      if (entries.has(standingGrantDigest)) return;
      entries.set(standingGrantDigest, { envelope: structuredClone(envelope), users: [], isRevoked: false });
    },
    list: async () =>
      [...entries]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([standingGrantDigest, { envelope, users, isRevoked }]) => ({
          ...{ standingGrantDigest, isRevoked },
          envelope: structuredClone(envelope),
          uses: users.length,
        })),
    // INVARIANT: no await between counting and entering, which is what makes it one step.
    use: async ({ standingGrantDigest, intentDigest, maxUses }) => {
      const entry = entries.get(standingGrantDigest);
      if (entry === undefined) return { outcome: 'unknown' };
      if (entry.isRevoked) return { outcome: 'revoked' };
      const known = entry.users.indexOf(intentDigest);
      if (known >= 0) return { outcome: 'used', use: known + 1 };
      if (entry.users.length >= maxUses) return { outcome: 'exhausted' };
      return { outcome: 'used', use: entry.users.push(intentDigest) };
    },
    revoke: async (standingGrantDigest) => {
      const entry = entries.get(standingGrantDigest);
      if (entry === undefined || entry.isRevoked) return false;
      entry.isRevoked = true;
      return true;
    },
  };
}
