import { encodeHex, type VerifierKey } from '@exoarmur/canonical';
import { type Digest, MAX_NODES, type NodeAgreement, type NodeResult, type NodeStanding } from '@exoarmur/contracts';
import { type NodeFaultCode, openNodeResult } from './node-result.ts';
import { quorumOf } from './quorum.ts';

/** What came back from one node: every envelope that it sent, or why there is none. */
export type NodeAnswer =
  | { readonly node: string; readonly key: VerifierKey; readonly envelopes: readonly unknown[] }
  | { readonly node: string; readonly key: VerifierKey; readonly silent: 'crashed' | 'timed_out' };

/** The run that the answers belong to. The caller made all of it; nothing comes from a node. */
export interface JudgeNodesOptions {
  /** 16 random bytes as hex. */
  readonly run: string;
  readonly inputDigest: Digest;
  readonly questionDigest: Digest;
  readonly answers: readonly NodeAnswer[];
  /** Faulty nodes to stand; the most that the number of nodes allows unless given. */
  readonly tolerated?: number;
}

type Agreed = Pick<NodeResult, 'verify_verdict' | 'report_digest' | 'engine_digest'>;

type Standing =
  | { readonly kind: 'counted'; readonly result: NodeResult }
  | { readonly kind: 'faulty' | 'equivocating' | 'silent'; readonly code: string };

/** Most envelopes read of one node; one that sends more than this floods, and two already show whether it equivocates. */
const MAX_ENVELOPES = 16;

/**
 * Whether enough verifiers gave the same signed answer (spec/verification-report.md, "Several verifiers"). Validity is what they agree on and is
 * reported apart. Without a quorum no node is called right or wrong. A node that is silent, forged or speaks twice costs
 * only itself. @throws RangeError as {@link quorumOf}, TypeError for nodes that share a name or a key.
 */
export function judgeNodes(options: JudgeNodesOptions): NodeAgreement {
  const { answers, run, inputDigest, questionDigest } = options;
  if (answers.length > MAX_NODES) throw new RangeError(`at most ${MAX_NODES} nodes can be asked`);
  const { tolerated, quorum } = quorumOf(answers.length, options.tolerated);
  assertDistinct(answers);
  const standings = answers.map((answer) => standingOf(answer, options));
  const winner = mostCommon(standings);
  const broken = standings.filter(
    (standing) =>
      standing.kind === 'faulty' ||
      standing.kind === 'equivocating' ||
      (standing.kind === 'counted' && keyOf(standing.result) !== winner.key),
  ).length;
  const hasQuorum = winner.count >= quorum;
  // More liars than assumed: then the quorum that they may be part of proves nothing.
  const isAgreed = hasQuorum && broken <= tolerated;
  return {
    schema: 'exoarmur.node-agreement/1',
    run,
    input_digest: inputDigest,
    question_digest: questionDigest,
    nodes: answers.length,
    tolerated,
    quorum,
    agreement: isAgreed ? 'agreed' : 'not_agreed',
    reason: isAgreed ? 'quorum_met' : hasQuorum ? 'too_many_faults' : 'quorum_not_met',
    validity: !isAgreed ? 'undetermined' : winner.value?.verify_verdict === 'PASS' ? 'valid' : 'invalid',
    agreed: isAgreed ? winner.value : null,
    results: answers.map(({ node }, index) =>
      describe(node, standings[index] as Standing, isAgreed ? winner.key : null),
    ),
  };
}

function standingOf(answer: NodeAnswer, run: JudgeNodesOptions): Standing {
  if ('silent' in answer) return { kind: 'silent', code: answer.silent };
  const [first] = answer.envelopes;
  if (first === undefined) return { kind: 'silent', code: 'no_answer' };
  if (answer.envelopes.length > MAX_ENVELOPES) return { kind: 'faulty', code: 'too_many_answers' };
  const seen = new Map<string, NodeResult>();
  let fault: NodeFaultCode | undefined;
  for (const envelope of answer.envelopes) {
    const opened = openNodeResult(envelope, answer.key);
    const code = opened.outcome === 'invalid' ? opened.code : mismatchOf(opened.result, answer.node, run);
    // A signed answer to another run is replayed, and two to this one are two whatever they say about it.
    if (opened.outcome === 'valid' && opened.result.run === run.run) seen.set(fullKeyOf(opened.result), opened.result);
    if (code !== undefined) fault ??= code;
  }
  if (seen.size > 1) return { kind: 'equivocating', code: 'two_answers' };
  const [result] = seen.values();
  if (fault !== undefined || result === undefined) return { kind: 'faulty', code: fault ?? 'run_mismatch' };
  return { kind: 'counted', result };
}

function mismatchOf(result: NodeResult, node: string, run: JudgeNodesOptions): NodeFaultCode | undefined {
  if (result.run !== run.run) return 'run_mismatch';
  if (result.node !== node) return 'node_mismatch';
  if (result.question_digest !== run.questionDigest) return 'question_mismatch';
  return result.input_digest === run.inputDigest ? undefined : 'input_mismatch';
}

/** The most common answer. A tie has no winner, and cannot reach a quorum anyway. */
function mostCommon(standings: readonly Standing[]): { key: string | null; count: number; value: Agreed | null } {
  const groups = new Map<string, { count: number; value: Agreed }>();
  for (const standing of standings) {
    if (standing.kind !== 'counted') continue;
    const { verify_verdict, report_digest, engine_digest } = standing.result;
    const group = groups.get(keyOf(standing.result)) ?? {
      count: 0,
      value: { verify_verdict, report_digest, engine_digest },
    };
    group.count += 1;
    groups.set(keyOf(standing.result), group);
  }
  const most = Math.max(0, ...[...groups.values()].map(({ count }) => count));
  const top = [...groups].filter(([, { count }]) => count === most);
  const [only] = top;
  return top.length === 1 && only !== undefined
    ? { key: only[0], count: most, value: only[1].value }
    : { key: null, count: 0, value: null };
}

function describe(node: string, standing: Standing, agreedKey: string | null): NodeAgreement['results'][number] {
  if (standing.kind !== 'counted') {
    return { node, standing: standing.kind, code: standing.code, verify_verdict: null, report_digest: null };
  }
  const { verify_verdict, report_digest } = standing.result;
  const relation: NodeStanding =
    agreedKey === null ? 'answered' : keyOf(standing.result) === agreedKey ? 'agrees' : 'dissents';
  return { node, standing: relation, code: null, verify_verdict, report_digest };
}

function keyOf({ verify_verdict, report_digest, engine_digest }: NodeResult): string {
  return `${verify_verdict} ${report_digest} ${engine_digest ?? '-'}`;
}

function fullKeyOf(result: NodeResult): string {
  return `${keyOf(result)} ${result.node} ${result.input_digest} ${result.question_digest}`;
}

function assertDistinct(answers: readonly NodeAnswer[]): void {
  const names = new Set(answers.map(({ node }) => node));
  const keys = new Set(answers.map(({ key }) => encodeHex(key.publicKey)));
  if (names.size !== answers.length) throw new TypeError('two nodes have the same name');
  // SECURITY: one key under two names would be one verifier counted twice.
  if (keys.size !== answers.length) throw new TypeError('two nodes have the same key');
}
