import type { Digest } from '../digest.ts';

/** What has been found out about a value that cannot change any more. */
export interface KnownOfValue {
  /** Its canonical text, within the limits of this package. */
  text?: string;
  /** The domain under which it was digested last, and the digest. */
  domain?: string;
  digest?: Digest;
  /** Checks it has passed. */
  passed?: object[];
}

/** Every fixed value. */
export const known = new WeakMap<object, KnownOfValue>();
