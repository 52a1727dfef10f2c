import { resolve } from 'node:path';
import { type JsonValue, parseJson } from '@exoarmur/canonical';
import { type Intervention, MAX_BUNDLE_BYTES, quoteForMessage } from '@exoarmur/contracts';
import { createCedarEvaluator } from '@exoarmur/policy';
import { formatHypotheticalTrail, replayCounterfactual } from '@exoarmur/replay/counterfactual';
import type { Command } from 'commander';
import type { CommandContext } from '../commands.ts';
import { CliError } from '../errors.ts';
import { EXIT_CODES } from '../exit-code.ts';
import { readInputFile } from '../files.ts';
import { addExamples } from '../help.ts';
import { formatJson } from '../json-output.ts';
import { printable } from '../terminal.ts';
import { readTrustFile } from '../trust-file.ts';
import { readPolicySet } from './policy/inputs.ts';

interface Options {
  readonly bundle: string;
  readonly intent: readonly string[];
  readonly facts: readonly string[];
  readonly switch: readonly string[];
  readonly policy?: string;
  readonly trust?: string;
  readonly json?: true;
}

const collect = (value: string, others: readonly string[]): readonly string[] => [...others, value];

export function register(command: Command, context: CommandContext): void {
  command
    .requiredOption('--bundle <file>', 'proof bundle of what was decided')
    .option('--intent <pointer=json>', 'another value in the intent; nothing after `=` removes it', collect, [])
    .option('--facts <pointer=json>', 'another value in the facts', collect, [])
    .option('--switch <name=state>', 'another kill switch: global, tenant, actor or action_class', collect, [])
    .option('--policy <file>', 'another policy set')
    .option('--trust <file>', 'trust file with the keys that you trust')
    .option('--json', 'print one JSON object')
    .action(async (options: Options) => {
      const { cwd, terminal, finish } = context;
      const interventions = readInterventions(options, cwd);
      const { bytes } = readInputFile(resolve(cwd, options.bundle), MAX_BUNDLE_BYTES);
      const trust = options.trust === undefined ? {} : { trust: readTrustFile(resolve(cwd, options.trust)) };
      const verdict = await replayCounterfactual(bytes, { interventions, evaluator: createCedarEvaluator(), ...trust });
      if (verdict.outcome === 'hypothetical') {
        const { trail } = verdict;
        terminal.out(options.json === true ? formatJson(trail) : printable(formatHypotheticalTrail(trail)));
        return;
      }
      const { code, pointer, expected, found } = verdict;
      const refusal = { schema: 'exoarmur.counterfactual-refusal/1', code, pointer, expected, found };
      const place = pointer === '' ? '' : ` at ${pointer}`;
      const values =
        expected === null && found === null ? '' : `: expected ${expected ?? 'none'}, found ${found ?? 'none'}`;
      terminal.out(options.json === true ? formatJson(refusal) : printable(`REFUSED  ${code}${place}${values}\n`));
      finish(EXIT_CODES.fail);
    });
  addExamples(command, [
    ['counterfactual --bundle b.json --intent /target=\'"/srv/other"\'', 'and if it had asked for another file'],
    ['counterfactual --bundle b.json --switch global=engaged', 'and if the kill switch had been on'],
    ['counterfactual --bundle b.json --policy new.json', 'and under other policies'],
  ]);
}

function readInterventions(options: Options, cwd: string): Intervention[] {
  const changes = (['intent', 'facts'] as const).flatMap((on) =>
    options[on].map((text): Intervention => {
      const [pointer, value] = split(text, on);
      return { on, pointer, ...(value === '' ? {} : { value: readValue(value, on) }) } as Intervention;
    }),
  );
  const switches = options.switch.map((text): Intervention => {
    const [name, value] = split(text, 'switch');
    return { on: 'switch', name, value } as Intervention;
  });
  const policies: Intervention[] =
    options.policy === undefined ? [] : [{ on: 'policy_set', value: readPolicySet(cwd, options.policy) }];
  const all = [...changes, ...switches, ...policies];
  if (all.length > 0) return all;
  throw new CliError('CLI_USAGE', 'say what would be otherwise: --intent, --facts, --switch or --policy');
}

function split(text: string, option: string): [string, string] {
  const at = text.indexOf('=');
  if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
  throw new CliError('CLI_USAGE', `--${option} needs a name, \`=\` and a value, not ${quoteForMessage(text)}`);
}

function readValue(text: string, option: string): JsonValue {
  try {
    return parseJson(text);
  } catch (cause) {
    const message = `--${option}: ${quoteForMessage(text)} is no JSON value; a text needs quotes`;
    throw new CliError('CLI_USAGE', message, { cause });
  }
}
