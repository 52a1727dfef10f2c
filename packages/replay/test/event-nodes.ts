import { digestBytes, encodeUtf8, parseVerifierKey } from '@exoarmur/canonical';
import type { LegacyEvent } from '@exoarmur/canonical/legacy-python';
import type { Digest, NodeAgreement } from '@exoarmur/contracts';
import { judgeNodes, type NodeAnswer } from '../src/consensus/judge-nodes.ts';
import { signNodeResult } from '../src/consensus/node-result.ts';
import { ReplayEngine } from '../src/replay-engine.ts';
import { digestReplayEvents } from '../src/replay-events.ts';
import { hashReplayReport } from '../src/replay-report.ts';
import { signerOf } from './bundle-fixture.ts';

const RUN = '00'.repeat(16);

/** Each node replays its own events and signs what it found; the judge is told what they should have read. */
export function agreeOn(
  correlationId: string,
  honest: readonly LegacyEvent[],
  inputs: ReadonlyMap<string, readonly LegacyEvent[] | 'crashed'>,
): NodeAgreement & { readonly hashes: ReadonlyMap<string, string> } {
  const question = digestBytes('exoarmur.question/1', encodeUtf8(correlationId));
  const hashes = new Map<string, string>();
  const answers = [...inputs].map(([node, events], index): NodeAnswer => {
    const signer = signerOf(50 + index, node);
    const key = parseVerifierKey(signer.vkey);
    if (events === 'crashed') return { node, key, silent: 'crashed' };
    const report = new ReplayEngine({ auditStore: new Map([[correlationId, events]]) }).replayCorrelation(
      correlationId,
    );
    const hash = hashReplayReport(report);
    hashes.set(node, hash);
    const result = {
      schema: 'exoarmur.node-result/1' as const,
      run: RUN,
      node,
      // Every node reports what it read; the judge compares that with what it was given.
      input_digest: digestReplayEvents(events),
      question_digest: question,
      engine_digest: null,
      verify_verdict: report.result === 'success' ? ('PASS' as const) : ('FAIL' as const),
      report_digest: `sha256:${hash}` as Digest,
    };
    return { node, key, envelopes: [signNodeResult(result, signer)] };
  });
  const agreement = judgeNodes({
    run: RUN,
    inputDigest: digestReplayEvents(honest),
    questionDigest: question,
    answers,
  });
  return { ...agreement, hashes };
}
