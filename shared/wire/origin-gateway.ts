// What an edge tells a gateway before its origins: whom a request is for. Both fields end at the gateway.

/** A site's origin: `zone`, or scheme, host and port. */
export const ORIGIN_HEADER = "tidegate-origin";

/** What only edges know: nobody else may have the gateway ask others in his name. */
export const ORIGIN_KEY_HEADER = "tidegate-origin-key";
