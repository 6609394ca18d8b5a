// Whether one of a site's hosts stands for a name.

/** `pattern`: a host, or `*.host` for all below it. */
export const matchesHost = (pattern: string, host: string): boolean =>
  pattern.startsWith("*.") ? host.endsWith(pattern.slice(1)) : pattern === host;
