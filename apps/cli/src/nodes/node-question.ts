import { type Digest, digestValue } from '@exoarmur/canonical';
import type { CheckName } from '@exoarmur/contracts';

/** What every node is asked. `run` and `path` say where; the rest is the question. */
export interface NodeQuestion {
  /** 16 random bytes as hex, new in each run. */
  readonly run: string;
  /** The node's own copy. */
  readonly path: string;
  /** Text of a trust file. */
  readonly trust: string | null;
  readonly require: readonly CheckName[] | null;
}

/** Digest of what was asked, whoever was asked and over whichever copy. */
export function digestQuestion({ trust, require }: NodeQuestion): Digest {
  return digestValue('exoarmur.node-question/1', { trust, require });
}
