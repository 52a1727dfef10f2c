import { type DsseEnvelope, formatTime, parseTime } from '@exoarmur/canonical';
import {
  type AlertSink,
  type CellAuditSink,
  type Clock,
  type DowngradeOverride,
  type KeptActivation,
  type PolicyActivated,
  type PolicyActivationStore,
  policyActivatedSchema,
  type StreamEvidence,
  type StreamEvidenceSource,
} from '@exoarmur/contracts';
import {
  type ActiveBundle,
  type BundleRefusal,
  createPolicyBundleHolder,
  type PolicyBundleHolder,
  type SignerSet,
  verifyPolicyBundle,
} from '@exoarmur/policy';
import { BOUNDARY_LIMITS } from './boundary-context.ts';
import { recordFact } from './cell-record.ts';
import { BoundaryError, codeOf, isCoded } from './errors.ts';
import { readOnce, recordingRefusal } from './refusal.ts';
import { policyStreamOf } from './reserved-streams.ts';
import {
  answerWithin,
  collectEvidence,
  readLatestActivation,
  readNothing,
  readRefusalReason,
  readWord,
} from './store-answers.ts';

const ASKING = {
  timeoutMs: BOUNDARY_LIMITS.storeTimeoutMs,
  code: 'BOUNDARY_POLICY_STORE_UNAVAILABLE',
} as const;

/** What knowing the policy bundles of one tenant stands on. */
export interface KeptPolicyBundles {
  readonly tenant: string;
  readonly cell: string;
  readonly log: { collect(stream: string): Promise<Pick<StreamEvidence, 'records' | 'payloads'>> };
  readonly activations: PolicyActivationStore;
  /** Whose bundles count, by tenant. */
  readonly keyring: ReadonlyMap<string, SignerSet>;
  readonly clock: Clock;
}

/** What putting one in force stands on besides. */
export interface PolicyBundles extends KeptPolicyBundles {
  readonly log: CellAuditSink & StreamEvidenceSource;
  /** Whom to call when a bundle is refused. Without it refusals are on record only. */
  readonly alerts?: AlertSink | undefined;
}

/** A bundle that was taken. The record is null when it governed already. */
export interface PolicyActivation {
  readonly holder: PolicyBundleHolder;
  readonly record: PolicyActivated | null;
}

/**
 * The bundle that governs, as it was put in force: verified again from its signed bytes. One that does not verify any more
 * governs nothing, and one that is older than the last of the log is not verified. Rejects as store and log do.
 */
export async function openPolicyBundles(options: KeptPolicyBundles): Promise<PolicyBundleHolder> {
  return (await openAt(options)).holder;
}

/** The bundle that governs, and behind what of the log and of the store another one has to stand. */
interface OpenPlace {
  readonly holder: PolicyBundleHolder;
  /** Records of the stream so far. */
  readonly recordCount: number;
  /** Of the last activation that is kept, 0 before the first. */
  readonly generation: number;
}

async function openAt(options: KeptPolicyBundles): Promise<OpenPlace> {
  const { tenant, keyring, clock, activations } = options;
  const kept = await findLatest(activations);
  const reason = await inTime(() => activations.findRefusal(), readRefusalReason);
  const active = kept === undefined ? null : readActive(kept, options);
  const { recorded, recordCount } = await findLastRecord(options);
  const last =
    recorded !== undefined
      ? { version: recorded.version, bundleDigest: recorded.bundle_digest }
      : active === null
        ? null
        : { version: active.bundle.version, bundleDigest: active.bundleDigest };
  const held = { active, last, refusal: reason as BundleRefusal | null };
  const holder = createPolicyBundleHolder({ tenant, keyring, clock, ...held });
  return { holder, recordCount, generation: kept?.generation ?? 0 };
}

/**
 * Puts a signed bundle (attacker-controlled) in force, on record before it counts, or refuses it: then the active one stays,
 * the refusal is recorded and kept, and the cell is degraded until a bundle is taken.
 * @throws BoundaryError BOUNDARY_POLICY_* for a refused one, BOUNDARY_POLICY_SUPERSEDED when another process was faster,
 * BOUNDARY_POLICY_STORE_UNAVAILABLE, BOUNDARY_LOG_UNAVAILABLE when it was not recorded and so did not count
 */
export async function activatePolicyBundle(
  options: PolicyBundles,
  input: unknown,
  override?: DowngradeOverride,
): Promise<PolicyActivation> {
  const { log, cell, clock, alerts } = options;
  const attempt = { attempt: 'policy_bundle', stream: null, input } as const;
  return recordingRefusal({ log, cell, clock, alerts, limits: BOUNDARY_LIMITS }, attempt, () =>
    activate(options, input, override),
  );
}

async function activate(
  options: PolicyBundles,
  input: unknown,
  override: DowngradeOverride | undefined,
): Promise<PolicyActivation> {
  const { activations, clock, log, cell } = options;
  const { holder, recordCount, generation } = await openAt(options);
  const before = holder.active();
  const envelope = readOnce(input);
  const verdict = holder.activate(envelope, override);
  if (verdict.outcome === 'refused') {
    const refusedAt = formatTime(clock.now());
    const refused = { reason: verdict.reason, bundleDigest: null, refusedAt };
    await inTime(() => activations.setRefusal(refused), readNothing);
    const [problem] = verdict.problems;
    const why = problem === undefined ? '' : `: ${problem.policy ?? 'the set'}, ${problem.message.slice(0, 256)}`;
    throw new BoundaryError(refusalCodeOf(verdict.reason), `the bundle is refused: ${verdict.reason}${why}`);
  }
  if (verdict.active.bundleDigest === before?.bundleDigest) {
    await inTime(() => activations.setRefusal(null), readNothing);
    return { holder, record: null };
  }
  const { record } = verdict;
  const stream = policyStreamOf(cell);
  const actor = { type: 'boundary', id: cell } as const;
  // SECURITY: the bundle was compared with the last one as it stood then. What came in between may be newer.
  const place = { stream, expectedSeq: recordCount };
  try {
    await recordFact(
      log,
      { ...place, actor, kind: 'policy_activated', payload: record },
      { what: 'the activation', timeoutMs: BOUNDARY_LIMITS.logTimeoutMs },
    );
  } catch (error) {
    throw codeOf((error as BoundaryError).cause) === 'AUDIT_SEQ_CONFLICT' ? superseded() : error;
  }
  const activation: KeptActivation = {
    generation: generation + 1,
    envelope: toRow(envelope as DsseEnvelope),
    override: record.override,
    activatedAt: record.activated_at,
  };
  const appended = await inTime(() => activations.append(activation), readWord('appended', 'generation_taken'));
  if (appended !== 'appended') throw superseded();
  await inTime(() => activations.setRefusal(null), readNothing);
  return { holder, record };
}

function toRow({ payload, payloadType, signatures }: DsseEnvelope): KeptActivation['envelope'] {
  return { payload, payloadType, signatures: signatures.map(({ keyid, sig }) => ({ keyid, sig })) };
}

/** Verified as of the moment of its activation: that it expired since is for the standing to say. */
function readActive({ envelope, activatedAt }: KeptActivation, options: KeptPolicyBundles): ActiveBundle | null {
  const { keyring, tenant } = options;
  const verdict = verifyPolicyBundle(envelope, { keyring, tenant, now: parseTime(activatedAt), active: null });
  if (verdict.outcome === 'refused') return null;
  const { bundle, bundleDigest, policySet } = verdict;
  return { bundle, bundleDigest, policySet };
}

function superseded(): BoundaryError {
  return new BoundaryError('BOUNDARY_POLICY_SUPERSEDED', 'another bundle was put in force meanwhile');
}

interface LastRecord {
  readonly recorded: PolicyActivated | undefined;
  readonly recordCount: number;
}

/** The last activation that the log of this cell knows. */
async function findLastRecord({ log, cell }: KeptPolicyBundles): Promise<LastRecord> {
  try {
    const { records, payloads } = await collectEvidence(log, policyStreamOf(cell), BOUNDARY_LIMITS.logTimeoutMs);
    const last = records.at(-1);
    const payload = last === undefined ? undefined : payloads.get(last.payload.digest);
    const recorded = policyActivatedSchema.safeParse(payload?.value).data;
    return { recorded, recordCount: last === undefined ? 0 : last.seq + 1 };
  } catch (error) {
    if (codeOf(error) === 'AUDIT_STREAM_NOT_FOUND') return { recorded: undefined, recordCount: 0 };
    throw error;
  }
}

function refusalCodeOf(reason: BundleRefusal): `BOUNDARY_POLICY_${Uppercase<BundleRefusal>}` {
  return `BOUNDARY_POLICY_${reason.toUpperCase() as Uppercase<BundleRefusal>}`;
}

function findLatest(activations: PolicyActivationStore): Promise<KeptActivation | undefined> {
  return inTime(() => activations.list({ before: Number.MAX_SAFE_INTEGER, limit: 1 }), readLatestActivation);
}

/** An error of the store with a code stays what it is: whoever cannot start a cell has to learn why. */
async function inTime<Answer, Value>(work: () => Promise<Answer>, read: (answer: Answer) => Value): Promise<Value> {
  try {
    return await answerWithin(ASKING, work, read);
  } catch (error) {
    const { cause } = error as BoundaryError;
    throw isCoded(cause) ? cause : error;
  }
}
