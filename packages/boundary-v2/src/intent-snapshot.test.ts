import { readFile } from 'node:fs/promises';
import { createTestExecutor } from '@exoarmur/executors';
import { describe, expect, it } from 'vitest';
import { createIntent, createTestBoundary } from '../test/boundary.ts';
import { snapshotIntent } from './index.ts';

describe('an intent is read once', () => {
  it('takes text, bytes and objects for the same action', async () => {
    const digests = new Set<string>();
    const text = JSON.stringify(createIntent(), null, 2);
    for (const input of [createIntent(), text, new TextEncoder().encode(text)]) {
      digests.add((await createTestBoundary().pipeline.execute(input)).intentDigest);
    }
    expect(digests.size).toBe(1);
  });

  it('does not see what the caller does to its object afterwards', async () => {
    const executor = createTestExecutor();
    const input = { ...createIntent(), parameters: { path: 'a' } };
    const running = createTestBoundary({ executor }).pipeline.execute(input);
    input.target = '/etc/passwd';
    input.parameters.path = 'b';
    expect((await running).status).toBe('completed');
    expect(executor.performed[0]).toMatchObject({ target: '/data/report.csv', parameters: { path: 'a' } });
  });

  it('cannot be changed by the executor between validation and execution', async () => {
    const executor = createTestExecutor({
      onValidate: (intent) => {
        try {
          (intent as { target: string }).target = '/etc/passwd';
          (intent.parameters as { path: string }).path = 'b';
        } catch (error) {
          if (!(error instanceof TypeError)) throw error;
        }
        return { result: 'valid', reason: '', evidence: {} };
      },
    });
    await createTestBoundary({ executor }).pipeline.execute(createIntent({ parameters: { path: 'a' } }));
    expect(executor.performed[0]).toMatchObject({ target: '/data/report.csv', parameters: { path: 'a' } });
  });

  it('keeps a parameter that is named like the prototype', async () => {
    const executor = createTestExecutor();
    const text = JSON.stringify(createIntent()).replace('"parameters":{}', '"parameters":{"__proto__":{"x":1}}');
    expect((await createTestBoundary({ executor }).pipeline.execute(text)).status).toBe('completed');
    expect(Object.keys(executor.performed[0]?.parameters ?? {})).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(executor.performed[0]?.parameters)).toBeNull();
  });
});

describe('nesting', () => {
  const nested = (depth: number) => {
    let value: Record<string, unknown> = {};
    for (let level = 2; level < depth; level++) value = { a: value };
    return createIntent({ parameters: value as never });
  };

  it('ends where a bundle could still carry the intent', () => {
    expect(snapshotIntent(nested(48)).intent.intent_id).toBe(createIntent().intent_id);
    for (const input of [nested(49), JSON.stringify(nested(49))]) {
      expect(() => snapshotIntent(input)).toThrow(expect.objectContaining({ code: 'BOUNDARY_INTENT_MALFORMED' }));
    }
  });

  it('of an executor report ends there too, and a deeper report is doubt', async () => {
    const executor = createTestExecutor({
      onExecute: () => ({ success: true, error_code: null, claimed: nested(50).parameters, observed: {} }),
    });
    const result = await createTestBoundary({ executor }).pipeline.execute(createIntent());
    expect(result).toMatchObject({ status: 'ambiguous', code: 'BOUNDARY_EXECUTOR_ANSWER_MALFORMED' });
  });
});

describe('spec/intent-and-grant.md', () => {
  it('shows the digest of its example', async () => {
    const spec = await readFile(new URL('../../../spec/intent-and-grant.md', import.meta.url), 'utf8');
    const [, text = '', digest] = /The intent `(\{[^`]*\})`[^`]*`(sha256:[0-9a-f]{64})`/.exec(spec) ?? [];
    expect(snapshotIntent(text.replaceAll('\n', '')).digest).toBe(digest);
  });
});

it('refuses the id of a stream that the boundary keeps for itself', () => {
  expect(() => snapshotIntent(createIntent({ intent_id: 'boundary.demo.refused' }))).toThrow(
    expect.objectContaining({ code: 'BOUNDARY_INTENT_MALFORMED', pointer: '/intent_id' }),
  );
  expect(snapshotIntent(createIntent({ intent_id: 'boundary' })).intent.intent_id).toBe('boundary');
});

it.each([
  [{ reason: 7 }, '/reason'],
  [{ target: undefined }, '/target'],
])('says where an intent is malformed: %j', (change, pointer) => {
  const input = JSON.stringify({ ...createIntent(), ...change });
  expect(() => snapshotIntent(input)).toThrow(expect.objectContaining({ code: 'BOUNDARY_INTENT_MALFORMED', pointer }));
});
