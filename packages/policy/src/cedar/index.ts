export type { CompiledPolicy } from './compile.ts';
export { CEDAR_ENGINE } from './identity.ts';
export { PolicyIndex } from './policy-index.ts';
export { createPolicyShelf, type EngineAnswer, type PolicyShelf, type PolicyShelfOptions } from './prepared-set.ts';
export { checkParsePolicySet, policySetTextToParts, policyToJson, preparseSchema } from './wasm.ts';
