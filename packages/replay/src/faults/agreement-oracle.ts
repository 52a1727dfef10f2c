/** What has to come out of a run, worked out from what was injected and from nothing that the verifiers say. */
export interface AgreementExpectation {
  readonly agreement: 'agreed' | 'not_agreed';
  /** The nodes that have to be named, sorted; nobody without agreement. */
  readonly named: readonly string[];
}

/**
 * The oracle of a fault run: it counts. A node whose copy was changed cannot answer as the others do, and every changed copy
 * differs from the honest one. It shares no code with replay, verifier or judge; the sizes are written out once more on purpose.
 */
export function expectAgreement(
  nodeCount: number,
  hitNodes: readonly string[],
  silentNodes: readonly string[] = [],
): AgreementExpectation {
  const silent = new Set(silentNodes);
  const hit = [...new Set(hitNodes)].filter((node) => !silent.has(node)).sort();
  let tolerated = 0;
  while (3 * (tolerated + 1) + 1 <= nodeCount) tolerated += 1;
  let needed = 2 * tolerated + 1;
  while (2 * needed <= nodeCount + tolerated) needed += 1;
  const isAgreed = nodeCount - hit.length - silent.size >= needed && hit.length <= tolerated;
  return isAgreed ? { agreement: 'agreed', named: hit } : { agreement: 'not_agreed', named: [] };
}
