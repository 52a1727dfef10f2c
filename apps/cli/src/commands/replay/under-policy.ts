import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { parseTime } from '@exoarmur/canonical';
import { quoteForMessage } from '@exoarmur/contracts';
import { compilePolicySet } from '@exoarmur/policy';
import { formatPolicyReport, MAX_REVIEW_BYTES, parsePolicyReview } from '@exoarmur/replay/policy-change';
import type { CommandContext } from '../../commands.ts';
import { CliError } from '../../errors.ts';
import { EXIT_CODES } from '../../exit-code.ts';
import { readInputFile } from '../../files.ts';
import { formatJson } from '../../json-output.ts';
import { replayLog } from '../../policy-replay/replay-log.ts';
import { printable } from '../../terminal.ts';
import { withStore } from '../log/log-store.ts';
import { readPolicySet } from '../policy/inputs.ts';
import type { ReplayOptions } from './options.ts';

/** Decides a whole log again under a proposed policy set; a looser flip that nobody reviewed is a no. */
export async function replayPolicy(
  options: ReplayOptions & { readonly log: string; readonly policy: string },
  context: CommandContext,
): Promise<void> {
  const { cwd, terminal, finish } = context;
  const { since, review } = options;
  const policySet = readPolicySet(cwd, options.policy);
  // SECURITY: an unsound set denies everything, and so would look like a mere tightening.
  const compiled = compilePolicySet(policySet);
  if (compiled.outcome === 'refused') {
    const [problem] = compiled.problems;
    const subject = problem.policy === null ? 'the policy set' : `policy ${quoteForMessage(problem.policy)}`;
    throw new CliError('CLI_POLICY_UNSOUND', `${subject} is not sound: ${problem.message.replace(/\s+/g, ' ')}`);
  }
  if (since !== undefined) parseTime(since);
  const accepted =
    review === undefined
      ? {}
      : { review: parsePolicyReview(readInputFile(resolve(cwd, review), MAX_REVIEW_BYTES).bytes) };
  const storeOptions = { db: options.log, ...(options.tenant === undefined ? {} : { tenant: options.tenant }) };
  const range = await withStore(storeOptions, context, async (store, tenant) => ({
    tenant,
    from: await store.firstIndex(tenant),
    to: (await store.head(tenant)).size,
    ...(since === undefined ? {} : { since }),
  }));
  const report = await replayLog({
    path: resolve(cwd, options.log),
    policySet,
    range,
    threads: options.threads ?? Math.min(64, availableParallelism()),
    exemptUndecidable: options.exemptUndecidable === true,
    ...accepted,
  });
  terminal.out(options.json === true ? formatJson(report) : printable(formatPolicyReport(report)));
  finish(report.verdict === 'PASS' ? EXIT_CODES.pass : EXIT_CODES.fail);
}
