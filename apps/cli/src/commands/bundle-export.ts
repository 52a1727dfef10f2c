import { basename, resolve } from 'node:path';
import { exportStream } from '@exoarmur/audit/inspection';
import { buildBundle, digestBundle } from '@exoarmur/boundary-v2';
import { createSigner, parseVerifierKey } from '@exoarmur/canonical';
import type { Digest, PolicySet, SealedRecord, StreamEvidence } from '@exoarmur/contracts';
import { quoteForMessage, recordKindSchema } from '@exoarmur/contracts';
import { CEDAR_ENGINE, createCedarEvaluator, digestPolicySet } from '@exoarmur/policy';
import { verifyBundle } from '@exoarmur/replay';
import { Argument, type Command, Option } from 'commander';
import type { CommandContext } from '../commands.ts';
import { CliError } from '../errors.ts';
import { createFile } from '../files.ts';
import { addExamples } from '../help.ts';
import { formatJson } from '../json-output.ts';
import { readKeyFile } from '../key-file.ts';
import { printable } from '../terminal.ts';
import { assertLogKey } from './log/log-key.ts';
import { addStoreOptions, type StoreOptions, withStore } from './log/log-store.ts';
import { readPolicySet } from './policy/inputs.ts';

interface ExportOptions extends StoreOptions {
  readonly key: string;
  readonly policy: readonly string[];
  readonly out: string;
  readonly disclose?: readonly string[];
  readonly withhold?: readonly string[];
  readonly json?: true;
}

/** `bundle export`: the proof bundle of one stream of a log, with any part of its payloads. */
export function registerExport(parent: Command, context: CommandContext): void {
  const collect = (value: string, all: readonly string[] = []): readonly string[] => [...all, value];
  const exported = addStoreOptions(parent.command('export'))
    .summary('make the bundle of an action out of a log')
    .description(
      'Make the proof bundle of one action out of a log. A payload that is withheld stays committed to: who gets it later can\n' +
        'check that it is the one. What needs a withheld payload is reported as not verifiable, never as passed: verify such a\n' +
        'bundle with --require structure,integrity,completeness.',
    )
    .addArgument(new Argument('<stream>', 'stream of the action: its intent id'))
    .requiredOption('--key <file>', 'key file of the boundary; it signs the statement')
    .requiredOption('--policy <file>', 'policy set the action was decided under; may be repeated', collect)
    .requiredOption('--out <file>', 'new bundle; an existing file is left alone')
    .addOption(
      new Option('--disclose <what>', 'kind or number of a record whose payload goes in; may be repeated')
        .argParser(collect)
        .conflicts('withhold'),
    )
    .option('--withhold <what>', 'kind or number of a record whose payload stays out; may be repeated', collect)
    .option('--json', 'print the result as JSON')
    .action((stream: string, options: ExportOptions) => runExport(stream, options, context));
  addExamples(exported, [
    ['bundle export intent-1 --db log.db --key cell.key --policy policies.json --out intent-1.json', 'everything'],
    [
      'bundle export intent-1 --db log.db --key cell.key --policy policies.json --withhold intent_received --out part.json',
      'without what was asked for',
    ],
  ]);
}

async function runExport(stream: string, options: ExportOptions, context: CommandContext): Promise<void> {
  const { name, seed } = readKeyFile(resolve(context.cwd, options.key));
  const signer = createSigner(name, seed);
  const sets = options.policy.map((file): [Digest, PolicySet] => {
    const policySet = readPolicySet(context.cwd, file);
    return [digestPolicySet(policySet), policySet];
  });
  const chosen = (options.disclose ?? options.withhold ?? []).map(parseChoice);
  const isChosen = (record: SealedRecord) => chosen.some((choice) => choice === record.kind || choice === record.seq);
  const disclose = (record: SealedRecord) => isChosen(record) === (options.disclose !== undefined);
  const { bytes, records, disclosed } = await withStore(options, context, async (store, tenant) => {
    await assertLogKey(store, tenant, parseVerifierKey(signer.vkey));
    const evidence = await exportStream({ store, tenant, stream, vkey: signer.vkey });
    assertPolicies(evidence, new Set(sets.map(([digest]) => digest)));
    const [policyDigest] = sets[0] as [Digest, PolicySet];
    const bytes = await buildBundle({
      ...{ evidence, signer, disclose, policySets: new Map(sets) },
      inForce: { policyDigest, engine: CEDAR_ENGINE },
    });
    return {
      bytes,
      records: evidence.records.length,
      disclosed: evidence.records.filter((record) => disclose(record) && evidence.payloads.has(record.payload.digest))
        .length,
    };
  });
  await assertSound(bytes);
  createFile(resolve(context.cwd, options.out), bytes);
  const digest = digestBundle(bytes);
  const text = `${basename(options.out)}: ${records} records, ${disclosed} payloads\nBundle digest: ${digest}\n`;
  context.terminal.out(options.json ? formatJson({ records, disclosed, digest }) : printable(text));
}

/** A decision that nobody can take again is no proof. @throws CliError CLI_POLICY_FOREIGN */
function assertPolicies({ records, payloads }: StreamEvidence, given: ReadonlySet<string>): void {
  for (const { kind, payload } of records) {
    const digest = payloads.get(payload.digest)?.value.policy_digest;
    if (kind !== 'verdict_resolved' || typeof digest !== 'string' || given.has(digest)) continue;
    throw new CliError('CLI_POLICY_FOREIGN', `the action was decided under ${digest}, which no file of --policy is`);
  }
}

/** What is withheld cannot be verified; nothing else may be wrong. @throws CliError CLI_COPY_UNSOUND */
async function assertSound(bytes: Uint8Array): Promise<void> {
  const { checks } = await verifyBundle(bytes, { evaluator: createCedarEvaluator() });
  const failed = checks.find(({ status }) => status === 'failed');
  if (failed === undefined) return;
  const why = failed.divergences[0]?.code ?? 'failed';
  throw new CliError('CLI_COPY_UNSOUND', `the bundle would not verify, ${failed.name}: ${why}; nothing was written`);
}

/** @throws CliError CLI_USAGE */
function parseChoice(text: string): string | number {
  if (/^(?:0|[1-9][0-9]{0,6})$/.test(text)) return Number(text);
  if (recordKindSchema.safeParse(text).success) return text;
  throw new CliError('CLI_USAGE', `${quoteForMessage(text)} is neither a kind of record nor the number of one`);
}
