import { createSigner } from '@exoarmur/canonical';
import { describe, expect, it } from 'vitest';
import { BOUNDARY_KEY, createConfig, createIntent } from '../test/configs.ts';
import {
  createMachineEnvironment,
  replayGovernedExecution,
  runGovernedExecution,
  verifyGovernanceIntegrity,
} from './index.ts';

const trustIn = (name: string, byte: number) =>
  `log ${createSigner(name, new Uint8Array(32).fill(byte)).vkey}\nquorum none\n`;

describe('one governed execution', () => {
  it('acts, and gives a proof that is decided again and that a trusted key vouches for', async () => {
    const config = createConfig();
    const { result, bundle } = await runGovernedExecution(createIntent(), config);
    expect(result.status).toBe('completed');
    expect(config.executor.performed).toHaveLength(1);
    expect(await replayGovernedExecution(bundle)).toMatchObject({ verify_verdict: 'PASS', assurance: 'integrity' });
    expect((await verifyGovernanceIntegrity(bundle, { trust: trustIn(BOUNDARY_KEY.name, 1) })).isValid).toBe(true);
    expect((await verifyGovernanceIntegrity(bundle, { trust: trustIn(BOUNDARY_KEY.name, 6) })).isValid).toBe(false);
  });

  it('proves a denial too, and acts on nothing', async () => {
    const config = createConfig();
    const { result, bundle } = await runGovernedExecution(createIntent({ target: '/data/locked/x' }), config);
    expect(result).toMatchObject({ status: 'denied', code: 'BOUNDARY_DENIED_BY_POLICY' });
    expect(config.executor.performed).toHaveLength(0);
    expect(await replayGovernedExecution(bundle)).toMatchObject({ verify_verdict: 'PASS' });
  });

  it('is not vouched for once a byte of its proof is another one, and any bytes give a report', async () => {
    const { bundle } = await runGovernedExecution(createIntent(), createConfig());
    const text = new TextDecoder().decode(bundle);
    const altered = new TextEncoder().encode(text.replace('report.csv', 'secret.csv'));
    expect(altered).not.toEqual(bundle);
    const trust = trustIn(BOUNDARY_KEY.name, 1);
    expect((await verifyGovernanceIntegrity(altered, { trust })).isValid).toBe(false);
    expect(await replayGovernedExecution(altered)).toMatchObject({ verify_verdict: 'FAIL' });
    expect(await replayGovernedExecution(new Uint8Array([0xff]))).toMatchObject({ verify_verdict: 'FAIL' });
  });
});

describe('createMachineEnvironment', () => {
  it('measures in thousandths, and hands on what it cannot know as it was stated', () => {
    const read = createMachineEnvironment({ degraded: () => null, networkHealthMilli: () => 950 });
    const { degraded, network_health_milli, resource_availability_milli, cell_load_milli } = read();
    expect({ degraded, network_health_milli }).toEqual({ degraded: null, network_health_milli: 950 });
    expect(resource_availability_milli).toSatisfy((value) => Number.isInteger(value) && value >= 0 && value <= 1000);
    if (process.platform === 'win32') expect(cell_load_milli).toBeNull();
    else expect(cell_load_milli).toSatisfy((value) => Number.isInteger(value) && value >= 0 && value <= 1000);
  });
});
