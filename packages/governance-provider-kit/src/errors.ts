import { type ErrorDetails, ExoArmurError } from '@exoarmur/contracts';

/** Every code of a {@link KitError}. */
export type KitErrorCode =
  | 'KIT_USAGE'
  | 'KIT_FOLDER_EXISTS'
  | 'KIT_NAME_MALFORMED'
  | 'KIT_GOLDEN_MALFORMED'
  | 'KIT_FILE_UNREADABLE';

/** What an author asked for cannot be done as it was put. */
export class KitError extends ExoArmurError<KitErrorCode> {
  constructor(code: KitErrorCode, message: string, details?: ErrorDetails) {
    super(code, message, details);
  }
}
