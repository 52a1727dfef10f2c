import {
  type CellAuditSink,
  type CellDraft,
  capabilityActivationSchema,
  capabilityDenialSchema,
  capabilityRegistrationSchema,
} from '@exoarmur/contracts';
import { describe, expect, it } from 'vitest';
import { coreReport, directory, entry, evidenceOf, fileWith, handle, POLICY, withProvider } from '../test/fixtures.ts';
import { type CapabilityEvent, type RecordCapability, sealCapabilities } from './capability.ts';
import type { ProviderDirectory } from './provider-port.ts';
import { verifyGovernance } from './verify-governance.ts';

const FILE = fileWith(evidenceOf([entry('policy_snapshot', POLICY, true)], [POLICY]));
const ID = '@acme/provider@0.1.0/policy_snapshot';
const SCHEMAS = {
  'exoarmur.v2.capability.registration.v1': capabilityRegistrationSchema,
  'exoarmur.v2.capability.activation.v1': capabilityActivationSchema,
  'exoarmur.v2.capability.denial.v1': capabilityDenialSchema,
};

const verify = (providers: ProviderDirectory, record: RecordCapability, core = coreReport()) =>
  verifyGovernance(FILE, core, { providers, enforcement: true, capabilities: { requestedBy: 'verifier-1', record } });

async function eventsOf(providers: ProviderDirectory, core = coreReport()): Promise<CapabilityEvent[]> {
  const events: CapabilityEvent[] = [];
  await verify(
    providers,
    async (event) => {
      events.push(event);
    },
    core,
  );
  for (const event of events) expect(SCHEMAS[event.schema].safeParse(event).error).toBeUndefined();
  return events;
}

const told = (events: readonly CapabilityEvent[]) =>
  events.map((event) => [event.schema.split('.')[3], event.capability_id, 'reason' in event ? event.reason : null]);

describe('capability events', () => {
  it('tell of registration and activation', async () => {
    expect(told(await eventsOf(withProvider()))).toEqual([
      ['registration', ID, null],
      ['activation', ID, null],
    ]);
  });

  it.each<[string, ProviderDirectory, unknown[]]>([
    [
      'at discovery',
      directory({ policy_snapshot: { status: 'untrusted' } }),
      [['denial', ID, 'PROVIDER_DIGEST_MISMATCH']],
    ],
    [
      'of an answer that does not count',
      withProvider(handle(() => ({ outcome: 'crashed' }))),
      [
        ['registration', ID, null],
        ['activation', ID, null],
        ['denial', ID, 'PROVIDER_CRASHED'],
      ],
    ],
    [
      'of a provider that nothing confines',
      withProvider(handle(() => ({ outcome: 'unconfined' }))),
      [
        ['registration', ID, null],
        ['activation', ID, null],
        ['denial', ID, 'PROVIDER_UNCONFINED'],
      ],
    ],
    [
      'of nothing that was not asked',
      withProvider(handle(undefined, ['policy_snapshot.v9'])),
      [['registration', ID, null]],
    ],
  ])('tell of denial %s', async (_when, providers, expected) => {
    expect(told(await eventsOf(providers))).toEqual(expected);
  });

  it('tell of no activation for a bundle that was altered', async () => {
    expect(told(await eventsOf(withProvider(), coreReport('FAIL', 'integrity')))).toEqual([['registration', ID, null]]);
  });

  it('fit the longest names there are', async () => {
    const long = { package: `@a/${'x'.repeat(211)}`, version: `1.0.0-${'y'.repeat(58)}` };
    const [provider] = withProvider().providers;
    const events = await eventsOf({
      find: () => ({ status: 'unavailable' }),
      providers: [{ ...provider, ...long, artifact_type: 'z'.repeat(64) } as never],
    });
    expect(events[0]?.capability_id).toHaveLength(344);
  });

  it('stand before what they tell of', async () => {
    const order: string[] = [];
    const providers = withProvider(
      handle(() => {
        order.push('run');
        return { outcome: 'crashed' };
      }),
    );
    await verify(providers, async ({ schema }) => {
      order.push(schema.split('.')[3] ?? '');
    });
    expect(order).toEqual(['registration', 'activation', 'run', 'run', 'denial']);
  });

  it.each(['registration', 'activation', 'denial'])(
    'that cannot be recorded end the verification: %s',
    async (what) => {
      let runs = 0;
      const providers = withProvider(
        handle(() => {
          runs += 1;
          return { outcome: 'crashed' };
        }),
      );
      const verifying = verify(providers, async ({ schema }) => {
        if (schema.includes(what)) throw new Error('log is full');
      });
      await expect(verifying).rejects.toThrow('log is full');
      expect(runs).toBe(what === 'denial' ? 2 : 0);
    },
  );

  it('are told apart by bundle, entry and provider file, and the same run has the same key', async () => {
    const keyOf = async (providers: ProviderDirectory, core = coreReport()) => {
      const [, activation] = await eventsOf(providers, core);
      return activation?.schema === 'exoarmur.v2.capability.activation.v1' ? activation.idempotency_key : '';
    };
    const other = coreReport();
    const keys = [
      await keyOf(withProvider()),
      await keyOf(withProvider({ ...handle(), digest: `sha256:${'2'.repeat(64)}` })),
      await keyOf(withProvider(), { ...other, bundle: { ...other.bundle, digest: `sha256:${'3'.repeat(64)}` } }),
    ];
    expect(new Set(keys).size).toBe(3);
    expect(await keyOf(withProvider())).toBe(keys[0]);
  });
});

describe('sealed capabilities', () => {
  it('are facts of the cell, each under the kind of its event', async () => {
    const drafts: CellDraft[] = [];
    const log: CellAuditSink = {
      appendCell: async (draft) => {
        drafts.push(draft);
        return undefined as never;
      },
    };
    const { record } = sealCapabilities(log, 'boundary.cell-1.capabilities', 'verifier-1');
    await verify(withProvider(handle(() => ({ outcome: 'crashed' }))), record);
    expect(drafts.map(({ kind }) => kind)).toEqual([
      'capability_registered',
      'capability_activated',
      'capability_denied',
    ]);
    expect(drafts[2]).toEqual({
      stream: 'boundary.cell-1.capabilities',
      correlation: 'boundary.cell-1.capabilities',
      trace: null,
      actor: { type: 'service', id: 'verifier-1' },
      kind: 'capability_denied',
      payload: {
        schema: 'exoarmur.v2.capability.denial.v1',
        capability_id: ID,
        denied_by: 'verifier-1',
        reason: 'PROVIDER_CRASHED',
      },
    });
  });
});
