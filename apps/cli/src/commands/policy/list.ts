import { parseRecord } from '@exoarmur/audit/reader';
import { openPolicyBundles } from '@exoarmur/boundary-v2';
import { encodeBase64, parseJson, parseTime } from '@exoarmur/canonical';
import type { DisclosedPayload, JsonObject, KeptActivation } from '@exoarmur/contracts';
import { type PolicyStanding, verifyPolicyBundle } from '@exoarmur/policy';
import { createSqlitePolicyActivationStore, type SqliteLogStore } from '@exoarmur/store-sqlite';
import type { Command } from 'commander';
import type { CommandContext } from '../../commands.ts';
import { EXIT_CODES } from '../../exit-code.ts';
import { addExamples } from '../../help.ts';
import { formatJson } from '../../json-output.ts';
import { printable } from '../../terminal.ts';
import { addCellOptions, type CellOptions, findCell } from '../cell-place.ts';
import { assertCell } from '../log/cell-check.ts';
import { CLOCK, withStore } from '../log/log-store.ts';
import { addKeyringOptions, type KeyringOptions, readKeyring } from './inputs.ts';

interface Options extends CellOptions, KeyringOptions {
  readonly json?: boolean;
}

/** Most activations shown. */
const SHOWN = 20;

export function registerList(parent: Command, context: CommandContext): void {
  const command = addKeyringOptions(addCellOptions(parent.command('list'), { isSigning: false }))
    .summary('show the policy bundles of a tenant')
    .description('Show which bundle governs, those before it, and how it stands. Each is verified again.')
    .option('--json', 'print one JSON object')
    .action((options: Options) => {
      const place = findCell(options, context);
      const { cell, isDescribed } = place;
      return withStore(place, context, async (store, tenant) => {
        if (!isDescribed) await assertCell({ store, tenant, cell }, context.terminal);
        const keyring = readKeyring(context.cwd, tenant, options);
        const activations = createSqlitePolicyActivationStore(store, tenant, cell);
        const log = { collect: (stream: string) => readLast(store, tenant, stream) };
        const holder = await openPolicyBundles({ tenant, cell, log, activations, keyring, clock: CLOCK });
        const kept = await activations.list({ before: Number.MAX_SAFE_INTEGER, limit: SHOWN });
        const bundles = kept.map((activation, index) => {
          const now = parseTime(activation.activatedAt);
          const verdict = verifyPolicyBundle(activation.envelope, { keyring, tenant, now, active: null });
          return describe(activation, index === 0 && holder.active() !== null, verdict);
        });
        const standing = holder.standing();
        context.terminal.out(
          options.json === true
            ? formatJson({ ...describeStanding(standing), bundles })
            : printable(`${bundles.map(formatLine).join('')}${formatStanding(standing)}\n`),
        );
        context.finish(standing.policyVerified ? EXIT_CODES.pass : EXIT_CODES.fail);
      });
    });
  addExamples(command, [['policy list --db log.db --signer policy.vkey --cell office', 'which policies govern']]);
}

type Description = ReturnType<typeof describe>;

function describe(
  { generation, override, activatedAt }: KeptActivation,
  isActive: boolean,
  verdict: ReturnType<typeof verifyPolicyBundle>,
) {
  const about = { generation, active: isActive, activated_at: activatedAt, override };
  if (verdict.outcome === 'refused') return { ...about, refused: verdict.reason, bundle: null };
  const { bundle_id, version, expires_at, policy_digest } = verdict.bundle;
  const bundle = { bundle_id, version, expires_at, policy_digest, bundle_digest: verdict.bundleDigest };
  return { ...about, refused: null, bundle };
}

function formatLine({ active, activated_at, override, refused, bundle }: Description): string {
  const name =
    bundle === null
      ? `not a bundle: ${refused}`
      : `version ${bundle.version}  ${bundle.bundle_id}  until ${bundle.expires_at}`;
  const note = override === null ? '' : `  (back by ${override.stated_by}: ${override.reason})`;
  return `${active ? 'active' : '      '}  ${name}  since ${activated_at}${note}\n`;
}

function describeStanding({ policyVerified, degraded, reason }: PolicyStanding) {
  return { policy_verified: policyVerified, degraded, reason };
}

function formatStanding({ policyVerified, degraded, reason }: PolicyStanding): string {
  const words = [policyVerified ? 'verified' : 'not verified', ...(degraded ? ['degraded'] : [])].join(', ');
  return reason === null ? words : `${words}: ${reason}`;
}

/** The last record of a stream with its payload, as the store has them; who has the log's key is not asked. */
async function readLast(store: SqliteLogStore, tenant: string, stream: string) {
  const [entry] = await store.lastOfStreams(tenant, [stream]);
  const payloads = new Map<`sha256:${string}`, DisclosedPayload>();
  if (entry === undefined) return { records: [], payloads };
  const record = parseRecord(entry.bytes);
  const [payload] = await store.payloads(tenant, [entry.index]);
  if (payload !== null && payload !== undefined) {
    const value = parseJson(payload.bytes, { maxBytes: payload.bytes.length }) as JsonObject;
    payloads.set(record.payload.digest, { salt: encodeBase64(payload.salt), value });
  }
  return { records: [record], payloads };
}
