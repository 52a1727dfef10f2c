import { readFileSync } from 'node:fs';
import { canonicalize, decodeUtf8 } from '@exoarmur/canonical';
import { expect, it } from 'vitest';
import { appendWalk, testLog } from './logs.ts';
import { Walk } from './walks.ts';

const spec = (name: string) => readFileSync(new URL(`../../../spec/${name}`, import.meta.url), 'utf8');

it('the examples of record.md and log.md are what the code gives', async () => {
  const { log } = testLog();
  const receipts = await appendWalk(log, new Walk('intent-1').decide('deny').close('denied'));
  const last = receipts.at(-1);
  const { payloads } = await log.collect('intent-1');
  const payload = payloads.get(last?.record.payload.digest as never);
  const record = spec('record.md');
  expect(record).toContain(`\n${decodeUtf8(last?.bytes as Uint8Array)}\n`);
  expect(record).toContain(`Leaf hash \`${last?.leafHash}\``);
  expect(record).toContain(`\n${canonicalize(payload?.value)}\n`);
  expect(record).toContain(`\`${payload?.salt}\``);
  expect(spec('log.md')).toContain(`\n${await log.prove(2)}`);
  expect(spec('log.md')).toContain(`\`${log.vkey}\``);
});
