import { signNodeResult } from '@exoarmur/replay/consensus';
import { findResult, serveNode } from '../../src/nodes/serve-node.ts';

// A node that signs what it found, and then the opposite.
await serveNode(async (question, node, signer) => {
  const result = await findResult(question, node);
  const sign = (verify_verdict: 'PASS' | 'FAIL') => signNodeResult({ ...result, verify_verdict }, signer);
  return [sign('PASS'), sign('FAIL')];
});
