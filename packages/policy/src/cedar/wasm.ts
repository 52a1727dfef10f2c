/**
 * The one place where the Cedar engine is loaded: the build of `@cedar-policy/cedar-wasm` that compiles itself when it is
 * imported. A page would load the `web` build here instead; it runs the same WebAssembly file, byte for byte.
 */
export {
  checkParsePolicySet,
  checkParseSchema,
  type EntityUidJson,
  formatPolicies,
  getCedarVersion,
  type PolicyJson,
  policySetTextToParts,
  policyToJson,
  preparsePolicySet,
  preparseSchema,
  schemaToJson,
  statefulIsAuthorized,
  validate,
} from '@cedar-policy/cedar-wasm/nodejs';
