import { type ErrorDetails, ExoArmurError } from '@exoarmur/contracts';

/** Every code of a {@link ProviderModuleError}. */
export type ProviderModuleErrorCode =
  | 'GOVERNANCE_WASM_MALFORMED'
  | 'GOVERNANCE_WASM_IMPORTS'
  | 'GOVERNANCE_WASM_MEMORY_UNBOUNDED'
  | 'GOVERNANCE_WASM_UNSUPPORTED';

/** A WebAssembly module that cannot be bounded, and therefore is not run. */
export class ProviderModuleError extends ExoArmurError<ProviderModuleErrorCode> {
  constructor(code: ProviderModuleErrorCode, message: string, details?: ErrorDetails) {
    super(code, message, details);
  }
}
