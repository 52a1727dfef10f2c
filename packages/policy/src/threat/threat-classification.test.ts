import { type ThreatSignal, threatSignalSchema } from '@exoarmur/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decideUnder } from '../../test/laws.ts';
import { createPolicySet, createRequest } from '../../test/requests.ts';
import { createDecisionPoint, formatIntentSchema } from '../index.ts';
import { classifyThreat } from './threat-classification.ts';

const { threat_type, severity } = threatSignalSchema.shape;
const ORDER = ['ignore', 'simulate', 'escalate'];
const ask = (type: string, grade: string, confidence_milli: unknown) => {
  const answer = classifyThreat({ threat_type: type, severity: grade, confidence_milli });
  return [answer.threat_milli, answer.risk_milli, answer.class];
};

describe('classifyThreat', () => {
  it.each([
    ['malware', 'critical', 900, [10_000, 900, 'escalate']],
    ['malware', 'medium', 800, [6400, 512, 'simulate']],
    ['command_control', 'high', 550, [7425, 408, 'simulate']],
    ['malware', 'high', 500, [6000, 300, 'ignore']],
    ['anomaly', 'low', 200, [400, 8, 'ignore']],
    ['data_exfiltration', 'critical', 800, [10_000, 800, 'escalate']],
  ])('gives the ancestor’s figures of %s %s at %s', (type, grade, confidence, expected) => {
    expect(ask(type, grade, confidence)).toEqual(expected);
  });

  it.each([
    ['data_exfiltration', 'critical', 750, [10_000, 750, 'escalate']],
    ['command_control', 'critical', 790, [10_000, 790, 'escalate']],
    ['malware', 'high', 510, [6120, 312, 'simulate']],
  ])('does not lose %s %s at %s, as the ancestor did', (type, grade, confidence, expected) => {
    expect(ask(type, grade, confidence)).toEqual(expected);
  });

  it('has no gap and never falls as confidence or severity rises, over every signal there is', () => {
    for (const type of threat_type.options) {
      const seen = severity.options.map(() => -1);
      for (let confidence = 0; confidence <= 1000; confidence += 1) {
        let below = -1;
        for (const [index, grade] of severity.options.entries()) {
          const rank = ORDER.indexOf(
            classifyThreat({ threat_type: type, severity: grade, confidence_milli: confidence }).class,
          );
          expect(rank).toBeGreaterThanOrEqual(Math.max(below, seen[index] as number, 0));
          seen[index] = rank;
          below = rank;
        }
      }
    }
  });

  it('never lowers the class as risk rises', () => {
    const signal = fc.record({
      threat_type: fc.constantFrom(...threat_type.options),
      severity: fc.constantFrom(...severity.options),
      confidence_milli: fc.integer({ min: 0, max: 1000 }),
    });
    fc.assert(
      fc.property(signal, signal, (one: ThreatSignal, other: ThreatSignal) => {
        const [low, high] = [one, other].map(classifyThreat).sort((a, b) => (a.risk_milli ?? 0) - (b.risk_milli ?? 0));
        expect(ORDER.indexOf(high?.class ?? '')).toBeGreaterThanOrEqual(ORDER.indexOf(low?.class ?? ''));
      }),
    );
  });

  it.each([
    ['worm', 'low', 0],
    ['constructor', 'low', 0],
    ['anomaly', 'none', 0],
    ['anomaly', 'toString', 0],
    ['anomaly', 'low', Number.NaN],
    ['anomaly', 'low', -1],
    ['anomaly', 'low', 1001],
    ['anomaly', 'low', '0'],
  ])('escalates what it cannot weigh: %s %s at %s', (type, grade, confidence) => {
    expect(ask(type, grade, confidence)).toEqual([null, null, 'escalate']);
  });

  it('is there for a policy whose schema declares it, and denies where it could not be had', async () => {
    const policySet = {
      ...createPolicySet({
        all: 'permit(principal, action, resource);',
        stop: 'forbid(principal, action, resource) when { context.threat.class == "escalate" };',
      }),
      cedar_schema: formatIntentSchema(['file.delete'], ['threat']),
    };
    const point = createDecisionPoint({ policySet });
    const decide = async (threat?: ReturnType<typeof classifyThreat> | null) =>
      (await point.decide(createRequest({}, threat === undefined ? {} : { threat }))).verdict;
    expect(await decide(classifyThreat({ threat_type: 'anomaly', severity: 'low', confidence_milli: 200 }))).toBe(
      'allow',
    );
    expect(await decide(classifyThreat({ threat_type: 'worm', severity: 'low', confidence_milli: 200 }))).toBe('deny');
    expect(await decide(null)).toBe('deny');
    expect(await decide()).toBe('deny');
    const plain = { all: 'permit(principal, action, resource);' };
    expect((await decideUnder(plain, createRequest({}, { threat: null }))).safety.rule_ids).toEqual(['SG-001']);
  });
});
