import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runDemo } from '../src/demo/run-demo.ts';
import { verifyWith } from './nodes/verify-with.ts';

let folder = '';

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'exoarmur-verify-nodes-'));
  await runDemo(join(folder, 'demo'), false);
  writeFileSync(join(folder, 'bad.json'), '{}\n');
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('verify-nodes', () => {
  test('agrees on a sound bundle, and on a bad one', async () => {
    expect(await verifyWith(folder, {}, ['--trust', 'demo/trust.txt'])).toMatchObject({
      agreement: 'agreed',
      validity: 'valid',
      standings: ['agrees', 'agrees', 'agrees', 'agrees'],
      exitCode: 0,
    });
    const bad = await verifyWith(folder, {}, ['--nodes', '1'], 'bad.json');
    expect(bad).toMatchObject({ agreement: 'agreed', validity: 'invalid', exitCode: 1 });
  }, 120_000);

  test('stands two nodes of seven that die or speak twice', async () => {
    expect(await verifyWith(folder, { 1: 'crashing', 4: 'two-faced' }, ['--nodes', '7'])).toMatchObject({
      agreement: 'agreed',
      validity: 'valid',
      standings: ['agrees', 'crashed', 'agrees', 'agrees', 'two_answers', 'agrees', 'agrees'],
      exitCode: 0,
    });
  }, 120_000);

  test('names nobody when too many are faulty', async () => {
    expect(await verifyWith(folder, { 0: 'lying', 1: 'crashing' }, [])).toMatchObject({
      agreement: 'not_agreed',
      validity: 'undetermined',
      agreed: null,
      standings: ['answered', 'crashed', 'answered', 'answered'],
      exitCode: 1,
    });
  }, 120_000);
});
