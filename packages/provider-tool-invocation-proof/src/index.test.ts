import type { ProviderContext } from '@exoarmur/governance-provider-kit';
import { describe, expect, it } from 'vitest';
import provider from './index.ts';

const RECEIPT = { schema: 'exoarmur.tool-receipt/1', tool: 'filesystem', intent_digest: 'i', outcome_digest: 'o' };
const ENVELOPE = { payload: '', payloadType: '', signatures: [] };

/** An envelope that is signed, whatever is in it: nothing but the receipt is left to refuse. */
const contextOf = (text: string | null, outcome_digest: string | null = 'o') =>
  ({
    schemaVersion: 'tool_invocation_proof.v1',
    subject: { intent_digest: 'i', outcome_digest },
    configuration: { tool_keys: ['key'] },
    tools: { openEnvelope: () => text },
  }) as unknown as ProviderContext;
const verify = (receipt: unknown, outcome?: string | null) =>
  provider.verifyArtifact(ENVELOPE, contextOf(JSON.stringify(receipt), outcome));

describe('a receipt', () => {
  it('of this intent and outcome is valid', () => {
    expect(verify(RECEIPT)).toEqual({ valid: true });
  });

  it.each<[string, unknown]>([
    ['a member too many', { ...RECEIPT, more: 1 }],
    ['another schema', { ...RECEIPT, schema: 'exoarmur.tool-receipt/2' }],
    ['no outcome', { ...RECEIPT, outcome_digest: null }],
    ['a list', [RECEIPT]],
  ])('with %s is malformed', (_what, receipt) => {
    expect(verify(receipt)).toEqual({ valid: false, reason: 'receipt_malformed' });
  });

  it('that is no JSON is malformed, and one that nobody signed is not read', () => {
    expect(provider.verifyArtifact(ENVELOPE, contextOf('{'))).toEqual({ valid: false, reason: 'receipt_malformed' });
    expect(provider.verifyArtifact(ENVELOPE, contextOf(null))).toEqual({ valid: false, reason: 'signature_invalid' });
  });

  it('of a withheld outcome proves nothing', () => {
    expect(verify(RECEIPT, null)).toEqual({ valid: false, reason: 'outcome_digest_differs' });
  });

  it('of another intent, of a bundle that names none, or without keys to check it proves nothing', () => {
    const another = { ...RECEIPT, intent_digest: 'other' };
    expect(verify(another)).toEqual({ valid: false, reason: 'intent_digest_differs' });
    const context = contextOf(JSON.stringify(RECEIPT));
    const ask = (changes: object) => provider.verifyArtifact(ENVELOPE, { ...context, ...changes });
    expect(ask({ subject: null })).toEqual({ valid: false, reason: 'subject_missing' });
    for (const configuration of [{}, { tool_keys: [] }, { tool_keys: 'key' }]) {
      expect(ask({ configuration })).toEqual({ valid: false, reason: 'tool_keys_missing' });
    }
  });

  it('beside which something stands that nobody signed is none', () => {
    const context = contextOf(JSON.stringify(RECEIPT));
    for (const artifact of [
      { ...ENVELOPE, note: '' },
      { payload: '', payloadType: '' },
    ]) {
      expect(provider.verifyArtifact(artifact, context)).toEqual({ valid: false, reason: 'shape_invalid' });
    }
  });
});
