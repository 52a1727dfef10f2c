import { describe, expect, it } from 'vitest';
import { parseRules } from '../http/rule.ts';
import { reachByChannels } from './channel.ts';

describe('the channels of a host', () => {
  it('are as many as were agreed', async () => {
    const [rule] = parseRules([{ origin: 'http://api.test', methods: ['GET'], paths: ['/'] }]);
    if (rule === undefined) throw new Error('there is a rule');
    await expect(reachByChannels(0)(new URL('http://api.test/'), rule)).rejects.toMatchObject({
      code: 'EXECUTOR_REDIRECT_REFUSED',
    });
  });
});
