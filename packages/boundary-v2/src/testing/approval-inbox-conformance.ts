import type { ApprovalInbox, OpenRequest } from '@exoarmur/contracts';
import { type ConformanceCase, digestOf, rule, same } from './conformance-case.ts';

const open = (stream: string, second: number): OpenRequest => ({
  stream,
  correlation: 'correlation-1',
  requestedAt: `2024-01-01T12:00:0${second}.000Z`,
  request: {
    schema: 'exoarmur.approval-request/1',
    intent_digest: digestOf(second),
    decision_digest: digestOf(10),
    policy_digest: digestOf(11),
    requirement: { kind: 'human', quorum: 1, roles: ['admin'], ttl_seconds: 60 },
    expires_at: `2024-01-01T12:01:0${second}.000Z`,
  },
});

/** The conformance suite of the port `ApprovalInbox`. */
export const approvalInboxConformance: readonly ConformanceCase<ApprovalInbox>[] = [
  rule('what was put in is found and listed, oldest first', async (inbox) => {
    for (const entry of [open('c', 1), open('a', 2), open('b', 1)]) await inbox.put(entry);
    same(await inbox.find('a'), open('a', 2), 'find');
    same(await inbox.find('z'), undefined, 'unknown');
    same(await inbox.list({ limit: 10 }), [open('b', 1), open('c', 1), open('a', 2)], 'list');
  }),
  rule('a list goes on after the entry it stopped at, also when that one is gone', async (inbox) => {
    for (const entry of [open('a', 1), open('b', 1), open('c', 2)]) await inbox.put(entry);
    same(await inbox.list({ limit: 1 }), [open('a', 1)], 'first');
    await inbox.remove('a');
    same(await inbox.list({ after: open('a', 1), limit: 10 }), [open('b', 1), open('c', 2)], 'rest');
    same(await inbox.list({ after: open('c', 2), limit: 10 }), [], 'end');
  }),
  rule('a newer request of a stream takes the place of the older one', async (inbox) => {
    await inbox.put(open('a', 1));
    await inbox.put(open('a', 2));
    same(await inbox.list({ limit: 10 }), [open('a', 2)], 'list');
  }),
  rule('removing twice, or what was never there, changes nothing', async (inbox) => {
    await inbox.put(open('a', 1));
    await inbox.remove('b');
    await inbox.remove('a');
    await inbox.remove('a');
    same(await inbox.list({ limit: 10 }), [], 'list');
  }),
];
