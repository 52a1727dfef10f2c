import { digestBytes, encodeUtf8, parseVerifierKey, signEnvelope } from '@exoarmur/canonical';
import { NODE_RESULT_PAYLOAD_TYPE, type NodeResult, nodeAgreementSchema } from '@exoarmur/contracts';
import { describe, expect, it } from 'vitest';
import { signerOf } from '../../test/bundle-fixture.ts';
import { judgeNodes, type NodeAnswer } from './judge-nodes.ts';
import { signNodeResult } from './node-result.ts';
import { quorumOf } from './quorum.ts';

const RUN = 'ab'.repeat(16);
const digest = (text: string) => digestBytes('test', encodeUtf8(text));
const INPUT = digest('input');
const QUESTION = digest('question');

function resultOf(node: number, changes: Partial<NodeResult> = {}): NodeResult {
  return {
    schema: 'exoarmur.node-result/1',
    run: RUN,
    node: `node-${node}`,
    input_digest: INPUT,
    question_digest: QUESTION,
    engine_digest: null,
    verify_verdict: 'PASS',
    report_digest: digest('report'),
    ...changes,
  };
}

const signer = (node: number) => signerOf(100 + node, `node-${node}`);
const keyOf = (node: number) => parseVerifierKey(signer(node).vkey);
const answer = (node: number, ...changes: Partial<NodeResult>[]): NodeAnswer => ({
  node: `node-${node}`,
  key: keyOf(node),
  envelopes: (changes.length === 0 ? [{}] : changes).map((change) =>
    signNodeResult(resultOf(node, change), signer(node)),
  ),
});
const silent = (node: number, reason: 'crashed' | 'timed_out' = 'crashed'): NodeAnswer => ({
  node: `node-${node}`,
  key: keyOf(node),
  silent: reason,
});
const LIE = { report_digest: digest('lie') };

function judge(answers: readonly NodeAnswer[], tolerated?: number) {
  const options = { run: RUN, inputDigest: INPUT, questionDigest: QUESTION, answers };
  const agreement = judgeNodes(tolerated === undefined ? options : { ...options, tolerated });
  expect(nodeAgreementSchema.safeParse(agreement).success).toBe(true);
  return { ...agreement, standings: agreement.results.map(({ standing }) => standing) };
}

describe('a quorum', () => {
  it.each([
    [1, 0, 1],
    [2, 0, 2],
    [3, 0, 2],
    [4, 1, 3],
    [5, 1, 4],
    [6, 1, 4],
    [7, 2, 5],
    [10, 3, 7],
    [13, 4, 9],
  ])('among %d nodes stands %d faults with %d equal answers', (nodes, tolerated, quorum) => {
    expect(quorumOf(nodes)).toEqual({ tolerated, quorum });
  });

  it('shares an honest node with every other one, and can be reached by the honest ones, for all sizes to 100', () => {
    for (let nodes = 1; nodes <= 100; nodes++) {
      for (let faulty = 0; 3 * faulty + 1 <= nodes; faulty++) {
        const { quorum } = quorumOf(nodes, faulty);
        expect(2 * quorum - nodes).toBeGreaterThan(faulty);
        expect(quorum).toBeGreaterThanOrEqual(2 * faulty + 1);
        expect(nodes - faulty).toBeGreaterThanOrEqual(quorum);
      }
    }
  });

  it.each([
    [3, 1],
    [6, 2],
    [0, 0],
    [4, -1],
    [4, 0.5],
  ])('is refused for %d nodes that should stand %d', (nodes, tolerated) => {
    expect(() => quorumOf(nodes, tolerated)).toThrow(RangeError);
  });
});

describe('verifiers', () => {
  it('agree when all give the same signed answer', () => {
    const { agreement, reason, validity, agreed, standings } = judge([1, 2, 3, 4].map((node) => answer(node)));
    expect([agreement, reason, validity]).toEqual(['agreed', 'quorum_met', 'valid']);
    expect(agreed).toEqual({ verify_verdict: 'PASS', report_digest: digest('report'), engine_digest: null });
    expect(standings).toEqual(['agrees', 'agrees', 'agrees', 'agrees']);
  });

  it('agree that the evidence is bad, which is reported apart from the agreement', () => {
    const bad = { verify_verdict: 'FAIL' } as const;
    const { agreement, validity } = judge([1, 2, 3, 4].map((node) => answer(node, bad)));
    expect([agreement, validity]).toEqual(['agreed', 'invalid']);
  });

  it('agree in spite of one of four that lies, and name it', () => {
    const { agreement, standings } = judge([answer(1), answer(2, LIE), answer(3), answer(4)]);
    expect([agreement, standings]).toEqual(['agreed', ['agrees', 'dissents', 'agrees', 'agrees']]);
  });

  it.each([
    ['verdict', { verify_verdict: 'FAIL' }],
    ['report', LIE],
    ['engine', { engine_digest: digest('engine') }],
  ] as const)('do not agree by accident: another %s is another answer', (_, change) => {
    expect(judge([answer(1), answer(2, change), answer(3), answer(4)]).standings[1]).toBe('dissents');
  });

  it('name nobody without a quorum, also not the smaller camp', () => {
    const { agreement, reason, validity, agreed, standings } = judge([
      answer(1),
      answer(2),
      answer(3, LIE),
      answer(4, LIE),
    ]);
    expect([agreement, reason, validity, agreed]).toEqual(['not_agreed', 'quorum_not_met', 'undetermined', null]);
    expect(standings).toEqual(['answered', 'answered', 'answered', 'answered']);
  });

  it('name nobody when every answer is another', () => {
    const answers = [1, 2, 3, 4].map((node) => answer(node, { report_digest: digest(`own ${node}`) }));
    expect(judge(answers)).toMatchObject({ agreement: 'not_agreed', agreed: null });
  });

  it('do not agree when more of them lie than can be stood, although the rest is a quorum', () => {
    const { agreement, reason, standings } = judge([answer(1), answer(2), answer(3, LIE)]);
    expect([agreement, reason]).toEqual(['not_agreed', 'too_many_faults']);
    expect(standings).toEqual(['answered', 'answered', 'answered']);
  });

  it.each(['crashed', 'timed_out'] as const)('agree without one that has %s', (reason) => {
    const { agreement, results } = judge([answer(1), silent(2, reason), answer(3), answer(4)]);
    expect(agreement).toBe('agreed');
    expect(results[1]).toMatchObject({ standing: 'silent', code: reason, report_digest: null });
  });

  it('cannot agree when too many are silent', () => {
    const { agreement, reason } = judge([answer(1), silent(2), silent(3), answer(4)]);
    expect([agreement, reason]).toEqual(['not_agreed', 'quorum_not_met']);
  });

  it('count one that signed two answers for nothing, and say so', () => {
    const { agreement, results } = judge([answer(1), answer(2, {}, LIE), answer(3), answer(4)]);
    expect(agreement).toBe('agreed');
    expect(results[1]).toMatchObject({ standing: 'equivocating', code: 'two_answers' });
  });

  it('count one that sent the same answer twice once', () => {
    expect(judge([answer(1), answer(2, {}, {}), answer(3), answer(4)]).standings[1]).toBe('agrees');
  });

  it('see that one signed two answers also when one of them is about other bytes', () => {
    const other = { input_digest: digest('other') };
    expect(judge([answer(1), answer(2, {}, other), answer(3), answer(4)]).standings[1]).toBe('equivocating');
  });

  const forged = { ...answer(2), envelopes: [signNodeResult(resultOf(2), signer(9))] };
  const foreign = { ...answer(2), envelopes: [signNodeResult(resultOf(3), signer(2))] };
  const payloadType = NODE_RESULT_PAYLOAD_TYPE;
  const raw = (payload: string, type = payloadType) => ({
    ...answer(2),
    envelopes: [signEnvelope({ payloadType: type, payload: encodeUtf8(payload), signers: [signer(2)] })],
  });
  it.each([
    ['is signed by another key', forged, 'signature_invalid'],
    ['speaks for another node', foreign, 'node_mismatch'],
    ['is about other bytes', answer(2, { input_digest: digest('other') }), 'input_mismatch'],
    ['answers another question', answer(2, { question_digest: digest('other') }), 'question_mismatch'],
    ['is of another run', answer(2, { run: 'cd'.repeat(16) }), 'run_mismatch'],
    ['is no JSON', raw('hello'), 'answer_malformed'],
    ['is of another shape', raw('{}'), 'answer_malformed'],
    ['is of another type', raw('{}', 'text/plain'), 'answer_malformed'],
    ['is no envelope', { ...answer(2), envelopes: [null] }, 'signature_invalid'],
    ['comes too often', { ...answer(2), envelopes: Array(17).fill(null) }, 'too_many_answers'],
  ] as const)('isolate an answer that %s', (_, bad, code) => {
    const { agreement, results } = judge([answer(1), bad as NodeAnswer, answer(3), answer(4)]);
    expect(agreement).toBe('agreed');
    expect(results[1]).toMatchObject({ standing: 'faulty', code });
  });

  it('take an empty answer as silence', () => {
    expect(judge([answer(1), { ...answer(2), envelopes: [] }, answer(3), answer(4)]).results[1]).toMatchObject({
      standing: 'silent',
      code: 'no_answer',
    });
  });

  it('are told apart by name and by key', () => {
    expect(() => judge([answer(1), answer(1)])).toThrow('same name');
    expect(() => judge([answer(1), { ...answer(2), key: keyOf(1) }])).toThrow('same key');
    expect(() => judge([])).toThrow(RangeError);
  });

  it('sign nothing that is not well formed', () => {
    expect(() => signNodeResult(resultOf(1, { run: 'x' }), signer(1))).toThrow(
      expect.objectContaining({ code: 'REPLAY_NODE_RESULT_MALFORMED', pointer: '/run' }),
    );
  });
});
