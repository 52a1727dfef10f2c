import { quoteForMessage } from '@exoarmur/contracts';
import { createCedarEvaluator, digestPolicySet } from '@exoarmur/policy';
import type { CommandContext } from '../../commands.ts';
import { CliError } from '../../errors.ts';
import { EXIT_CODES } from '../../exit-code.ts';
import { formatJson } from '../../json-output.ts';
import { judgeStream, type StreamReplay } from '../../replay/judge-stream.ts';
import { printable } from '../../terminal.ts';
import { withStore } from '../log/log-store.ts';
import { readPolicySet } from '../policy/inputs.ts';
import type { ReplayOptions } from './options.ts';

const PAGE = 500;
/** Most streams that one report lists; a longer log is replayed by correlation. */
const MAX_STREAMS = 10_000;

/** Replays the actions of one correlation, or of the whole log, from their records. */
export async function replayCorrelation(
  correlation: string | undefined,
  options: ReplayOptions & { readonly log: string },
  context: CommandContext,
): Promise<void> {
  const { cwd, terminal, finish } = context;
  const policySets = new Map(
    (options.recordedPolicy ?? []).map((file) => {
      const policySet = readPolicySet(cwd, file);
      return [digestPolicySet(policySet), policySet] as const;
    }),
  );
  const judge = { evaluator: createCedarEvaluator(), policySets };
  const storeOptions = { db: options.log, ...(options.tenant === undefined ? {} : { tenant: options.tenant }) };
  await withStore(storeOptions, context, async (store, tenant) => {
    const streams: StreamReplay[] = [];
    for (let after = -1; ; ) {
      const page = await store.streams(tenant, {
        after,
        limit: PAGE,
        ...(correlation === undefined ? {} : { correlation }),
      });
      for (const { stream } of page) streams.push(await judgeStream(store, { tenant, stream }, judge));
      if (streams.length > MAX_STREAMS) {
        throw new CliError('CLI_USAGE', `log has more than ${MAX_STREAMS} streams; name a correlation`);
      }
      const last = page.at(-1);
      if (last === undefined) break;
      after = last.first;
    }
    if (streams.length === 0) {
      const what =
        correlation === undefined ? 'log has no stream' : `log has no stream of ${quoteForMessage(correlation)}`;
      throw new CliError('CLI_USAGE', what);
    }
    const result = resultOf(streams);
    const report = { schema: 'exoarmur.log-replay/1', tenant, correlation: correlation ?? null, result, streams };
    terminal.out(options.json === true ? formatJson(report) : printable(formatStreams(streams, result)));
    finish(result === 'success' ? EXIT_CODES.pass : EXIT_CODES.fail);
  });
}

function resultOf(streams: readonly StreamReplay[]): StreamReplay['result'] {
  const has = (result: StreamReplay['result']): boolean => streams.some((stream) => stream.result === result);
  return has('failure') ? 'failure' : has('partial') ? 'partial' : 'success';
}

function formatStreams(streams: readonly StreamReplay[], result: StreamReplay['result']): string {
  const lines = streams.flatMap((stream) => [
    `${stream.stream}  ${stream.result}  ${stream.records.length} records, ${stream.is_closed ? 'closed' : 'open'}, decisions the same ${stream.decisions_same} of ${stream.decisions}`,
    ...stream.failures.map((finding) => `  failure       ${formatFinding(finding, stream)}`),
    ...stream.unverifiable.map((finding) => `  unverifiable  ${formatFinding(finding, stream)}`),
  ]);
  const isWithheld = streams.some(({ unverifiable }) => unverifiable.some(({ code }) => code === 'policy_withheld'));
  const remedy = isWithheld ? 'Policy sets are missing: name each with --recorded-policy.\n' : '';
  return `${lines.join('\n')}\n${remedy}REPLAY_RESULT=${result}\n`;
}

function formatFinding({ record, code, pointer }: StreamReplay['failures'][number], { records }: StreamReplay): string {
  return `${record} ${records[record]?.kind ?? ''}  ${code}${pointer === '' ? '' : ` at ${pointer}`}`;
}
