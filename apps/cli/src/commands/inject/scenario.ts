import { resolve } from 'node:path';
import { MAX_BUNDLE_BYTES } from '@exoarmur/contracts';
import { createFaultGenerator, expectAgreement, type FaultScenario, planScenario } from '@exoarmur/replay/faults';
import type { CommandContext } from '../../commands.ts';
import { EXIT_CODES } from '../../exit-code.ts';
import { readInputFile } from '../../files.ts';
import { formatJson } from '../../json-output.ts';
import { askNodes, NODE_PROCESS } from '../../nodes/ask-nodes.ts';
import { printable } from '../../terminal.ts';
import { formatAgreement } from '../verify-nodes.ts';
import { changeBundle, readBundle } from './into-bundle.ts';
import type { InjectOptions } from './options.ts';

/**
 * Gives some verifiers a faulty copy, as a scenario says, and compares what they agree on with what an oracle expects that
 * knows only who was hit.
 */
export async function runScenario(
  options: InjectOptions & { readonly bundle: string; readonly scenario: FaultScenario },
  { cwd, terminal, finish }: CommandContext,
): Promise<void> {
  const path = resolve(cwd, options.bundle);
  const { bytes: input } = readInputFile(path, MAX_BUNDLE_BYTES);
  const bundle = readBundle(path);
  const plan = planScenario(options.scenario, options.nodes, options.seed);
  const changed = new Map(
    plan.faultyNodes.map((node) => {
      const random = createFaultGenerator(`${options.seed}:${node}`);
      return [node, changeBundle(bundle, random, options.under)] as const;
    }),
  );
  const seats = plan.nodes.map((node) => ({ node, copy: changed.get(node)?.bytes ?? input, module: NODE_PROCESS }));
  const asked = { input, trust: null, require: null, timeoutMs: options.timeout * 1000 };
  const agreement = await askNodes(seats, asked);
  const expected = expectAgreement(plan.nodes.length, plan.faultyNodes);
  const isAgreed = agreement.agreement === 'agreed';
  const named = isAgreed
    ? agreement.results.flatMap(({ node, standing }) => (standing === 'agrees' ? [] : [node])).sort()
    : [];
  const isExpected = agreement.agreement === expected.agreement && named.join() === [...expected.named].sort().join();
  const faults = [...changed].map(([node, { pointer }]) => ({ node, pointer }));
  const verdict = isExpected ? 'PASS' : 'FAIL';
  if (options.json === true) {
    terminal.out(
      formatJson({ schema: 'exoarmur.fault-run/1', verdict, scenario: plan.scenario, faults, expected, agreement }),
    );
  } else {
    const lines = [
      ...faults.map(({ node, pointer }) => `${node} was given a copy with another ${pointer}`),
      formatAgreement(agreement).trimEnd(),
      `Expected: ${expected.agreement}${expected.named.length > 0 ? `, named ${expected.named.join(', ')}` : ''}`,
      `SCENARIO_RESULT=${verdict}`,
    ];
    terminal.out(printable(`${lines.join('\n')}\n`));
  }
  finish(isExpected ? EXIT_CODES.pass : EXIT_CODES.fail);
}
