import { basename, resolve } from 'node:path';
import { attachArtifacts } from '@exoarmur/boundary-v2';
import { createSigner, parseJson } from '@exoarmur/canonical';
import { type JsonObject, jsonObjectSchema, MAX_BUNDLE_BYTES, quoteForMessage } from '@exoarmur/contracts';
import { type ArtifactDraft, buildGovernanceEvidence } from '@exoarmur/governance-artifacts';
import { describeBundle, formatReport, verifyBundle } from '@exoarmur/replay';
import type { Command } from 'commander';
import type { CommandContext } from '../commands.ts';
import { CliError } from '../errors.ts';
import { EXIT_CODES } from '../exit-code.ts';
import { createFile, readInputFile } from '../files.ts';
import { addExamples } from '../help.ts';
import { readKeyFile } from '../key-file.ts';
import { printable } from '../terminal.ts';
import { registerExport } from './bundle-export.ts';

interface AttachOptions {
  readonly key: string;
  readonly out: string;
  readonly required: readonly string[];
  readonly artifact: readonly string[];
}

export function register(command: Command, context: CommandContext): void {
  registerShow(command, context);
  registerExport(command, context);
  registerAttach(command, context);
}

function registerShow(command: Command, context: CommandContext): void {
  const show = command
    .command('show')
    .summary('print what a bundle holds')
    .description('Print what a bundle holds. Nothing of it is verified.');
  show.argument('<file>', 'proof bundle').action((file: string) => {
    const { bytes } = readInputFile(resolve(context.cwd, file), MAX_BUNDLE_BYTES);
    context.terminal.out(printable(describeBundle(bytes)));
  });
  addExamples(show, [['bundle show demo-output/proof-bundle.json', 'read the story of one action']]);
}

function registerAttach(command: Command, context: CommandContext): void {
  const collect = (value: string, all: readonly string[]): readonly string[] => [...all, value];
  const attach = command
    .command('attach')
    .summary('attach governance artifacts to a bundle')
    .description('Attach governance artifacts to a bundle that verifies, and sign its statement again.');
  attach
    .argument('<file>', 'proof bundle without artifacts')
    .requiredOption('--key <file>', 'the key of the boundary that made the bundle')
    .requiredOption('--out <file>', 'new bundle; an existing file is left alone')
    .option('--required <version=file>', 'artifact (JSON) that the verdict depends on; may be repeated', collect, [])
    .option('--artifact <version=file>', 'artifact (JSON) for information; may be repeated', collect, [])
    .action(async (file: string, options: AttachOptions) => {
      const { bytes } = readInputFile(resolve(context.cwd, file), MAX_BUNDLE_BYTES);
      const drafts = [
        ...options.required.map((text) => readDraft(text, true, context.cwd)),
        ...options.artifact.map((text) => readDraft(text, false, context.cwd)),
      ];
      const { name, seed } = readKeyFile(resolve(context.cwd, options.key));
      const artifacts = buildGovernanceEvidence(drafts) as unknown as JsonObject;
      const report = await verifyBundle(bytes);
      if (report.verify_verdict === 'FAIL') {
        context.terminal.out(printable(formatReport(report)));
        context.finish(EXIT_CODES.fail);
        return;
      }
      const attached = await attachArtifacts({ bundle: bytes, artifacts, signer: createSigner(name, seed) });
      createFile(resolve(context.cwd, options.out), attached);
      const counts = `${drafts.length} artifacts, ${options.required.length} required`;
      context.terminal.out(printable(`${basename(options.out)}: ${counts}\n`));
    });
  addExamples(attach, [
    [
      'bundle attach proof-bundle.json --key boundary.key --required policy_snapshot.v1=policies.json --out with.json',
      'attach',
    ],
  ]);
}

function readDraft(text: string, isRequired: boolean, cwd: string): ArtifactDraft {
  const at = text.indexOf('=');
  const file = text.slice(at + 1);
  if (at < 1 || file === '') {
    throw new CliError('CLI_ARTIFACT_MALFORMED', `${quoteForMessage(text)} is not of the form version=file`);
  }
  const { bytes } = readInputFile(resolve(cwd, file), MAX_BUNDLE_BYTES);
  const artifact = jsonObjectSchema.safeParse(parseJson(bytes));
  if (!artifact.success) {
    throw new CliError('CLI_ARTIFACT_MALFORMED', `${quoteForMessage(file)} holds no JSON object`);
  }
  return { schemaVersion: text.slice(0, at), artifact: artifact.data, isRequired };
}
