import type { EngineIdentity } from '@exoarmur/contracts';

/**
 * The number of this package's own rules of deciding: how an intent and its facts become a request, the safety gate, and the
 * resolution (`spec/policy.md`, Engine). It goes up with every change that could decide one old record differently.
 */
export const DECISION_PROFILE = 1;

/** The version of `@cedar-policy/cedar-wasm` that is pinned; the engine itself says the same. */
export const CEDAR_VERSION = '4.13.0';

/**
 * What decides, as every decision records it: the engine's version with the decision profile as build metadata. The digest is
 * SHA-256 of `cedar_wasm_bg.wasm` of `@cedar-policy/cedar-wasm`, the same file in its `nodejs`, `esm` and `web` builds; a test
 * takes it again from the installed package.
 */
export const CEDAR_ENGINE: EngineIdentity = Object.freeze({
  name: 'cedar-wasm',
  version: `${CEDAR_VERSION}+decision.${DECISION_PROFILE}`,
  digest: 'sha256:9ed10461f45bceabbe2c364330500378b71f641b28f7c2a1f6e033c9be2f1d9a',
});
