import { ExoArmurError } from '@exoarmur/contracts';

/** Why a listed provider is not used. A code is never reused and never renamed (docs/providers.md says what each one means). */
export type DenialCode =
  | 'PROVIDER_PACKAGE_MISSING'
  | 'PROVIDER_LAYOUT_UNSUPPORTED'
  | 'PROVIDER_OUTSIDE_ROOT'
  | 'PROVIDER_PACKAGE_UNREADABLE'
  | 'PROVIDER_NAME_MISMATCH'
  | 'PROVIDER_VERSION_MISMATCH'
  | 'PROVIDER_DESCRIPTOR_INVALID'
  | 'PROVIDER_TYPE_NOT_DECLARED'
  | 'PROVIDER_TYPE_NOT_ALLOWED'
  | 'PROVIDER_RUNTIME_NOT_ALLOWED'
  | 'PROVIDER_FILE_UNLISTED'
  | 'PROVIDER_FILE_UNREADABLE'
  | 'PROVIDER_DIGEST_MISMATCH'
  | 'PROVIDER_CONFLICT';

/** A package that is not used, with the code of why. */
export class Denial extends ExoArmurError<DenialCode> {
  constructor(code: DenialCode) {
    super(code, `the provider package is refused: ${code}`);
  }
}
