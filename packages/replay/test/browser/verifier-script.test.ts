import { createContext, Script } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import { askSources, formatQuestion } from './ask-verifier.ts';
import { buildVerifier, MAX_GZIP_BYTES, type VerifierScript } from './build-verifier.ts';
import { listQuestions } from './evidence.ts';

let script: VerifierScript;

beforeAll(async () => {
  script = await buildVerifier();
});

describe('the verifier as one script for a page', () => {
  test('is small', () => {
    expect(gzipSync(script.code, { level: 9 }).length).toBeLessThanOrEqual(MAX_GZIP_BYTES);
  });

  test('holds the verifier and what it stands on, and nothing that decides, acts or stores', () => {
    const owners = script.modules.map(
      (path) =>
        /^packages\/([a-z0-9-]+)\/src\//.exec(path)?.[1] ?? /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1],
    );
    expect([...new Set(owners)].sort()).toEqual([
      '@noble/curves',
      '@noble/hashes',
      'audit',
      'canonical',
      'contracts',
      'replay',
      'zod',
    ]);
    expect(script.modules).toContain('packages/canonical/src/platform/browser.ts');
    expect(script.modules).not.toContain('packages/canonical/src/platform/node.ts');
  });

  // A realm without a door: no network, no file, no process, no clock of a page, only the language and its text codecs.
  test('gives the bytes of the sources where nothing but the language is', async () => {
    const realm = createContext({ TextEncoder, TextDecoder, Uint8Array, ArrayBuffer });
    new Script(script.code).runInContext(realm);
    const doors = ['fetch', 'WebSocket', 'XMLHttpRequest', 'process', 'require', 'navigator', 'setTimeout'];
    expect(new Script(`${JSON.stringify(doors)}.filter((name) => name in globalThis).length`).runInContext(realm)).toBe(
      0,
    );
    const questions = await listQuestions();
    const verdicts = new Set<string>();
    for (const question of questions) {
      const answer: unknown = await new Script(formatQuestion(question)).runInContext(realm);
      expect(answer, question.name).toBe(await askSources(question));
      verdicts.add(/"verify_verdict":"(\w+)"/.exec(String(answer))?.[1] ?? '');
    }
    expect(verdicts).toEqual(new Set(['PASS', 'FAIL']));
  });
});
