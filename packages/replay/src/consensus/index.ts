export { type JudgeNodesOptions, judgeNodes, type NodeAnswer } from './judge-nodes.ts';
export { encodeNodeResult, signNodeResult } from './node-result.ts';
export { type QuorumSize, quorumOf } from './quorum.ts';
