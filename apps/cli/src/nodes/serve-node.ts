import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createSigner, digestBytes, digestValue, type NamedSigner } from '@exoarmur/canonical';
import { BUNDLE_DIGEST_DOMAIN, MAX_BUNDLE_BYTES, type NodeResult } from '@exoarmur/contracts';
import { createCedarEvaluator } from '@exoarmur/policy';
import { verifyBundle } from '@exoarmur/replay';
import { signNodeResult } from '@exoarmur/replay/consensus';
import { readInputFile } from '../files.ts';
import { digestQuestion, type NodeQuestion } from './node-question.ts';

/** What a node is told first: who it is. Its answer is the public half of a key that it makes itself. */
export interface NodeName {
  readonly node: string;
}

/** Domain of the digest of a verification report. */
const REPORT_DOMAIN = 'exoarmur.verification-report/1';

/** How a node answers a question; a test may put another in its place. */
export type NodeBehaviour = (question: NodeQuestion, node: string, signer: NamedSigner) => Promise<readonly unknown[]>;

/** Reads its own copy, verifies it with its own engine and signs what it found. */
export const answerHonestly: NodeBehaviour = async (question, node, signer) => [
  signNodeResult(await findResult(question, node), signer),
];

/** What the verifier finds over the copy of one node. */
export async function findResult(question: NodeQuestion, node: string): Promise<NodeResult> {
  const { run, path, trust, require } = question;
  const { bytes } = readInputFile(path, MAX_BUNDLE_BYTES);
  const evaluator = createCedarEvaluator();
  const report = await verifyBundle(bytes, {
    evaluator,
    ...(trust === null ? {} : { trust }),
    ...(require === null ? {} : { require }),
  });
  return {
    schema: 'exoarmur.node-result/1',
    run,
    node,
    input_digest: digestBytes(BUNDLE_DIGEST_DOMAIN, bytes),
    question_digest: digestQuestion(question),
    engine_digest: evaluator.engine.digest,
    verify_verdict: report.verify_verdict,
    report_digest: digestValue(REPORT_DOMAIN, report),
  };
}

/** The life of a node as a process of its own: a name comes in, a key goes out, a question comes in, an answer goes out. */
export async function serveNode(behaviour: NodeBehaviour): Promise<void> {
  const [{ node }] = (await once(process, 'message')) as [NodeName];
  const signer = createSigner(node, new Uint8Array(randomBytes(32)));
  process.send?.(signer.vkey);
  const [question] = (await once(process, 'message')) as [NodeQuestion];
  for (const envelope of await behaviour(question, node, signer)) process.send?.(envelope);
  process.disconnect?.();
}
