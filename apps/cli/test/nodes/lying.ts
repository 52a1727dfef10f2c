import { signNodeResult } from '@exoarmur/replay/consensus';
import { findResult, serveNode } from '../../src/nodes/serve-node.ts';

// A node that signs the opposite of what it found.
await serveNode(async (question, node, signer) => {
  const result = await findResult(question, node);
  const opposite = result.verify_verdict === 'PASS' ? 'FAIL' : 'PASS';
  return [signNodeResult({ ...result, verify_verdict: opposite }, signer)];
});
