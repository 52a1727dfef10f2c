import { relative, resolve } from 'node:path';
import type { Command } from 'commander';
import type { CommandContext } from '../commands.ts';
import { type DemoRun, runDemo } from '../demo/run-demo.ts';
import { EXIT_CODES } from '../exit-code.ts';
import { addExamples } from '../help.ts';
import { formatJson } from '../json-output.ts';
import { printable } from '../terminal.ts';

interface Options {
  readonly allowed?: boolean;
  readonly dir: string;
  readonly json?: boolean;
}

export function register(command: Command, context: CommandContext): void {
  command
    .option('--allowed', 'ask for the deletion that the policy allows, and really delete')
    .option('--dir <folder>', 'folder to work in; made by the demo, or empty', 'demo-output')
    .option('--json', 'print one JSON object')
    .action(async (options: Options) => {
      const run = await runDemo(resolve(context.cwd, options.dir), options.allowed === true);
      const show = (path: string): string => printable(shorten(path, context.cwd));
      context.terminal.out(options.json === true ? formatRunJson(run, show) : formatRun(run, show));
      context.finish(isConvincing(run) ? EXIT_CODES.pass : EXIT_CODES.fail);
    });
  addExamples(command, [
    ['demo', 'a deletion outside the authorised folder: denied, and proven'],
    ['demo --allowed', 'a deletion inside it: carried out, and proven'],
    ['demo --dir /tmp/elsewhere', 'the same bundle, byte for byte, in another place'],
  ]);
}

/** What was decided is what happened on the file system, and the written proof holds. */
export function isConvincing(run: Pick<DemoRun, 'result' | 'isExecuted' | 'report'>): boolean {
  const isConsistent = run.result === (run.isExecuted ? 'ALLOWED' : 'DENIED');
  return isConsistent && run.report.verify_verdict === 'PASS';
}

/** The path as a person in `cwd` would write it; in full when it lies elsewhere. */
function shorten(path: string, cwd: string): string {
  const inside = relative(cwd, path);
  return inside.startsWith('..') || resolve(cwd, inside) !== path ? path : inside.replaceAll('\\', '/');
}

function formatRun(run: DemoRun, show: (path: string) => string): string {
  return [
    `Proof bundle written: ${show(run.bundlePath)}`,
    `Proof bundle replay hash: ${run.replayHash}`,
    `DEMO_RESULT=${run.result}`,
    `ACTION_EXECUTED=${run.isExecuted}`,
    `AUDIT_STREAM_ID=${run.stream}`,
    `REPLAY_VERDICT=${run.report.verify_verdict}`,
    `Proof bundle digest: ${run.bundleDigest}`,
    `Trust file written: ${show(run.trustPath)}`,
    '',
  ].join('\n');
}

function formatRunJson(run: DemoRun, show: (path: string) => string): string {
  return formatJson({
    schema: 'exoarmur.demo/1',
    bundle: show(run.bundlePath),
    bundle_digest: run.bundleDigest,
    trust: show(run.trustPath),
    replay_hash: run.replayHash,
    demo_result: run.result,
    action_executed: run.isExecuted,
    audit_stream_id: run.stream,
    replay_verdict: run.report.verify_verdict,
    assurance: run.report.assurance,
  });
}
