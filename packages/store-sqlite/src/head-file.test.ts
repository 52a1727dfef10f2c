import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { useFolder } from '../test/logs.ts';
import { openHeadFiles } from './index.ts';

const folder = useFolder();
const head = (size: number) => ({ size, root: new Uint8Array(32).fill(size) });
const file = () => join(folder(), 'demo.head');

describe('HeadFileKeeper', () => {
  it('keeps the greatest head, also for the next process', async () => {
    const keeper = openHeadFiles(folder());
    expect(await keeper.read('demo')).toBe(null);
    for (const size of [1, 5, 3, 9, 9, 2]) await keeper.advance('demo', head(size));
    await keeper.close();
    expect(await openHeadFiles(folder()).read('demo')).toEqual(head(9));
  });

  it('keeps the greatest head of several processes that write in turn', async () => {
    const [one, other] = [openHeadFiles(folder()), openHeadFiles(folder())];
    for (const [keeper, size] of [
      [one, 4],
      [one, 5],
      [other, 9],
      [one, 7],
      [other, 8],
      [one, 6],
    ] as const) {
      await keeper.advance('demo', head(size));
    }
    expect(await openHeadFiles(folder()).read('demo')).toEqual(head(9));
  });

  it('takes nothing of one tenant for another’s', async () => {
    const keeper = openHeadFiles(folder());
    for (const size of [1, 2]) await keeper.advance('demo', head(size));
    expect(await keeper.read('other')).toBe(null);
    await keeper.advance('other', head(1));
    await keeper.advance('demo', head(3));
    expect(await keeper.read('other')).toEqual(head(1));
    expect(await keeper.read('demo')).toEqual(head(3));
  });

  it('survives a torn write at every byte: the other slot is still there', async () => {
    const keeper = openHeadFiles(folder());
    await keeper.advance('demo', head(1));
    await keeper.advance('demo', head(2));
    const before = readFileSync(file());
    await keeper.advance('demo', head(3));
    const after = readFileSync(file());
    for (let cut = 0; cut <= after.length; cut++) {
      writeFileSync(file(), Buffer.concat([after.subarray(0, cut), before.subarray(cut)]));
      const { size } = (await openHeadFiles(folder()).read('demo')) ?? { size: 0 };
      expect([2, 3]).toContain(size);
    }
  });

  it('refuses a file in which neither slot can be read, and takes an operator’s reset', async () => {
    const keeper = openHeadFiles(folder());
    await keeper.advance('demo', head(1));
    await keeper.close();
    writeFileSync(file(), 'x'.repeat(512));
    const again = openHeadFiles(folder());
    await expect(again.read('demo')).rejects.toMatchObject({ code: 'STORE_HEAD_MALFORMED' });
    await again.reset('demo', head(4));
    expect(await again.read('demo')).toEqual(head(4));
    await again.reset('demo', null);
    expect(await again.read('demo')).toBe(null);
  });

  it('believes no slot with a changed bit, nor one of another tenant', async () => {
    const keeper = openHeadFiles(folder());
    await keeper.advance('demo', head(7));
    await keeper.close();
    const bytes = readFileSync(file());
    for (let position = 0; position < 140; position++) {
      const changed = Buffer.from(bytes);
      changed[position] = (changed[position] ?? 0) ^ 1;
      writeFileSync(file(), changed);
      await expect(openHeadFiles(folder()).read('demo')).rejects.toMatchObject({ code: 'STORE_HEAD_MALFORMED' });
    }
    writeFileSync(join(folder(), 'other.head'), bytes);
    await expect(openHeadFiles(folder()).read('other')).rejects.toMatchObject({ code: 'STORE_HEAD_MALFORMED' });
  });

  it('refuses a name that is no tenant name', async () => {
    const keeper = openHeadFiles(folder());
    for (const name of ['../demo', '', 'Demo', 'a'.repeat(64)]) {
      await expect(keeper.read(name)).rejects.toMatchObject({ code: 'STORE_TENANT_INVALID' });
      await expect(keeper.reset(name, null)).rejects.toMatchObject({ code: 'STORE_TENANT_INVALID' });
    }
  });
});
