import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { formatExecutionGate } from '../test/execution-gate-table.ts';

it('has the table of the execution gate that the code gives', async () => {
  const path = new URL('../../../spec/execution-gate-table.md', import.meta.url);
  expect(readFileSync(path, 'utf8')).toBe(await formatExecutionGate());
});
