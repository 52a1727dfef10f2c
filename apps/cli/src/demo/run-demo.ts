import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { digestBundle } from '@exoarmur/boundary-v2';
import { createSigner, encodeUtf8, formatSigningKey, parseJson } from '@exoarmur/canonical';
import {
  type ActionIntent,
  actionIntentSchema,
  type Digest,
  InvariantError,
  MAX_BUNDLE_BYTES,
  proofBundleSchema,
  type RecordKind,
  streamClosedSchema,
  type Verdict,
  type VerificationReport,
} from '@exoarmur/contracts';
import { createCedarEvaluator, createDecisionPoint } from '@exoarmur/policy';
import { verifyBundle } from '@exoarmur/replay';
import { createPrivateFile, readInputFile, replaceFile } from '../files.ts';
import { formatJson } from '../json-output.ts';
import { formatTrustFile } from '../trust-file.ts';
import { computeAncestorReplayHash } from './ancestor-replay-hash.ts';
import { DEMO_FILES, prepareDemoFolder } from './demo-folder.ts';
import { DEMO_POLICY_SET } from './policy.ts';
import { FIXED_SOURCES, proveAction } from './prove-action.ts';
import { createDemoIntent, DEMO } from './scenario.ts';

/** What a run of the demonstration showed. Everything is read back from the files that it left. */
export interface DemoRun {
  readonly bundlePath: string;
  readonly trustPath: string;
  readonly bundleDigest: Digest;
  /** Hash that the Python ancestor prints for the same action. */
  readonly replayHash: string;
  readonly result: 'DENIED' | 'ALLOWED' | 'UNDECIDED';
  /** Whether the file at stake is gone from the file system. */
  readonly isExecuted: boolean;
  readonly stream: string;
  readonly report: VerificationReport;
}

/**
 * Sends one deletion of a real file through the boundary, writes its proof bundle and verifies the written file.
 * @throws CliError CLI_DEMO_FOLDER_FOREIGN, CLI_OUTPUT_UNWRITABLE
 */
export async function runDemo(folder: string, isAllowed: boolean): Promise<DemoRun> {
  prepareDemoFolder(folder);
  const bundlePath = join(folder, DEMO_FILES.bundle);
  const trustPath = join(folder, DEMO_FILES.trust);
  const atStake = join(folder, isAllowed ? DEMO_FILES.scratch : DEMO_FILES.secret);
  if (!existsSync(atStake)) throw new InvariantError('the file at stake was not made');

  const sources = FIXED_SOURCES;
  const seed = sources.random('key').bytes(32);
  const signer = createSigner(DEMO.origin, seed);
  const keyText = `${formatSigningKey({ name: DEMO.origin, seed })}\n`;
  createPrivateFile(join(folder, DEMO_FILES.key), encodeUtf8(keyText));
  replaceFile(join(folder, DEMO_FILES.policies), encodeUtf8(formatJson(DEMO_POLICY_SET)));
  const decisionPoint = createDecisionPoint({ policySet: DEMO_POLICY_SET });
  replaceFile(bundlePath, await proveAction(createDemoIntent(isAllowed), folder, { signer, decisionPoint, sources }));
  const trust = formatTrustFile(signer.vkey);
  replaceFile(trustPath, encodeUtf8(trust));

  const { bytes } = readInputFile(bundlePath, MAX_BUNDLE_BYTES);
  const { intent, kinds, finalVerdict } = readAction(bytes);
  return {
    bundlePath,
    trustPath,
    bundleDigest: digestBundle(bytes),
    replayHash: computeAncestorReplayHash({ intent, kinds, finalVerdict }),
    result: finalVerdict === 'deny' ? 'DENIED' : finalVerdict === 'allow' ? 'ALLOWED' : 'UNDECIDED',
    isExecuted: !existsSync(atStake),
    stream: intent.intent_id,
    report: await verifyBundle(bytes, { trust, evaluator: createCedarEvaluator() }),
  };
}

/** What a bundle says of its action. Its bytes are our own, read back; whether they are sound is the verifier's word. */
function readAction(bytes: Uint8Array): {
  readonly intent: ActionIntent;
  readonly kinds: readonly RecordKind[];
  readonly finalVerdict: Verdict;
} {
  const { records, payloads } = proofBundleSchema.parse(parseJson(bytes, { maxBytes: MAX_BUNDLE_BYTES }));
  const payloadOf = (kind: RecordKind): unknown => {
    const record = records.findLast((candidate) => candidate.kind === kind);
    return record === undefined ? undefined : payloads[record.payload.digest]?.value;
  };
  return {
    intent: actionIntentSchema.parse(payloadOf('intent_received')),
    kinds: records.map((record) => record.kind),
    finalVerdict: streamClosedSchema.parse(payloadOf('stream_closed')).final_verdict,
  };
}
