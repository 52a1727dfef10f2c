import type { EngineIdentity } from '@exoarmur/contracts';

/**
 * The engine that decides, as every decision records it. The digest is SHA-256 of `cedar_wasm_bg.wasm` of
 * `@cedar-policy/cedar-wasm` 4.13.0, the same file in its `nodejs`, `esm` and `web` builds; a test takes it again from
 * the installed package. The gate and the resolution are part of this package and change their rule ids with their rules.
 */
export const CEDAR_ENGINE: EngineIdentity = Object.freeze({
  name: 'cedar-wasm',
  version: '4.13.0',
  digest: 'sha256:9ed10461f45bceabbe2c364330500378b71f641b28f7c2a1f6e033c9be2f1d9a',
});
