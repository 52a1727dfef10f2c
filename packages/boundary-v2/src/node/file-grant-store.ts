import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeHex, parseDigest, parseJson } from '@exoarmur/canonical';
import type { ClaimResult, GrantClaim, GrantStore } from '@exoarmur/contracts';
import { BoundaryError } from '../errors.ts';
import { createDurably, syncDirectory } from './durable-file.ts';

/**
 * A grant store in a directory that any number of processes may share: one small file per intent, never removed. The
 * compare-and-set is link(2), which creates a name or fails, whole content included; file and directory are made durable
 * before a claim counts. Needs a local POSIX file system; the directory belongs to the boundary alone.
 */
export function createFileGrantStore(directory: string): GrantStore {
  return {
    isDurable: true,
    claim: async (claim) => {
      // A grant names its intent, so one name per intent also makes each grant unique.
      const name = join(directory, `${encodeHex(parseDigest(claim.intentDigest))}.json`);
      await mkdir(directory, { recursive: true, mode: 0o700 });
      const temporary = join(directory, `.${randomUUID()}`);
      await createDurably(temporary, JSON.stringify(claim));
      try {
        await link(temporary, name);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
        return { outcome: 'taken', by: await readClaim(name) };
      } finally {
        await unlink(temporary);
      }
      await syncDirectory(directory);
      return { outcome: 'claimed' } satisfies ClaimResult;
    },
  };
}

async function readClaim(name: string): Promise<GrantClaim> {
  const value = parseJson(await readFile(name), { maxBytes: 4096 }) as unknown as Partial<GrantClaim>;
  const { grantDigest, intentDigest, purpose } = value;
  if (
    typeof grantDigest !== 'string' ||
    typeof intentDigest !== 'string' ||
    (purpose !== 'redeem' && purpose !== 'void')
  ) {
    throw new BoundaryError('BOUNDARY_GRANT_STORE_CORRUPT', 'a claim in the grant store is unreadable');
  }
  return { grantDigest, intentDigest, purpose };
}
