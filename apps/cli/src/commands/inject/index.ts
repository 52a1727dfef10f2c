import { FAULT_SCENARIOS, FAULT_TYPES } from '@exoarmur/replay/faults';
import { type Command, Option } from 'commander';
import type { CommandContext } from '../../commands.ts';
import { countBetween } from '../../count.ts';
import { CliError } from '../../errors.ts';
import { addExamples } from '../../help.ts';
import { injectIntoBundle } from './into-bundle.ts';
import { injectIntoEvents } from './into-events.ts';
import type { InjectOptions } from './options.ts';
import { runScenario } from './scenario.ts';

export function register(command: Command, context: CommandContext): void {
  command
    .addOption(new Option('--bundle <file>', 'proof bundle to make faulty copies of').conflicts('events'))
    .option('--events <file>', 'events of the Python ancestor, a JSON array or one object per line')
    .requiredOption('--seed <n>', 'where every choice comes from', countBetween(0, Number.MAX_SAFE_INTEGER))
    .option('--out <file>', 'file to write the faulty copy to')
    .option('--under <pointer>', 'bundle: change a value below this JSON pointer only', '')
    .addOption(new Option('--fault <type>', 'events: what to do to them').choices(FAULT_TYPES))
    .option('--severity <milli>', 'events: thousandths of the events that are hit', countBetween(0, 1000), 1000)
    .addOption(
      new Option('--scenario <name>', 'bundle: give faulty copies to verifiers and see whether they are named')
        .choices(FAULT_SCENARIOS)
        .conflicts(['events', 'out']),
    )
    .option('--nodes <n>', 'scenario: verifiers', countBetween(2, 64), 4)
    .option('--timeout <seconds>', 'scenario: time for each to answer', countBetween(1, 3600), 60)
    .option('--json', 'print one JSON object')
    .action(async (options: InjectOptions) => {
      const { bundle, events, scenario, fault, out } = options;
      if (bundle !== undefined && scenario !== undefined) return runScenario({ ...options, bundle, scenario }, context);
      if (out === undefined) throw new CliError('CLI_USAGE', 'say where to write the copy with --out, or a --scenario');
      if (bundle !== undefined) return injectIntoBundle({ ...options, bundle, out }, context);
      if (events === undefined) throw new CliError('CLI_USAGE', 'say what to copy: --bundle or --events');
      if (fault === undefined) throw new CliError('CLI_USAGE', 'say what to do to the events with --fault');
      return injectIntoEvents({ ...options, events, fault, out }, context);
    });
  addExamples(command, [
    ['inject --bundle b.json --seed 1 --out lie.json', 'the smallest lie that a bundle can tell'],
    ['inject --bundle b.json --scenario partial --nodes 7 --seed 1', 'are the liars among seven verifiers named'],
    ['inject --events e.jsonl --fault hash_corruption --seed 1 --out bad.json', 'faulty events of the ancestor'],
  ]);
}
