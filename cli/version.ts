// The release that this command line is of.

export const VERSION = "0.1.0";
