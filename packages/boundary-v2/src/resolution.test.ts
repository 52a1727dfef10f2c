import type { Alert, Outcome } from '@exoarmur/contracts';
import { createTestExecutor } from '@exoarmur/executors';
import { describe, expect, it } from 'vitest';
import { createIntent, createTestBoundary, kindsOf, OPERATORS } from '../test/boundary.ts';
import { ProxyPipeline, signResolution } from './index.ts';

const [ALICE, BOB] = OPERATORS as [(typeof OPERATORS)[0], (typeof OPERATORS)[0]];

async function createAmbiguous(actorId = 'agent-1') {
  const raised: Alert[] = [];
  const executor = createTestExecutor({ onExecute: () => Promise.reject(new Error('half way')) });
  const alerts = { raise: async (alert: Alert) => void raised.push(alert) };
  const boundary = createTestBoundary({ executor, alerts });
  const end = await boundary.pipeline.execute(createIntent({ actor_id: actorId }));
  if (end.status !== 'ambiguous' || end.outcome === null) throw new Error(end.status);
  const { outcome } = end;
  const sign = (change: Partial<Outcome> = {}, by = ALICE, resolverId = by.operatorId) =>
    signResolution({
      ...{ outcome: { ...outcome, ...change }, finding: 'did_not_happen', resolverId, reason: 'looked at the disk' },
      ...{ signer: by.signer, random: boundary.random },
    });
  return { ...boundary, executor, raised, end, sign };
}

describe('an ambiguous action', () => {
  it('calls somebody once it is on record', async () => {
    const { raised, end } = await createAmbiguous();
    expect(raised).toEqual([
      {
        ...{ kind: 'outcome_ambiguous', stream: 'intent-1', intentDigest: end.intentDigest },
        ...{ code: 'BOUNDARY_EXECUTOR_THREW', time: '2024-01-01T12:00:00.000Z' },
      },
    ]);
  });

  it('is resolved by a person, once, and runs nothing', async () => {
    const { pipeline, log, executor, sign } = await createAmbiguous();
    const resolved = await pipeline.resolve('intent-1', sign());
    expect(resolved).toMatchObject({
      status: 'ambiguous',
      resolution: 'did_not_happen',
      isClosed: true,
      recordCount: 7,
    });
    expect((await kindsOf(log)).slice(-2)).toEqual(['stream_closed', 'ambiguity_resolved']);
    await expect(pipeline.resolve('intent-1', sign())).rejects.toMatchObject({ code: 'BOUNDARY_NOT_AMBIGUOUS' });
    expect(await pipeline.execute(createIntent())).toMatchObject({ resolution: 'did_not_happen' });
    expect(executor.performed).toHaveLength(1);
  });

  it('says in its bundle what was found out, and no bundle is built when that was erased', async () => {
    const { pipeline, options, log, end, sign } = await createAmbiguous();
    const predicateOf = async (result: { bundle(): Promise<Uint8Array> }) => {
      const { statement } = JSON.parse(new TextDecoder().decode(await result.bundle()));
      return JSON.parse(Buffer.from(statement.payload, 'base64').toString()).predicate;
    };
    expect(await predicateOf(end)).not.toHaveProperty('resolution');
    const resolved = await pipeline.resolve('intent-1', sign());
    expect(await predicateOf(resolved)).toMatchObject({ outcome: 'ambiguous', resolution: 'did_not_happen' });
    const collect = async (stream: string) => {
      const evidence = await log.collect(stream);
      const gone = evidence.records.at(-1)?.payload.digest;
      return { ...evidence, payloads: new Map([...evidence.payloads].filter(([digest]) => digest !== gone)) };
    };
    const later = new ProxyPipeline({ ...options, log: { ...log, collect } });
    await expect((await later.recover('intent-1')).bundle()).rejects.toMatchObject({
      code: 'BOUNDARY_EVIDENCE_INCOMPLETE',
    });
  });

  it.each<[string, string, Partial<Outcome>, typeof ALICE, string]>([
    ['another intent', 'BOUNDARY_RESOLUTION_MISMATCH', { intent_digest: `sha256:${'0'.repeat(64)}` }, ALICE, 'alice'],
    ['another grant', 'BOUNDARY_RESOLUTION_MISMATCH', { grant_digest: `sha256:${'0'.repeat(64)}` }, ALICE, 'alice'],
    ['another outcome', 'BOUNDARY_RESOLUTION_MISMATCH', { error_code: 'OTHER' }, ALICE, 'alice'],
    ['somebody else', 'BOUNDARY_APPROVER_UNKNOWN', {}, BOB, 'alice'],
  ])('is not resolved for %s', async (_, code, change, by, resolverId) => {
    const { pipeline, log, sign } = await createAmbiguous();
    await expect(pipeline.resolve('intent-1', sign(change, by, resolverId))).rejects.toMatchObject({ code });
    expect(log.facts).toMatchObject([{ payload: { attempt: 'resolution', stream: 'intent-1', code } }]);
    expect((await kindsOf(log)).at(-1)).toBe('stream_closed');
  });

  it('is not resolved by the requester', async () => {
    const { pipeline, sign } = await createAmbiguous('alice');
    await expect(pipeline.resolve('intent-1', sign())).rejects.toMatchObject({
      code: 'BOUNDARY_APPROVAL_BY_REQUESTER',
    });
    expect(await pipeline.resolve('intent-1', sign({}, BOB))).toMatchObject({ resolution: 'did_not_happen' });
  });

  it('is the only one that can be resolved', async () => {
    const { sign } = await createAmbiguous();
    const { pipeline } = createTestBoundary();
    await pipeline.execute(createIntent());
    await expect(pipeline.resolve('intent-1', sign())).rejects.toMatchObject({ code: 'BOUNDARY_NOT_AMBIGUOUS' });
  });

  it('after a crash calls somebody when it is recovered, and one who cannot be called changes nothing', async () => {
    const raised: Alert[] = [];
    const { options, log } = createTestBoundary();
    log.after = (draft) => {
      if (draft.kind === 'execution_authorized') throw new Error('crash');
    };
    await new ProxyPipeline(options).execute(createIntent()).catch(() => undefined);
    log.after = () => undefined;
    const raise = (alert: Alert) => {
      raised.push(alert);
      return Promise.reject(new Error('no signal'));
    };
    expect(await new ProxyPipeline({ ...options, alerts: { raise } }).recover('intent-1')).toMatchObject({
      ...{ status: 'ambiguous', resolution: null },
    });
    expect(raised.map(({ code }) => code)).toEqual(['BOUNDARY_INTERRUPTED']);
  });

  it('calls somebody when the outcome cannot be recorded, and waits for nobody for ever', async () => {
    const raised: string[] = [];
    const raise = ({ kind }: Alert) => {
      raised.push(kind);
      return new Promise<never>(() => undefined);
    };
    const { pipeline, log } = createTestBoundary({ alerts: { raise }, limits: { storeTimeoutMs: 10 } });
    log.before = (draft) => {
      if (draft.kind === 'execution_completed') throw new Error('disk full');
    };
    expect(await pipeline.execute(createIntent())).toMatchObject({ code: 'BOUNDARY_OUTCOME_UNRECORDED' });
    expect(raised).toEqual(['outcome_unrecorded']);
  });

  it('is not signed as what it cannot be', async () => {
    const { sign } = await createAmbiguous();
    expect(() => sign({}, ALICE, 'a b')).toThrow(TypeError);
  });
});
