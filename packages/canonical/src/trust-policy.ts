import { CanonicalError, quote } from './errors.ts';
import { encodeHex } from './hex.ts';
import { parseVerifierKey, SIGNATURE_TYPES, type VerifierKey } from './verifier-key.ts';

/** A log whose checkpoints are trusted. */
export interface PolicyLog {
  readonly key: VerifierKey;
  readonly url?: string;
}

/** A witness; `name` has a meaning inside the policy only. */
export interface PolicyWitness {
  readonly name: string;
  readonly key: VerifierKey;
  readonly url?: string;
}

/** Witnesses met when at least `threshold` of the members (witnesses or groups) are. */
export interface PolicyGroup {
  readonly name: string;
  readonly threshold: number;
  readonly members: readonly string[];
}

/** A C2SP tlog-policy: which logs are trusted and which witnesses must have cosigned. */
export interface TrustPolicy {
  readonly logs: readonly PolicyLog[];
  readonly witnesses: readonly PolicyWitness[];
  readonly groups: readonly PolicyGroup[];
  /** Name of a witness or group, or `none`. */
  readonly quorum: string;
}

/** Most lines of each kind that are read; the specification asks for at least 32. */
export const TRUST_POLICY_LIMITS = Object.freeze({
  maxBytes: 1_000_000,
  maxLogs: 256,
  maxWitnesses: 256,
  maxGroups: 256,
} as const);

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what a policy must not hold
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f]/;
const COUNT = /^[1-9][0-9]{0,3}$/;

/**
 * Parses a trust policy (C2SP tlog-policy, "Policy file syntax and structure"). No public key may stand in it twice, not
 * even as a log's and as a witness's.
 * @throws CanonicalError CANONICAL_POLICY_MALFORMED naming the line, or CANONICAL_KEY_MALFORMED for a bad vkey.
 */
export function parseTrustPolicy(text: string): TrustPolicy {
  if (text.length > TRUST_POLICY_LIMITS.maxBytes)
    throw new CanonicalError('CANONICAL_POLICY_MALFORMED', 'policy is too large');
  const reader = new PolicyReader();
  const lines = text.split('\n');
  if (lines.pop() !== '') throw new CanonicalError('CANONICAL_POLICY_MALFORMED', 'policy does not end in a newline');
  for (const [index, line] of lines.entries()) reader.readLine(line, index + 1);
  return reader.finish();
}

/** Whether the witnesses that cosigned, given by public key, meet the quorum of a policy. */
export function isQuorumMet(policy: TrustPolicy, cosigners: readonly VerifierKey[]): boolean {
  if (policy.quorum === 'none') return true;
  const signed = new Set(cosigners.map((key) => encodeHex(key.publicKey)));
  const met = new Map<string, boolean>();
  for (const { name, key } of policy.witnesses) met.set(name, signed.has(encodeHex(key.publicKey)));
  // Groups name only what stands before them, so one pass in file order decides them all.
  for (const { name, threshold, members } of policy.groups) {
    met.set(name, members.filter((member) => met.get(member) === true).length >= threshold);
  }
  return met.get(policy.quorum) === true;
}

class PolicyReader {
  readonly #logs: PolicyLog[] = [];
  readonly #witnesses: PolicyWitness[] = [];
  readonly #groups: PolicyGroup[] = [];
  readonly #publicKeys = new Set<string>();
  readonly #names = new Set<string>();
  readonly #grouped = new Set<string>();
  #quorum: string | undefined;
  #line = 0;

  readLine(line: string, number: number): void {
    this.#line = number;
    if (CONTROL.test(line)) throw this.#malformed('holds a control character');
    const items = line.split(/[ \t]+/).filter((item) => item !== '');
    const [keyword, ...rest] = items;
    if (keyword === undefined || keyword.startsWith('#')) return;
    if (keyword === 'log') this.#readLog(rest);
    else if (keyword === 'witness') this.#readWitness(rest);
    else if (keyword === 'group') this.#readGroup(rest);
    else if (keyword === 'quorum') this.#readQuorum(rest);
    else throw this.#malformed(`starts with ${quote(keyword)}`);
  }

  finish(): TrustPolicy {
    if (this.#quorum === undefined) throw new CanonicalError('CANONICAL_POLICY_MALFORMED', 'policy has no quorum line');
    return { logs: this.#logs, witnesses: this.#witnesses, groups: this.#groups, quorum: this.#quorum };
  }

  #readLog(items: readonly string[]): void {
    const [vkey, url, ...rest] = items;
    if (vkey === undefined || rest.length > 0) throw this.#malformed('is not `log <vkey> [<url>]`');
    const key = this.#readKey(vkey, SIGNATURE_TYPES.ed25519);
    this.#logs.push({ key, ...(url === undefined ? {} : { url }) });
    this.#limit(this.#logs, TRUST_POLICY_LIMITS.maxLogs);
  }

  #readWitness(items: readonly string[]): void {
    const [name, vkey, url, ...rest] = items;
    if (name === undefined || vkey === undefined || rest.length > 0) {
      throw this.#malformed('is not `witness <name> <vkey> [<url>]`');
    }
    const key = this.#readKey(vkey, SIGNATURE_TYPES.cosignature);
    this.#define(name);
    this.#witnesses.push({ name, key, ...(url === undefined ? {} : { url }) });
    this.#limit(this.#witnesses, TRUST_POLICY_LIMITS.maxWitnesses);
  }

  #readGroup(items: readonly string[]): void {
    const [name, count, ...members] = items;
    if (name === undefined || count === undefined || members.length === 0) {
      throw this.#malformed('is not `group <name> <count> <member>...`');
    }
    for (const member of members) {
      if (!this.#names.has(member)) throw this.#malformed(`names ${quote(member)}, which is not defined before`);
      if (this.#grouped.has(member)) throw this.#malformed(`names ${quote(member)}, which already is a member`);
      this.#grouped.add(member);
    }
    const threshold = count === 'any' ? 1 : count === 'all' ? members.length : COUNT.test(count) ? Number(count) : 0;
    if (threshold < 1 || threshold > members.length) throw this.#malformed('has a threshold that cannot be met');
    this.#define(name);
    this.#groups.push({ name, threshold, members });
    this.#limit(this.#groups, TRUST_POLICY_LIMITS.maxGroups);
  }

  #readQuorum(items: readonly string[]): void {
    const [name, ...rest] = items;
    if (name === undefined || rest.length > 0) throw this.#malformed('is not `quorum <name>`');
    if (this.#quorum !== undefined) throw this.#malformed('is a second quorum line');
    if (name !== 'none' && !this.#names.has(name))
      throw this.#malformed(`names ${quote(name)}, which is not defined before`);
    this.#quorum = name;
  }

  // SECURITY: a log that were its own witness would vouch for itself, so a public key stands once in the whole policy.
  #readKey(vkey: string, type: number): VerifierKey {
    const key = parseVerifierKey(vkey);
    if (key.type !== type) throw this.#malformed('has a key of another type');
    const publicKey = encodeHex(key.publicKey);
    if (this.#publicKeys.has(publicKey)) throw this.#malformed('repeats a key');
    this.#publicKeys.add(publicKey);
    return key;
  }

  #define(name: string): void {
    if (name === 'none' || this.#names.has(name)) throw this.#malformed(`defines ${quote(name)} again`);
    this.#names.add(name);
  }

  #limit(list: readonly unknown[], limit: number): void {
    if (list.length > limit) throw this.#malformed('is one line of its kind too many');
  }

  #malformed(problem: string): CanonicalError {
    return new CanonicalError('CANONICAL_POLICY_MALFORMED', `policy line ${this.#line} ${problem}`);
  }
}
