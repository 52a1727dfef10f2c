import { expect, test } from 'vitest';
import { askSources, formatQuestion } from './ask-verifier.ts';
import { buildVerifier } from './build-verifier.ts';
import { findChromium, withPage } from './chromium.ts';
import { listQuestions } from './evidence.ts';

test('says loudly that there is no Chromium', () => {
  expect(() => findChromium('/nowhere')).toThrow('NO CHROMIUM ON THIS MACHINE');
});

test('a page of a headless Chromium gives the same report bytes and asks for nothing', async () => {
  const { code } = await buildVerifier();
  const questions = await listQuestions();
  await withPage(async ({ evaluate, requests }) => {
    expect(await evaluate('navigator.userAgent')).toContain('Chrome/');
    await evaluate(code);
    for (const question of questions) {
      expect(await evaluate(formatQuestion(question)), question.name).toBe(await askSources(question));
    }
    expect(requests).toEqual([]);
    // What a request looks like, so that none is not blindness.
    await evaluate("fetch('http://127.0.0.1:9/').catch(() => undefined)");
    expect(requests).toEqual(['http://127.0.0.1:9/']);
  });
}, 120_000);
