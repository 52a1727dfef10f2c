import type { KeptSwitchCommand, SwitchCommandStore } from '@exoarmur/contracts';
import { type ConformanceCase, rule, same } from './conformance-case.ts';

const command = (sequence: number, payloadType = 'test'): KeptSwitchCommand => ({
  sequence,
  envelope: { payload: 'e30=', payloadType, signatures: [{ keyid: '00', sig: 'AA==' }] },
  isRecorded: false,
});
const ALL = { after: 0, limit: 100 };

/** The conformance suite of the port `SwitchCommandStore`. */
export const switchCommandStoreConformance: readonly ConformanceCase<SwitchCommandStore>[] = [
  rule('what was appended is listed in order, from any number on and as many as asked for', async (store) => {
    same(await store.list(ALL), [], 'empty');
    for (const sequence of [1, 2, 7]) same(await store.append(command(sequence)), 'appended', `append ${sequence}`);
    same(await store.list(ALL), [command(1), command(2), command(7)], 'all');
    same(await store.list({ after: 1, limit: 1 }), [command(2)], 'one after the first');
    same(await store.list({ after: 7, limit: 100 }), [], 'after the last');
  }),
  rule('no number is taken twice, and none after a larger one', async (store) => {
    await store.append(command(5));
    for (const sequence of [5, 4, 1]) same(await store.append(command(sequence, 'other')), 'sequence_taken', 'append');
    same(await store.list(ALL), [command(5)], 'list');
    same(await store.append(command(Number.MAX_SAFE_INTEGER)), 'appended', 'largest');
  }),
  rule('of commands with one number at the same time exactly one is kept', async (store) => {
    const results = await Promise.all(Array.from({ length: 20 }, (_, index) => store.append(command(1, `t${index}`))));
    same(results.filter((result) => result === 'appended').length, 1, 'appended');
    same(await store.list(ALL), [command(1, `t${results.indexOf('appended')}`)], 'list');
  }),
  rule('a record is noted, and noting what is not there changes nothing', async (store) => {
    await store.append(command(1));
    await store.append(command(2));
    await store.markRecorded(1);
    await store.markRecorded(3);
    same(await store.list(ALL), [{ ...command(1), isRecorded: true }, command(2)], 'list');
  }),
];
