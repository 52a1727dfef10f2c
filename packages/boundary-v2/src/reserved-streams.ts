/** Begins the names of streams that a boundary keeps for itself; no intent may have such an id. */
export const RESERVED_STREAM_PREFIX = 'boundary.';

/** Stream of the cell that holds its refused attempts. */
export const refusedStreamOf = (cell: string): string => `${RESERVED_STREAM_PREFIX}${cell}.refused`;

/** Stream of the cell that holds what became of its standing grants. */
export const standingGrantStreamOf = (cell: string): string => `${RESERVED_STREAM_PREFIX}${cell}.standing-grants`;

/** Stream of the cell that holds which capabilities were registered, activated and denied. */
export const capabilityStreamOf = (cell: string): string => `${RESERVED_STREAM_PREFIX}${cell}.capabilities`;

/** Stream of the cell that holds what was only observed. */
export const observedStreamOf = (cell: string): string => `${RESERVED_STREAM_PREFIX}${cell}.observed`;

/** Stream of the cell that holds every switch command that was obeyed. */
export const switchStreamOf = (cell: string): string => `${RESERVED_STREAM_PREFIX}${cell}.switches`;

/** Stream of the cell that holds every activation of a policy bundle. */
export const policyStreamOf = (cell: string): string => `${RESERVED_STREAM_PREFIX}${cell}.policies`;
