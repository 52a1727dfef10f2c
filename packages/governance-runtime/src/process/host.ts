// Runs inside of the confined process, with the provider beside it and nothing else that it may read. It imports nothing of ours:
// this file alone is copied there. What it answers is the provider's word, whatever the provider does to this process.
import { createHash, createPublicKey, verify } from 'node:crypto';

/** A JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** A JSON object. */
export type JsonMap = { readonly [key: string]: Json };

/** What a provider finds. A reason is 3 to 64 of `a-z0-9_`. */
export type ArtifactVerdict = { readonly valid: true } | { readonly valid: false; readonly reason: string };

/** What a provider is told beside the artifact. */
export interface ProviderContext {
  readonly schemaVersion: string;
  /** Digests of the action that the bundle proves; null for a bundle of the Python ancestor. */
  readonly subject: {
    readonly stream: string;
    readonly intent_digest: string;
    readonly policy_digest: string;
    readonly engine_digest: string;
    readonly final_verdict: string;
    readonly outcome: string | null;
    readonly outcome_digest: string | null;
  } | null;
  /** The operator's words to this provider, out of the trust file. */
  readonly configuration: JsonMap;
  readonly tools: ProviderTools;
}

/** What the host offers, so that a provider is one file without dependencies. */
export interface ProviderTools {
  /** RFC 8785 text of a JSON value. */
  canonicalize(value: Json): string;
  /** `sha256:` and the hex of SHA-256(domain || 0x00 || canonical bytes). */
  digest(domain: string, value: Json): string;
  /** The hash that a manifest names. */
  hashArtifact(schemaVersion: string, artifact: JsonMap): string;
  /**
   * The payload text of a DSSE envelope that one of the C2SP verifier keys signed, null when none did. Ed25519 as the platform
   * verifies it.
   */
  openEnvelope(envelope: Json, payloadType: string, vkeys: readonly string[]): string | null;
}

/** Default export of a provider file. Each function is called once per run. */
export interface Provider {
  canonicalHash(artifact: JsonMap, context: ProviderContext): string | Promise<string>;
  verifyArtifact(artifact: JsonMap, context: ProviderContext): ArtifactVerdict | Promise<ArtifactVerdict>;
}

function canonicalize(value: Json): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((item) => canonicalize(item as Json)).join(',')}]`;
  const map = value as JsonMap;
  const members = Object.keys(map).sort();
  return `{${members.map((key) => `${JSON.stringify(key)}:${canonicalize(map[key] as Json)}`).join(',')}}`;
}

function digest(domain: string, value: Json): string {
  return `sha256:${createHash('sha256')
    .update(`${domain}\0${canonicalize(value)}`, 'utf8')
    .digest('hex')}`;
}

function hashArtifact(schemaVersion: string, artifact: JsonMap): string {
  return digest('exoarmur.governance-artifact/1', { artifact, schema_version: schemaVersion });
}

function openEnvelope(envelope: Json, payloadType: string, vkeys: readonly string[]): string | null {
  const { payload, payloadType: type, signatures } = (envelope ?? {}) as { [key: string]: unknown };
  if (typeof payload !== 'string' || type !== payloadType || !Array.isArray(signatures)) return null;
  const body = Buffer.from(payload, 'base64');
  if (body.toString('base64') !== payload) return null;
  const signed = Buffer.concat([Buffer.from(`DSSEv1 ${Buffer.byteLength(type)} ${type} ${body.length} `), body]);
  const isSigned = vkeys.some((vkey) => signatures.some((signature) => isSignedBy(vkey, signed, signature)));
  return isSigned ? body.toString('utf8') : null;
}

/** C2SP verifier key: name, key id and base64 of 0x01 and the 32 bytes of the key, joined by `+`; base64 may hold one too. */
function isSignedBy(vkey: string, signed: Buffer, signature: unknown): boolean {
  const { sig } = (signature ?? {}) as { sig?: unknown };
  const raw = Buffer.from(vkey.split('+').slice(2).join('+'), 'base64');
  if (typeof sig !== 'string' || raw.length !== 33 || raw[0] !== 1) return false;
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: raw.subarray(1).toString('base64url') };
  return verify(null, signed, createPublicKey({ key: jwk, format: 'jwk' }), Buffer.from(sig, 'base64'));
}

/** The tools as the host hands them to a provider. */
export const providerTools: ProviderTools = Object.freeze({ canonicalize, digest, hashArtifact, openEnvelope });

/** What the sandbox hands over: the members of `exoarmur.provider-request/1`. */
interface Request {
  readonly artifact: JsonMap;
  readonly schema_version: string;
  readonly subject: ProviderContext['subject'];
  readonly configuration: JsonMap;
}

/** Answers one request with the word of the provider that lies beside this file; whoever prints gives no answer. */
export default async function answerRequest(request: Request): Promise<unknown> {
  const { artifact, schema_version: schemaVersion, subject, configuration } = request;
  let hasPrinted = false;
  for (const stream of [process.stdout, process.stderr]) {
    stream.write = () => {
      hasPrinted = true;
      return true;
    };
  }
  const place = './provider.mjs';
  const { default: provider } = (await import(place)) as { default: Provider };
  const context: ProviderContext = { schemaVersion, subject, configuration, tools: providerTools };
  const canonical_hash = await provider.canonicalHash(artifact, context);
  const { valid, reason = null } = (await provider.verifyArtifact(artifact, context)) as {
    readonly valid: boolean;
    readonly reason?: string;
  };
  if (hasPrinted) return null;
  return { schema: 'exoarmur.provider-response/1', canonical_hash, valid, reason };
}
