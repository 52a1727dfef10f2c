import type { GovernanceCode } from '@exoarmur/contracts';

const MESSAGES: Readonly<Record<GovernanceCode, string>> = {
  NOT_REACHED: 'The bundle itself is altered or unreadable',
  MANIFEST_ABSENT: 'The bundle carries no governance manifest',
  MANIFEST_INVALID: 'The governance manifest has not the shape it must have',
  DUPLICATE_ENTRY: 'The governance manifest names one artifact twice',
  REQUIRED_TYPE_MISSING: 'The policy requires an artifact of this type and the manifest names none',
  UNLISTED_CONTENT: 'The bundle embeds content that its manifest does not name',
  CONTENT_UNAVAILABLE: 'The artifact is named and not embedded',
  CONTENT_TOO_LARGE: 'The embedded artifact is larger than an artifact may be',
  HASH_MISMATCH: 'The embedded artifact is not the one the manifest names',
  DISCOVERY_DISABLED: 'Discovery of providers is switched off',
  PROVIDER_UNAVAILABLE: 'No trusted provider is listed for this type',
  PROVIDER_UNTRUSTED: 'The installed provider is not the one that is trusted',
  PROVIDER_CONFLICT: 'Two trusted providers claim this type',
  SCHEMA_VERSION_UNSUPPORTED: 'The provider does not read this schema version',
  PROVIDER_UNCONFINED: 'This machine cannot confine the provider, so it was not started',
  PROVIDER_LOAD_FAILED: 'The provider could not be loaded',
  PROVIDER_TIMEOUT: 'The provider used up its time or its fuel',
  PROVIDER_CRASHED: 'The provider ended without an answer',
  PROVIDER_RESPONSE_MALFORMED: 'The answer of the provider has not the shape it must have',
  PROVIDER_NONDETERMINISTIC: 'The provider answered differently the second time',
  PROVIDER_HASH_DISAGREES: 'The provider computes another hash of the artifact',
  SEMANTIC_INVALID: 'The provider found the artifact invalid',
  SEMANTIC_VALID: 'Artifact verified successfully',
};

/** The text of a code, with the provider's own reason where it gave one. No text of a provider or a bundle gets in otherwise. */
export function describeCode(code: GovernanceCode, reason: string | null = null): string {
  return reason === null ? MESSAGES[code] : `${MESSAGES[code]}: ${reason}`;
}
