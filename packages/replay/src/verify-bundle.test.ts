import { describe, expect, it } from 'vitest';
import {
  allowedSteps,
  approvedSteps,
  buildBundle,
  deniedSteps,
  encodeBundle,
  signerOf,
} from '../test/bundle-fixture.ts';
import { evaluator } from '../test/evaluator.ts';
import { verifyBundle } from './verify-bundle.ts';

describe('verifyBundle on honest bundles', () => {
  it.each([
    ['denied', deniedSteps()],
    ['allowed', allowedSteps()],
    ['approved', approvedSteps()],
  ])('passes every check that can be made of an %s action', async (_, steps) => {
    const report = await verifyBundle(encodeBundle(buildBundle(steps)), { evaluator });
    expect(report.checks.filter((check) => check.divergences.length > 0)).toEqual([]);
    expect(report.verify_verdict).toBe('PASS');
    expect(report.assurance).toBe('integrity');
  });
});
