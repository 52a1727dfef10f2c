import {
  decodeBase64,
  parseCheckpoint,
  parseDigest,
  parseVerifierKey,
  verifyCheckpoint,
  verifyInclusion,
} from '@exoarmur/canonical';
import { describe, expect, it } from 'vitest';
import { appendWalk, testLog } from '../../test/logs.ts';
import { lawfulWalks } from '../../test/walks.ts';
import { checkPayload, checkStreamChain } from '../reader/index.ts';

describe('AuditLog', () => {
  it('gives evidence of a stream that a verifier can check with the key alone', async () => {
    const { log } = testLog();
    const walks = lawfulWalks();
    for (const [index, walk] of Object.values(lawfulWalks('other')).slice(0, 1).entries()) {
      void index;
      await appendWalk(log, walk);
    }
    await appendWalk(log, walks.approved as never);
    const evidence = await log.collect('intent-1');
    const chain = checkStreamChain(evidence.records);
    if (chain.outcome !== 'valid') throw new Error(chain.failure.reason);
    const verdict = verifyCheckpoint(evidence.checkpoint, [parseVerifierKey(evidence.vkey)]);
    expect(verdict.outcome).toBe('valid');
    const { size, root } = parseCheckpoint(evidence.checkpoint);
    for (const [position, record] of evidence.records.entries()) {
      const proof = evidence.proofs[position];
      const path = proof?.path.map(decodeBase64) ?? [];
      const leafHash = parseDigest(chain.leafHashes[position] ?? '');
      expect(verifyInclusion({ index: proof?.index ?? -1, size, root, leafHash, path })).toEqual({ outcome: 'valid' });
      const payload = evidence.payloads.get(record.payload.digest);
      expect(checkPayload(record, decodeBase64(payload?.salt ?? ''), payload?.value ?? {})).toEqual({
        outcome: 'valid',
      });
    }
  });
});
