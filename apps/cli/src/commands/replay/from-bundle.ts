import { resolve } from 'node:path';
import { MAX_BUNDLE_BYTES, type VerificationReport } from '@exoarmur/contracts';
import { createCedarEvaluator } from '@exoarmur/policy';
import { describeBundle, verifyBundle } from '@exoarmur/replay';
import type { CommandContext } from '../../commands.ts';
import { EXIT_CODES } from '../../exit-code.ts';
import { readInputFile } from '../../files.ts';
import { formatJson } from '../../json-output.ts';
import { printable } from '../../terminal.ts';
import { readTrustFile } from '../../trust-file.ts';
import type { ReplayOptions } from './options.ts';

/** Replays one action from its bundle: what the file says step by step, and where it first parts from what it should say. */
export async function replayBundle(
  options: ReplayOptions & { readonly bundle: string },
  { cwd, terminal, finish }: CommandContext,
): Promise<void> {
  const trust = options.trust === undefined ? {} : { trust: readTrustFile(resolve(cwd, options.trust)) };
  const { bytes } = readInputFile(resolve(cwd, options.bundle), MAX_BUNDLE_BYTES);
  const report = await verifyBundle(bytes, { evaluator: createCedarEvaluator(), ...trust });
  terminal.out(options.json === true ? formatJson(report) : printable(formatReplay(bytes, report)));
  finish(report.verify_verdict === 'PASS' ? EXIT_CODES.pass : EXIT_CODES.fail);
}

function formatReplay(bytes: Uint8Array, report: VerificationReport): string {
  const first = report.checks.flatMap(({ name, divergences }) => divergences.map((found) => ({ name, ...found })))[0];
  const divergence =
    first === undefined
      ? []
      : [
          `First divergence: ${first.name}, ${first.code} at ${first.pointer === '' ? 'the whole file' : first.pointer}`,
        ];
  const redecided = report.checks.find(({ name }) => name === 'decision')?.status ?? 'not_requested';
  return [
    describeBundle(bytes).trimEnd(),
    ...divergence,
    `Decisions taken again: ${redecided}`,
    `REPLAY_VERDICT=${report.verify_verdict}`,
    '',
  ].join('\n');
}
