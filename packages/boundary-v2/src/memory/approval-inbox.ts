import type { ApprovalInbox, OpenRequest } from '@exoarmur/contracts';

/** An approval inbox in the memory of one process. */
export function createMemoryApprovalInbox(): ApprovalInbox {
  const open = new Map<string, OpenRequest>();
  return {
    put: async (request) => {
      open.set(request.stream, structuredClone(request));
    },
    remove: async (stream) => {
      open.delete(stream);
    },
    find: async (stream) => structuredClone(open.get(stream)),
    list: async ({ after, limit }) =>
      [...open.values()]
        .sort(compareOpenRequests)
        .filter((entry) => after === undefined || compareOpenRequests(after, entry) < 0)
        .slice(0, limit)
        .map((entry) => structuredClone(entry)),
  };
}

function compareOpenRequests(a: OpenRequest, b: OpenRequest): number {
  if (a.requestedAt !== b.requestedAt) return a.requestedAt < b.requestedAt ? -1 : 1;
  if (a.stream === b.stream) return 0;
  return a.stream < b.stream ? -1 : 1;
}
