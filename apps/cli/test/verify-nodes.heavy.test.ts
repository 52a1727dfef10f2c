import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runDemo } from '../src/demo/run-demo.ts';
import { verifyWith } from './nodes/verify-with.ts';

let folder = '';

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'exoarmur-verify-nodes-'));
  await runDemo(join(folder, 'demo'), false);
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('verify-nodes', () => {
  test.each([
    ['lying', 'dissents'],
    ['babbling', 'too_many_answers'],
    ['hanging', 'timed_out'],
  ])(
    'stands one node of four that is %s',
    async (name, standing) => {
      expect(await verifyWith(folder, { 1: name }, ['--timeout', '20'])).toMatchObject({
        agreement: 'agreed',
        validity: 'valid',
        standings: ['agrees', standing, 'agrees', 'agrees'],
        exitCode: 0,
      });
    },
    120_000,
  );
});
