import { Argument, type Command, Option } from 'commander';
import type { CommandContext } from '../../commands.ts';
import { countBetween } from '../../count.ts';
import { CliError } from '../../errors.ts';
import { addExamples } from '../../help.ts';
import { replayBundle } from './from-bundle.ts';
import { replayEvents } from './from-events.ts';
import { replayCorrelation } from './from-log.ts';
import type { ReplayOptions } from './options.ts';
import { replayPolicy } from './under-policy.ts';

export function register(command: Command, context: CommandContext): void {
  command
    .addArgument(new Argument('[correlation]', 'session or request to replay; of a log every one unless given'))
    .addOption(new Option('--bundle <file>', 'replay one action from its proof bundle').conflicts(['log', 'events']))
    .addOption(new Option('--log <file>', 'replay actions from the database of a log').conflicts(['events']))
    .option('--events <file>', 'replay events of the Python ancestor, a JSON array or one object per line')
    .option('--tenant <name>', 'log: tenant; not needed when the log has one only')
    .option('--recorded-policy <files...>', 'log: policy sets that decisions were taken under')
    .option('--policy <file>', 'log: decide every recorded decision again under this policy set')
    .option('--since <time>', 'policy: leave out what was decided earlier; RFC 3339 with milliseconds, UTC')
    .option('--review <file>', 'policy: looser flips that a person accepted (exoarmur.policy-review/1)')
    .option('--exempt-undecidable', 'policy: do not fail for decisions that cannot be taken again')
    .option(
      '--threads <n>',
      'policy: threads to use; as many as there are processors unless given',
      countBetween(1, 64),
    )
    .option('--trust <file>', 'bundle: trust file with the keys that you trust')
    .option('--json', 'print one JSON object')
    .action((correlation: string | undefined, options: ReplayOptions) => replay(correlation, options, context));
  addExamples(command, [
    ['replay --bundle proof-bundle.json', 'every step of one action, judged and decided again'],
    ['replay session-1 --log log.db --recorded-policy policies.json', 'every action of a session'],
    ['replay --policy new.json --log log.db --since 2026-01-01T00:00:00.000Z', 'what would this change have done'],
    ['replay session-1 --events events.jsonl', 'a trail of the Python ancestor'],
  ]);
}

async function replay(correlation: string | undefined, options: ReplayOptions, context: CommandContext): Promise<void> {
  const { bundle, log, events, policy } = options;
  if (policy !== undefined) {
    if (log === undefined || correlation !== undefined) {
      throw new CliError('CLI_USAGE', '--policy needs a whole log: --log, and no correlation');
    }
    await replayPolicy({ ...options, log, policy }, context);
    return;
  }
  const stray = (['since', 'review', 'exemptUndecidable', 'threads'] as const).find(
    (name) => options[name] !== undefined,
  );
  if (stray !== undefined) throw new CliError('CLI_USAGE', `--${toKebab(stray)} needs --policy`);
  if (bundle !== undefined) await replayBundle({ ...options, bundle }, context);
  else if (log !== undefined) await replayCorrelation(correlation, { ...options, log }, context);
  else if (events === undefined) throw new CliError('CLI_USAGE', 'say what to replay: --bundle, --log or --events');
  else if (correlation === undefined) throw new CliError('CLI_USAGE', 'say which correlation of the events to replay');
  else replayEvents(correlation, { ...options, events }, context);
}

function toKebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
