import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Digest, GrantClaim } from '@exoarmur/contracts';
import { createTestExecutor } from '@exoarmur/executors';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createIntent, createTestBoundary } from '../../test/boundary.ts';
import { grantStoreConformance } from '../testing/index.ts';
import { createFileGrantStore } from './file-grant-store.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'exoarmur-grants-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const digest = (digit: string) => `sha256:${digit.repeat(64)}` as Digest;
const claimOf = (change: Partial<GrantClaim> = {}): GrantClaim => ({
  ...{ grantDigest: digest('a'), intentDigest: digest('b'), purpose: 'redeem' },
  ...change,
});

/** Claims in a process of its own; prints the outcome. */
function claimElsewhere(claim: GrantClaim): Promise<string> {
  const module = new URL('./file-grant-store.ts', import.meta.url).href;
  const program = `const { createFileGrantStore } = await import(${JSON.stringify(module)});
    const { outcome } = await createFileGrantStore(${JSON.stringify(home)}).claim(${JSON.stringify(claim)});
    process.stdout.write(outcome);`;
  return new Promise((resolve, reject) => {
    const args = ['--conditions=@exoarmur/source', '--input-type=module', '--eval', program];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += chunk;
    });
    child.on('error', reject);
    child.on('close', () => resolve(text));
  });
}

describe('createFileGrantStore', () => {
  it.each(grantStoreConformance)('$rule', ({ run }) => run(async () => createFileGrantStore(home)));

  it('lets one of many claims through, tells the others who came first, and leaves one file', async () => {
    const stores = [createFileGrantStore(home), createFileGrantStore(home)];
    const claims = Array.from({ length: 40 }, (_, index) => claimOf({ grantDigest: digest((index % 10).toString()) }));
    const results = await Promise.all(claims.map((claim, index) => stores[index % 2]?.claim(claim)));
    const winners = claims.filter((_, index) => results[index]?.outcome === 'claimed');
    expect(winners).toHaveLength(1);
    for (const result of results) if (result?.outcome === 'taken') expect(result.by).toEqual(winners[0]);
    expect(readdirSync(home)).toEqual([`${'b'.repeat(64)}.json`]);
  });

  it('lets one of several processes through, and remembers', async () => {
    const outcomes = await Promise.all(Array.from({ length: 4 }, () => claimElsewhere(claimOf())));
    expect(outcomes.sort()).toEqual(['claimed', 'taken', 'taken', 'taken']);
    const later = await createFileGrantStore(home).claim(claimOf({ purpose: 'void' }));
    expect(later).toEqual({ outcome: 'taken', by: claimOf() });
  });

  it('lets other intents through, and no intent that is no digest', async () => {
    const store = createFileGrantStore(join(home, 'new'));
    expect(await store.claim(claimOf())).toEqual({ outcome: 'claimed' });
    expect(await store.claim(claimOf({ intentDigest: digest('c') }))).toEqual({ outcome: 'claimed' });
    const traversal = claimOf({ intentDigest: 'sha256:../../x' });
    await expect(store.claim(traversal)).rejects.toMatchObject({ code: 'CANONICAL_DIGEST_MALFORMED' });
  });

  it.each(['{"grantDigest":7}', '{}', JSON.stringify({ ...claimOf(), purpose: 'other' })])(
    'cannot tell over the claim %s, so nothing runs',
    async (text) => {
      const { pipeline, options } = createTestBoundary();
      const { intentDigest } = await pipeline.execute(createIntent());
      writeFileSync(join(home, `${intentDigest.slice(7)}.json`), text);
      const claim = createFileGrantStore(home).claim(claimOf({ intentDigest }));
      await expect(claim).rejects.toMatchObject({ code: 'BOUNDARY_GRANT_STORE_CORRUPT' });
      const executor = createTestExecutor();
      const boundary = createTestBoundary({ executor, grants: createFileGrantStore(home), clock: options.clock });
      expect(await boundary.pipeline.execute(createIntent())).toMatchObject({ status: 'failed' });
      expect(executor.performed).toEqual([]);
    },
  );

  it('tells a recovery that an unused grant had no effect', async () => {
    const { pipeline, log } = createTestBoundary({ grants: createFileGrantStore(home) });
    log.after = (draft) => {
      if (draft.kind === 'execution_authorized') throw new Error('crash');
    };
    await pipeline.execute(createIntent()).catch(() => undefined);
    log.after = () => undefined;
    expect(await pipeline.recover('intent-1')).toMatchObject({ status: 'failed', code: 'BOUNDARY_GRANT_UNUSED' });
  });
});
