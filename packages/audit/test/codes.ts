import { isExoArmurError } from '@exoarmur/contracts';

/** The code a call is refused with, or `none`. Anything but an error of ours goes on being thrown. */
export const codeOf = async (call: () => unknown): Promise<string> => {
  try {
    await call();
  } catch (error) {
    if (isExoArmurError(error)) return error.code;
    throw error;
  }
  return 'none';
};
