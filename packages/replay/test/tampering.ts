import { concatBytes, encodeBase64, encodeUtf8, type JsonObject } from '@exoarmur/canonical';
import type { Statement } from '@exoarmur/contracts';
import {
  allowedSteps,
  approvedSteps,
  type BundleOptions,
  buildBundle,
  deniedSteps,
  encodeBundle,
  json,
  type Step,
  signerOf,
} from './bundle-fixture.ts';

/** A bundle as a test may rewrite it. */
// biome-ignore lint/suspicious/noExplicitAny: tampering means writing what the types forbid
export type Loose = any;

/** One class of tampering: what the attacker does, and the check and code that must catch him. */
export interface Tampering {
  readonly name: string;
  readonly bytes: () => Uint8Array;
  readonly check: string;
  readonly code: string;
  /** The verifier brings the key of the honest boundary. */
  readonly trusting?: boolean;
}

const ARTIFACTS = { manifest: { artifacts: [] } };

/** An honest bundle, edited as a file without any key. */
export function edited(
  change: (bundle: Loose) => void,
  steps = deniedSteps(),
  options: BundleOptions = {},
): Uint8Array {
  const bundle = json(buildBundle(steps, options)) as Loose;
  change(bundle);
  return encodeBundle(bundle);
}

/** What a boundary that lies, or whose key was stolen, seals and signs consistently. */
export function resealed(steps: readonly Step[], options: BundleOptions = {}): Uint8Array {
  return encodeBundle(buildBundle(steps, options));
}

/** Steps with one payload changed before anything was sealed. */
export function lying(steps: readonly Step[], kind: string, change: (payload: Loose) => void): Step[] {
  return steps.map((step) => {
    if (step.kind !== kind) return step;
    const payload = json(step.payload);
    change(payload);
    return { ...step, payload };
  });
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

function respelled(change: (file: string) => string): Uint8Array {
  return encodeUtf8(change(text(resealed(deniedSteps()))));
}

function stating(change: (statement: Loose) => void, options: BundleOptions = {}): Uint8Array {
  const alterStatement = (statement: Statement): Statement => {
    const copy = json(statement) as Loose;
    change(copy);
    return copy;
  };
  return resealed(deniedSteps(), { ...options, alterStatement });
}

function recording(index: number, change: (record: Loose) => void, steps = deniedSteps()): Uint8Array {
  return resealed(steps, {
    alterRecord: (record, at) => {
      const copy = json(record) as Loose;
      if (at === index) change(copy);
      return copy;
    },
  });
}

function noteLines(bundle: Loose, change: (lines: string[]) => string[]): void {
  bundle.log.checkpoint = `${change(bundle.log.checkpoint.slice(0, -1).split('\n')).join('\n')}\n`;
}

function payloadOf(bundle: Loose, index: number): Loose {
  return bundle.payloads[bundle.records[index].payload.digest];
}

const OTHER = signerOf(2);
const OTHER_ORIGIN = signerOf(2, 'other.example/t');
const other = (): Loose => json(buildBundle(allowedSteps()));
const ZERO = `sha256:${'0'.repeat(64)}`;
const WITNESS = signerOf(9, 'w.example/w');

/** Every class of tampering that has a name; the exhaustive tests beside it need none. */
export const TAMPERINGS: readonly Tampering[] = [
  // The file and its shape
  [
    'a blank before the final newline',
    () => respelled((file) => `${file.slice(0, -1)} \n`),
    'structure',
    'not_canonical',
  ],
  ['no final newline', () => respelled((file) => file.slice(0, -1)), 'structure', 'final_newline_missing'],
  ['two final newlines', () => respelled((file) => `${file}\n`), 'structure', 'not_canonical'],
  ['a byte-order mark', () => respelled((file) => `\ufeff${file}`), 'structure', 'not_canonical'],
  ['cut in the middle', () => respelled((file) => `${file.slice(0, 2000)}\n`), 'structure', 'not_canonical'],
  ['nothing but a newline', () => encodeUtf8('\n'), 'structure', 'not_canonical'],
  ['an empty file', () => new Uint8Array(), 'structure', 'final_newline_missing'],
  ['an array', () => encodeUtf8('[]\n'), 'structure', 'shape_unknown'],
  ['an empty object', () => encodeUtf8('{}\n'), 'structure', 'shape_unknown'],
  [
    'members in another order',
    () => respelled((file) => file.replace(/^\{("log":.*?),("media_type":"[^"]*"),/, '{$2,$1,')),
    'structure',
    'not_canonical',
  ],
  [
    'a member twice',
    () => respelled((file) => file.replace('{"log":', '{"log":{},"log":')),
    'structure',
    'not_canonical',
  ],
  [
    'one byte too many',
    () => concatBytes(new Uint8Array(16_777_216).fill(0x20), Uint8Array.of(0x0a)),
    'structure',
    'bundle_too_large',
  ],
  [
    'another media type',
    () =>
      edited((b) => {
        b.media_type += '4';
      }),
    'structure',
    'shape_unknown',
  ],
  [
    'an unknown member',
    () =>
      edited((b) => {
        b.note = {};
      }),
    'structure',
    'shape_invalid',
  ],
  [
    'an unknown member of a record',
    () =>
      edited((b) => {
        b.records[0].note = 1;
      }),
    'structure',
    'shape_invalid',
  ],
  [
    'no log',
    () =>
      edited((b) => {
        delete b.log;
      }),
    'structure',
    'shape_invalid',
  ],
  [
    'no policies',
    () =>
      edited((b) => {
        delete b.policies;
      }),
    'structure',
    'shape_invalid',
  ],
  [
    'no records',
    () =>
      edited((b) => {
        b.records = [];
        b.log.proofs = [];
      }),
    'structure',
    'shape_invalid',
  ],
  [
    'an added payload',
    () =>
      edited((b) => {
        b.payloads[ZERO] = payloadOf(b, 0);
      }),
    'structure',
    'payload_unreferenced',
  ],
  [
    'a payload under a prototype name',
    () => respelled((file) => file.replace('"payloads":{', '"payloads":{"__proto__":{},')),
    'structure',
    'shape_invalid',
  ],
  [
    'an added policy set',
    () =>
      edited((b) => {
        b.policies[ZERO] = Object.values(b.policies)[0];
      }),
    'structure',
    'policy_unreferenced',
  ],
  [
    'an added key',
    () =>
      edited((b) => {
        b.log.vkeys.push(OTHER.vkey);
      }),
    'structure',
    'vkey_unreferenced',
  ],
  [
    'a second signing key that signed too',
    () =>
      edited((b) => {
        const foreign = json(buildBundle(deniedSteps(), { signer: OTHER })) as Loose;
        b.log.vkeys.push(OTHER.vkey);
        b.log.checkpoint += foreign.log.checkpoint.split('\n\n')[1];
      }),
    'structure',
    'vkey_unreferenced',
  ],
  [
    'a key twice',
    () =>
      edited((b) => {
        b.log.vkeys.push(b.log.vkeys[0]);
      }),
    'structure',
    'vkey_duplicate',
  ],
  [
    'a key with another id',
    () =>
      edited((b) => {
        b.log.vkeys[0] = b.log.vkeys[0].replace(/\+[0-9a-f]{8}\+/, '+00000000+');
      }),
    'structure',
    'vkey_malformed',
  ],
  [
    'a proof left out',
    () =>
      edited((b) => {
        b.log.proofs.pop();
      }),
    'structure',
    'proof_count_mismatch',
  ],
  [
    'a proof too many',
    () =>
      edited((b) => {
        b.log.proofs.push(b.log.proofs[0]);
      }),
    'structure',
    'proof_count_mismatch',
  ],
  [
    'a checkpoint that is no note',
    () =>
      edited((b) => {
        b.log.checkpoint = 'c.example/t\n';
      }),
    'structure',
    'checkpoint_malformed',
  ],
  [
    'a statement that is no JSON',
    () =>
      edited((b) => {
        b.statement.payload = encodeBase64(encodeUtf8('hello'));
      }),
    'structure',
    'statement_malformed',
  ],
  [
    'a statement in another spelling',
    () =>
      edited((b) => {
        b.statement.payload = encodeBase64(encodeUtf8(` ${atob(b.statement.payload)}`));
      }),
    'structure',
    'statement_malformed',
  ],
  [
    'another payload type',
    () =>
      edited((b) => {
        b.statement.payloadType = 'text/plain';
      }),
    'structure',
    'statement_malformed',
  ],
  [
    'another predicate type',
    () =>
      stating((s) => {
        s.predicateType = 'urn:x';
      }),
    'structure',
    'statement_malformed',
  ],
  [
    'two subjects',
    () =>
      stating((s) => {
        s.subject.push(s.subject[0]);
      }),
    'structure',
    'statement_malformed',
  ],
  [
    'stray bits in a salt',
    () =>
      edited((b) => {
        payloadOf(b, 0).salt = payloadOf(b, 0).salt.replace(/.==$/, 'B==');
      }),
    'structure',
    'base64_malformed',
  ],
  // Hashes
  [
    'a payload value',
    () =>
      edited((b) => {
        payloadOf(b, 0).value.reason = 'x';
      }),
    'integrity',
    'payload_commitment_mismatch',
  ],
  [
    'a payload salt',
    () =>
      edited((b) => {
        payloadOf(b, 0).salt = 'AAAAAAAAAAAAAAAAAAAAAA==';
      }),
    'integrity',
    'payload_commitment_mismatch',
  ],
  [
    'two payloads exchanged',
    () =>
      edited((b) => {
        const [x, y] = [payloadOf(b, 0), payloadOf(b, 1)];
        b.payloads[b.records[0].payload.digest] = y;
        b.payloads[b.records[1].payload.digest] = x;
      }),
    'integrity',
    'payload_commitment_mismatch',
  ],
  [
    'a sealed payload size that is wrong',
    () =>
      recording(0, (r) => {
        r.payload.size += 1;
      }),
    'integrity',
    'payload_size_mismatch',
  ],
  [
    'the time of a record',
    () =>
      edited((b) => {
        b.records[1].time = '2024-01-01T12:00:09.000Z';
      }),
    'integrity',
    'inclusion_failed',
  ],
  [
    'the time of a record, seen by the chain',
    () =>
      edited((b) => {
        b.records[1].time = '2024-01-01T12:00:09.000Z';
      }),
    'integrity',
    'chain_broken',
  ],
  [
    'a sealed link to nowhere',
    () =>
      recording(1, (r) => {
        r.prev = ZERO;
      }),
    'integrity',
    'chain_broken',
  ],
  [
    'a first record with a predecessor',
    () =>
      recording(0, (r) => {
        r.prev = ZERO;
      }),
    'integrity',
    'chain_broken',
  ],
  [
    'two records exchanged',
    () =>
      edited((b) => {
        b.records.splice(0, 2, b.records[1], b.records[0]);
      }),
    'integrity',
    'chain_broken',
  ],
  [
    'two records exchanged with their proofs',
    () =>
      edited((b) => {
        b.records.splice(0, 2, b.records[1], b.records[0]);
        b.log.proofs.splice(0, 2, b.log.proofs[1], b.log.proofs[0]);
      }),
    'integrity',
    'proof_order',
  ],
  [
    'a record dropped',
    () =>
      edited((b) => {
        delete b.payloads[b.records[1].payload.digest];
        b.records.splice(1, 1);
        b.log.proofs.splice(1, 1);
      }),
    'integrity',
    'chain_broken',
  ],
  [
    'the last record dropped',
    () =>
      edited((b) => {
        delete b.payloads[b.records[2].payload.digest];
        b.records.pop();
        b.log.proofs.pop();
      }),
    'integrity',
    'statement_head_mismatch',
  ],
  [
    'the first record dropped',
    () =>
      edited((b) => {
        delete b.payloads[b.records[0].payload.digest];
        b.records.shift();
        b.log.proofs.shift();
      }),
    'completeness',
    'seq_gap',
  ],
  [
    'a record twice',
    () =>
      edited((b) => {
        b.records.splice(1, 0, b.records[0]);
        b.log.proofs.splice(1, 0, b.log.proofs[0]);
      }),
    'integrity',
    'proof_order',
  ],
  [
    'a record of another bundle',
    () =>
      edited((b) => {
        const { records, payloads } = other();
        delete b.payloads[b.records[1].payload.digest];
        b.records[1] = records[1];
        b.payloads[records[1].payload.digest] = payloads[records[1].payload.digest];
      }),
    'integrity',
    'inclusion_failed',
  ],
  [
    'all records of another bundle',
    () =>
      edited((b) => {
        const { records, payloads } = json(
          buildBundle(
            lying(deniedSteps(), 'stream_closed', (p) => {
              p.detail = 'x';
            }),
          ),
        ) as Loose;
        Object.assign(b, { records, payloads });
      }),
    'integrity',
    'inclusion_failed',
  ],
  [
    'a hash of a proof',
    () =>
      edited((b) => {
        b.log.proofs[0].path[0] = encodeBase64(new Uint8Array(32));
      }),
    'integrity',
    'inclusion_failed',
  ],
  [
    'a hash too many in a proof',
    () =>
      edited((b) => {
        b.log.proofs[0].path.push(encodeBase64(new Uint8Array(32)));
      }),
    'integrity',
    'inclusion_failed',
  ],
  [
    'a hash too few in a proof',
    () =>
      edited((b) => {
        b.log.proofs[0].path.pop();
      }),
    'integrity',
    'inclusion_failed',
  ],
  [
    'the index of a proof',
    () =>
      edited((b) => {
        b.log.proofs[2].index += 1;
      }),
    'integrity',
    'inclusion_failed',
  ],
  [
    'the text of a policy',
    () =>
      edited((b) => {
        (Object.values(b.policies)[0] as Loose).policies.p = '/';
      }),
    'integrity',
    'policy_digest_mismatch',
  ],
  [
    'an added policy of the set',
    () =>
      edited((b) => {
        (Object.values(b.policies)[0] as Loose).policies.q = '';
      }),
    'integrity',
    'policy_digest_mismatch',
  ],
  [
    'artifacts stripped',
    () =>
      edited(
        (b) => {
          delete b.artifacts;
        },
        deniedSteps(),
        { artifacts: ARTIFACTS },
      ),
    'integrity',
    'artifacts_missing',
  ],
  [
    'artifacts changed',
    () =>
      edited(
        (b) => {
          b.artifacts.x = 1;
        },
        deniedSteps(),
        { artifacts: ARTIFACTS },
      ),
    'integrity',
    'artifacts_digest_mismatch',
  ],
  [
    'artifacts added',
    () =>
      edited((b) => {
        b.artifacts = ARTIFACTS;
      }),
    'integrity',
    'artifacts_digest_mismatch',
  ],
  // Signatures under the bundle's own keys
  [
    'the size of the checkpoint',
    () => edited((b) => noteLines(b, ([o, , ...rest]) => [o as string, '4', ...rest])),
    'integrity',
    'checkpoint_signature_invalid',
  ],
  [
    'the root of the checkpoint',
    () =>
      edited((b) =>
        noteLines(b, ([o, n, , ...rest]) => [o as string, n as string, encodeBase64(new Uint8Array(32)), ...rest]),
      ),
    'integrity',
    'checkpoint_signature_invalid',
  ],
  [
    'the origin of the checkpoint',
    () => edited((b) => noteLines(b, ([, ...rest]) => ['x.example/t', ...rest])),
    'integrity',
    'origin_mismatch',
  ],
  [
    'a line added to the checkpoint',
    () => edited((b) => noteLines(b, ([o, n, r, ...rest]) => [o as string, n as string, r as string, 'x', ...rest])),
    'integrity',
    'checkpoint_signature_invalid',
  ],
  [
    'a checkpoint signature of nobody',
    () =>
      edited((b) => {
        const foreign = json(buildBundle(deniedSteps(), { signer: OTHER_ORIGIN })) as Loose;
        b.log.checkpoint += foreign.log.checkpoint.split('\n\n')[1];
      }),
    'integrity',
    'checkpoint_signature_unknown',
  ],
  [
    'a checkpoint signature twice',
    () =>
      edited((b) => {
        b.log.checkpoint += b.log.checkpoint.split('\n\n')[1];
      }),
    'integrity',
    'checkpoint_signature_duplicate',
  ],
  [
    'a checkpoint of another tree',
    () =>
      edited((b) => {
        b.log.checkpoint = other().log.checkpoint;
      }),
    'integrity',
    'statement_checkpoint_mismatch',
  ],
  [
    'a witness line of another checkpoint',
    () =>
      edited(
        (b) => {
          const foreign = json(buildBundle(allowedSteps(), { witnesses: [WITNESS] })) as Loose;
          noteLines(b, (lines) => [...lines.slice(0, -1), foreign.log.checkpoint.trimEnd().split('\n').at(-1)]);
        },
        deniedSteps(),
        { witnesses: [WITNESS] },
      ),
    'integrity',
    'checkpoint_signature_invalid',
  ],
  [
    'a key of the right name that did not sign',
    () =>
      edited((b) => {
        b.log.vkeys[0] = OTHER.vkey;
      }),
    'structure',
    'vkey_unreferenced',
  ],
  [
    'a statement signature',
    () =>
      edited((b) => {
        b.statement.signatures[0].sig = other().statement.signatures[0].sig;
      }),
    'integrity',
    'statement_signature_invalid',
  ],
  [
    'a statement key id',
    () =>
      edited((b) => {
        b.statement.signatures[0].keyid = '00000000';
      }),
    'integrity',
    'statement_signature_unknown',
  ],
  [
    'a statement signed by another key',
    () =>
      edited((b) => {
        b.statement = (json(buildBundle(deniedSteps(), { signer: OTHER })) as Loose).statement;
      }),
    'integrity',
    'statement_signature_unknown',
  ],
  [
    'a statement signature twice',
    () =>
      edited((b) => {
        b.statement.signatures.push(b.statement.signatures[0]);
      }),
    'integrity',
    'statement_signature_duplicate',
  ],
  [
    'a statement of another bundle',
    () =>
      edited((b) => {
        b.statement = other().statement;
      }),
    'integrity',
    'statement_head_mismatch',
  ],
  // Statements that lie about the records, signed by the right key
  [
    'a stated tenant',
    () =>
      stating((s) => {
        s.predicate.tenant = 'u';
      }),
    'integrity',
    'statement_scope_mismatch',
  ],
  [
    'a stated cell',
    () =>
      stating((s) => {
        s.predicate.cell = 'u';
      }),
    'integrity',
    'statement_scope_mismatch',
  ],
  [
    'a stated stream',
    () =>
      stating((s) => {
        s.predicate.stream = 'u';
      }),
    'integrity',
    'statement_scope_mismatch',
  ],
  [
    'a stated subject',
    () =>
      stating((s) => {
        s.subject[0].name = 'u';
      }),
    'integrity',
    'statement_subject_mismatch',
  ],
  [
    'a stated intent digest',
    () =>
      stating((s) => {
        s.subject[0].digest.sha256 = '0'.repeat(64);
      }),
    'integrity',
    'statement_subject_mismatch',
  ],
  [
    'a stated intent digest of a withheld intent',
    () =>
      stating(
        (s) => {
          s.subject[0].digest.sha256 = '0'.repeat(64);
        },
        { withhold: ['intent_received'] },
      ),
    'integrity',
    'statement_subject_mismatch',
  ],
  [
    'a stated head',
    () =>
      stating((s) => {
        s.predicate.head = ZERO;
      }),
    'integrity',
    'statement_head_mismatch',
  ],
  [
    'a stated log',
    () =>
      stating((s) => {
        s.predicate.checkpoint.origin = 'x';
      }),
    'integrity',
    'statement_checkpoint_mismatch',
  ],
  [
    'a stated tree size',
    () =>
      stating((s) => {
        s.predicate.checkpoint.size = 9;
      }),
    'integrity',
    'statement_checkpoint_mismatch',
  ],
  [
    'a stated root',
    () =>
      stating((s) => {
        s.predicate.checkpoint.root = ZERO;
      }),
    'integrity',
    'statement_checkpoint_mismatch',
  ],
  [
    'a stated verdict',
    () =>
      stating((s) => {
        s.predicate.final_verdict = 'allow';
      }),
    'integrity',
    'statement_verdict_mismatch',
  ],
  [
    'a stated outcome',
    () =>
      stating((s) => {
        s.predicate.outcome = 'succeeded';
      }),
    'integrity',
    'statement_outcome_mismatch',
  ],
  [
    'a stated policy',
    () =>
      stating((s) => {
        s.predicate.policy_digest = ZERO;
      }),
    'integrity',
    'statement_policy_mismatch',
  ],
  [
    'a stated engine',
    () =>
      stating((s) => {
        s.predicate.engine_digest = ZERO;
      }),
    'integrity',
    'statement_engine_mismatch',
  ],
  [
    'stated artifacts that are not there',
    () =>
      stating((s) => {
        s.predicate.governance_evidence_digest = ZERO;
      }),
    'integrity',
    'artifacts_missing',
  ],
  [
    'a log of another tenant',
    () => resealed(deniedSteps(), { signer: signerOf(1, 'c.example/u') }),
    'integrity',
    'origin_mismatch',
  ],
  // Completeness, signed by the right key
  [
    'a stated record count',
    () =>
      stating((s) => {
        s.predicate.record_count = 9;
      }),
    'completeness',
    'record_count_mismatch',
  ],
  [
    'a closing record with another count',
    () =>
      resealed(
        lying(deniedSteps(), 'stream_closed', (p) => {
          p.record_count = 9;
        }),
      ),
    'completeness',
    'record_count_mismatch',
  ],
  ['a stream that is not closed', () => resealed(deniedSteps().slice(0, 2)), 'completeness', 'stream_not_closed'],
  [
    'a record after the end',
    () => resealed([...deniedSteps(), ...deniedSteps().slice(2)]),
    'completeness',
    'record_after_close',
  ],
  [
    'a gap in the sequence',
    () =>
      recording(2, (r) => {
        r.seq = 3;
      }),
    'completeness',
    'seq_gap',
  ],
  [
    'a record of another stream',
    () =>
      recording(1, (r) => {
        r.stream = 'u';
      }),
    'completeness',
    'stream_mixed',
  ],
  [
    'a record of another tenant',
    () =>
      recording(1, (r) => {
        r.tenant = 'u';
      }),
    'completeness',
    'stream_mixed',
  ],
  [
    'a record of another cell',
    () =>
      recording(1, (r) => {
        r.cell = 'u';
      }),
    'completeness',
    'stream_mixed',
  ],
  [
    'a record of another correlation',
    () =>
      recording(1, (r) => {
        r.correlation = 'u';
      }),
    'completeness',
    'stream_mixed',
  ],
  // Trails that no boundary may take, signed by the right key
  [
    'executed although denied',
    () => resealed([...deniedSteps().slice(0, 2), ...allowedSteps().slice(2)]),
    'lifecycle',
    'kind_out_of_order',
  ],
  [
    'executed without a decision',
    () => resealed(allowedSteps().filter((step) => step.kind !== 'verdict_resolved')),
    'lifecycle',
    'kind_out_of_order',
  ],
  [
    'executed without a grant',
    () => resealed(allowedSteps().filter((step) => step.kind !== 'execution_authorized')),
    'lifecycle',
    'kind_out_of_order',
  ],
  [
    'a decision about another intent',
    () =>
      resealed(
        lying(deniedSteps(), 'verdict_resolved', (p) => {
          p.intent_digest = ZERO;
        }),
      ),
    'lifecycle',
    'intent_digest_mismatch',
  ],
  [
    'an intent under another name',
    () =>
      resealed(
        lying(deniedSteps(), 'intent_received', (p) => {
          p.intent_id = 'u';
        }),
      ),
    'lifecycle',
    'intent_header_mismatch',
  ],
  [
    'a grant for another decision',
    () =>
      resealed(
        lying(allowedSteps(), 'execution_authorized', (p) => {
          p.decision_digest = ZERO;
        }),
      ),
    'lifecycle',
    'decision_digest_mismatch',
  ],
  [
    'a grant for another executor',
    () =>
      resealed(
        lying(allowedSteps(), 'execution_authorized', (p) => {
          p.executor.name = 'x';
        }),
      ),
    'lifecycle',
    'executor_mismatch',
  ],
  [
    'a grant used after its end',
    () =>
      resealed(
        lying(allowedSteps(), 'execution_authorized', (p) => {
          p.expires_at = '2024-01-01T12:00:00.000Z';
        }),
      ),
    'lifecycle',
    'grant_expired',
  ],
  [
    'a grant resting on nobody',
    () =>
      resealed(
        lying(approvedSteps(), 'execution_authorized', (p) => {
          p.approval_digests = [];
        }),
      ),
    'lifecycle',
    'grant_approvals_mismatch',
  ],
  [
    'an outcome of another grant',
    () =>
      resealed(
        lying(allowedSteps(), 'execution_completed', (p) => {
          p.grant_digest = ZERO;
        }),
      ),
    'lifecycle',
    'grant_digest_mismatch',
  ],
  [
    'an observation changed under its digest',
    () =>
      resealed(
        lying(allowedSteps(), 'execution_completed', (p) => {
          p.observed.exists = true;
        }),
      ),
    'lifecycle',
    'result_digest_mismatch',
  ],
  [
    'a success closed as a failure',
    () =>
      resealed(
        lying(allowedSteps(), 'stream_closed', (p) => {
          p.reason = 'execution_failed';
        }),
      ),
    'lifecycle',
    'close_reason_mismatch',
  ],
  [
    'a denial closed as permitted',
    () =>
      resealed(
        lying(deniedSteps(), 'stream_closed', (p) => {
          p.final_verdict = 'allow';
        }),
      ),
    'lifecycle',
    'final_verdict_mismatch',
  ],
  [
    'an approval that was never recorded',
    () => resealed(approvedSteps().filter((step) => step.kind !== 'approval_decided')),
    'lifecycle',
    'approval_unknown',
  ],
  [
    'an approval altered inside its envelope',
    () =>
      resealed(
        lying(approvedSteps(), 'approval_decided', (p) => {
          p.envelope.signatures[0].sig = other().statement.signatures[0].sig;
        }),
      ),
    'lifecycle',
    'approval_digest_mismatch',
  ],
  [
    'an approval attributed to another person',
    () =>
      resealed(
        lying(approvedSteps(), 'verdict_resolved', (p) => {
          for (const a of p.facts.approvals) a.approver_id = 'x';
        }),
      ),
    'lifecycle',
    'approval_fact_mismatch',
  ],
  [
    'a payload of another shape',
    () =>
      resealed(
        lying(deniedSteps(), 'stream_closed', (p) => {
          p.reason = 'because';
        }),
      ),
    'lifecycle',
    'payload_shape_invalid',
  ],
  [
    'a payload with a member more',
    () =>
      resealed(
        lying(deniedSteps(), 'stream_closed', (p) => {
          p.more = 1;
        }),
      ),
    'lifecycle',
    'payload_shape_invalid',
  ],
  // Decisions that the engine would not make, signed by the right key
  [
    'a denial recorded as permitted',
    () =>
      resealed(
        lying(deniedSteps(), 'verdict_resolved', (p) => {
          p.verdict = 'allow';
        }),
      ),
    'decision',
    'decision_diverges',
  ],
  [
    'another rationale',
    () =>
      resealed(
        lying(deniedSteps(), 'verdict_resolved', (p) => {
          p.pdp.rationale = 'x';
        }),
      ),
    'decision',
    'decision_diverges',
  ],
  [
    'another rule',
    () =>
      resealed(
        lying(deniedSteps(), 'verdict_resolved', (p) => {
          p.resolution_rules_applied = ['x'];
        }),
      ),
    'decision',
    'decision_diverges',
  ],
  [
    'another safety verdict',
    () =>
      resealed(
        lying(deniedSteps(), 'verdict_resolved', (p) => {
          p.safety.verdict = 'warn';
        }),
      ),
    'decision',
    'decision_diverges',
  ],
  [
    'another target under the same decision',
    () =>
      resealed(
        lying(deniedSteps(), 'intent_received', (p) => {
          p.target = '/ok/x';
        }),
      ),
    'decision',
    'decision_diverges',
  ],
  [
    'an approval slipped into the facts',
    () =>
      resealed(
        lying(approvedSteps(), 'verdict_resolved', (p) => {
          if (p.verdict !== 'allow') p.verdict = 'allow';
        }),
      ),
    'decision',
    'decision_diverges',
  ],
].map(([name, bytes, check, code]) => ({ name, bytes, check, code }) as Tampering);

/** Attacks that nothing inside the bundle can show, only the verifier's own key. */
export const FORGERIES: readonly Tampering[] = [
  { name: 'everything re-signed by another key', bytes: () => resealed(deniedSteps(), { signer: OTHER }) },
  {
    name: 'everything re-signed under another name',
    bytes: () => resealed(deniedSteps(), { signer: OTHER_ORIGIN }),
    code: 'origin',
  },
  { name: 'another verdict re-signed by another key', bytes: () => resealed(allowedSteps(), { signer: OTHER }) },
].map(({ name, bytes }) => ({ name, bytes, check: 'signer', code: 'signer_untrusted', trusting: true }));

/** Leaves of a JSON value with their path. */
export function* leavesOf(value: unknown, path: (string | number)[] = []): Generator<(string | number)[]> {
  if (Array.isArray(value) && value.length > 0) {
    for (const [index, element] of value.entries()) yield* leavesOf(element, [...path, index]);
  } else if (typeof value === 'object' && value !== null && Object.keys(value).length > 0) {
    for (const key of Object.keys(value)) yield* leavesOf((value as JsonObject)[key], [...path, key]);
  } else yield path;
}

/** Replaces the leaf at a path by another value of the same type, which leaves the shape whole wherever that is possible. */
export function alterLeaf(root: Loose, path: readonly (string | number)[]): void {
  const parent = path.slice(0, -1).reduce((at, token) => at[token], root);
  const key = path.at(-1) as string | number;
  parent[key] = another(parent[key]);
}

function another(value: Loose): Loose {
  if (typeof value === 'boolean') return !value;
  if (typeof value === 'number') return value + 1;
  if (value === null) return 'x';
  if (typeof value === 'object') return { x: 1 };
  const digit = value.search(/[0-9a-f]/);
  if (digit < 0) return `${value}x`;
  return `${value.slice(0, digit)}${value[digit] === '1' ? '2' : '1'}${value.slice(digit + 1)}`;
}
