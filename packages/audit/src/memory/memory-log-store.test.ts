import { describe, it } from 'vitest';
import { logStoreConformance } from '../testing/index.ts';
import { MemoryLogStore } from './index.ts';

describe('MemoryLogStore', () => {
  it.each(logStoreConformance)('$rule', async ({ run }) => {
    await run(async () => new MemoryLogStore());
  });
});
