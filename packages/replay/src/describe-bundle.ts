import { canonicalize, digestBytes, type JsonObject, type JsonValue } from '@exoarmur/canonical';
import { BUNDLE_DIGEST_DOMAIN, BUNDLE_MEDIA_TYPE, type TrailKind } from '@exoarmur/contracts';
import { parseBundle, readBundleFile } from './bundle-structure.ts';
import { Check } from './check.ts';
import { examineLegacyBundle } from './legacy-bundle.ts';
import { oneLine } from './one-line.ts';
import { isSigningKey, type ParsedBundle } from './parsed-bundle.ts';

/** Longest value shown, in characters. */
const MAX_SHOWN = 120;

/** What a person wants to see first of each kind of record; the rest is in the file. */
const MEMBERS: Readonly<Record<TrailKind, readonly string[]>> = {
  intent_received: ['actor_type', 'actor_id', 'action_type', 'action_class', 'target', 'parameters', 'reason'],
  verdict_resolved: ['verdict', 'pdp', 'safety', 'resolution_rules_applied', 'policy_digest', 'engine'],
  approval_requested: ['requirement', 'expires_at'],
  approval_decided: ['approval_digest'],
  approval_revoked: ['approval_digest'],
  standing_grant_used: ['standing_grant_digest', 'use'],
  target_validated: ['result', 'reason', 'executor'],
  execution_authorized: ['executor', 'approval_digests', 'expires_at'],
  execution_completed: ['status', 'error_code', 'claimed', 'observed'],
  stream_closed: ['reason', 'final_verdict', 'outcome', 'record_count'],
  ambiguity_resolved: ['finding', 'resolution_digest'],
};

/**
 * What a bundle file says, as text for a person. Nothing of it is verified: these are the bundle's own words. Never throws on
 * evidence.
 */
export function describeBundle(bytes: Uint8Array): string {
  const lines = ['Not verified: this is what the file says.', `digest    ${digestBytes(BUNDLE_DIGEST_DOMAIN, bytes)}`];
  const structure = new Check('structure');
  const file = readBundleFile(bytes, structure);
  const parsed = file?.media_type === BUNDLE_MEDIA_TYPE ? parseBundle(file, structure) : undefined;
  lines.push(...(parsed === undefined ? describeOther(bytes, structure) : describeParsed(parsed)));
  return `${lines.join('\n')}\n`;
}

function describeParsed(parsed: ParsedBundle): string[] {
  const { bundle, statement, checkpoint, records, vkeys, note } = parsed;
  const { predicate } = statement;
  const lines = [
    'shape     proof bundle 3',
    `scope     tenant ${predicate.tenant}, cell ${predicate.cell}, stream ${predicate.stream}`,
    `verdict   ${predicate.final_verdict}, outcome ${predicate.outcome ?? 'none'}`,
    `log       ${oneLine(checkpoint.origin, MAX_SHOWN)}, ${checkpoint.size} leaves, ${note.signatures.length} signatures`,
    ...vkeys.map((key, i) => `${isSigningKey(key) ? 'key      ' : 'witness  '} ${bundle.log.vkeys[i]}`),
    ...Object.entries(bundle.policies).map(
      ([digest, set]) => `policies  ${digest}, ${Object.keys(set.policies).length} in ${set.language}`,
    ),
    `artifacts ${bundle.artifacts === undefined ? 'none' : 'embedded'}`,
  ];
  for (const [index, { record, payload }] of records.entries()) {
    lines.push('', `${index}  ${record.time}  ${record.kind}  by ${record.actor.type} ${record.actor.id}`);
    if (payload === undefined) lines.push('   payload withheld');
    else lines.push(...describePayload(record.kind, payload.value));
  }
  return lines;
}

function describePayload(kind: string, payload: JsonObject): string[] {
  const members = Object.hasOwn(MEMBERS, kind) ? MEMBERS[kind as TrailKind] : Object.keys(payload);
  return members
    .filter((member) => Object.hasOwn(payload, member))
    .map((member) => `   ${member.padEnd(24)} ${show(payload[member] as JsonValue)}`);
}

function describeOther(bytes: Uint8Array, structure: Check): string[] {
  const legacy = examineLegacyBundle(bytes, undefined, []);
  if (typeof legacy !== 'string') {
    const { shape, stream, final_verdict } = legacy.bundle;
    const verdict = oneLine(final_verdict ?? 'none', MAX_SHOWN);
    return [`shape     ${shape}`, `stream    ${oneLine(stream ?? 'none', MAX_SHOWN)}`, `verdict   ${verdict}`];
  }
  const [first] = structure.finish().divergences;
  const problem =
    first === undefined ? 'shape_unknown' : `${first.code} at ${oneLine(first.pointer, MAX_SHOWN) || '/'}`;
  return [`shape     ${legacy}, not readable: ${problem}`];
}

function show(value: JsonValue): string {
  return oneLine(typeof value === 'string' ? value : canonicalize(value), MAX_SHOWN);
}
