import { answerHonestly, serveNode } from './serve-node.ts';

// A verifier of `verify-nodes`.
await serveNode(answerHonestly);
