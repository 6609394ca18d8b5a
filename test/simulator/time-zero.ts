// Where every world's wall clocks stand when it begins.

/** Milliseconds since 1970, a whole second. */
export const TIME_ZERO = 1_800_000_000_000;
