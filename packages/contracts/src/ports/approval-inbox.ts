import type { ApprovalRequest } from '../approval.ts';

/** One action that waits for people. */
export interface OpenRequest {
  readonly stream: string;
  readonly correlation: string;
  /** Time of the record that asked. */
  readonly requestedAt: string;
  readonly request: ApprovalRequest;
}

/**
 * Index of the requests for approval that are open in one tenant, for whoever answers them. It proves nothing and may be
 * lost: the log has every request, and an index can be built again from it.
 */
export interface ApprovalInbox {
  /** Enters a request, in the place of an older one of the same stream. */
  put(open: OpenRequest): Promise<void>;
  /** Takes a stream out; nothing happens when it is not there. */
  remove(stream: string): Promise<void>;
  find(stream: string): Promise<OpenRequest | undefined>;
  /** Requests in order of `requestedAt`, then stream, after the one named. */
  list(options: { readonly after?: OpenRequest; readonly limit: number }): Promise<readonly OpenRequest[]>;
}
