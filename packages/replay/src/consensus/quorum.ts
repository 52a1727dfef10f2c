/** How many nodes may be faulty, and how many equal answers it takes. */
export interface QuorumSize {
  readonly tolerated: number;
  readonly quorum: number;
}

/**
 * The size of a quorum among `nodes` verifiers of which `tolerated` may lie: at least 2f+1, and so many that two quorums always
 * share an honest node. For n = 3f+1 both are the same number; with more nodes 2f+1 alone would let two camps agree at once.
 * `tolerated` is the most that n > 3f allows unless it is given. @throws RangeError for no nodes, or when n is below 3f+1.
 */
export function quorumOf(nodes: number, tolerated: number = Math.floor((nodes - 1) / 3)): QuorumSize {
  if (!Number.isSafeInteger(nodes) || nodes < 1) throw new RangeError('a quorum needs at least one node');
  if (!Number.isSafeInteger(tolerated) || tolerated < 0 || nodes < 3 * tolerated + 1) {
    throw new RangeError(`${nodes} nodes cannot stand ${tolerated} faulty ones: 3f + 1 are needed`);
  }
  return { tolerated, quorum: Math.max(2 * tolerated + 1, Math.floor((nodes + tolerated) / 2) + 1) };
}
