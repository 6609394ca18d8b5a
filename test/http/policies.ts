// The policies of the HTTP suite: a path prefix each, so that a case names the policy that it runs under.

/** Policies that say nothing but a class: a path of theirs may be guessed a lifetime. */
const GUESSED = { "/guessed": {} };

const STALE = { "/stale": { stale_if_error: "10m", stale_while_revalidate: "10m" } };

const LIVES = { "/granted": { ttl: "10m", ttl_mode: "override" } };

const KEYS = {
  "/q-include": { key: { query: { include: ["q", "page"], sort: true } } },
  "/q-exclude": { key: { query: { exclude: ["utm_source", "fbclid"], sort: true } } },
  "/q-sort": { key: { query: { sort: true } } },
  "/q-none": { key: { query: "none" } },
  "/by-headers": { key: { headers: ["X-A", "X-B"] } },
  "/by-underscored": { key: { headers: ["x_a"] } },
  "/by-forwarded": { key: { headers: ["X-Forwarded-Host"] } },
  "/by-cookie": { key: { cookies: ["a", "b"] } },
};

const COOKIES = {
  "/strip-cookie": { set_cookie: "strip" },
  "/store-cookie": { set_cookie: "store" },
};

const DIRECTIVES = {
  "/honor": { request_directives: "honor" },
  "/ignore": { request_directives: "ignore" },
};

const ANSWERS = {
  "/keep-tags": { answer: { tags: "keep" } },
  "/strip-targeted": { answer: { targeted: "strip" } },
};

const WRITES = { "/through": { write_policy: "write-through" }, "/back": { write_policy: "write-back" } };

const ROWS = { ...GUESSED, ...STALE, ...LIVES, ...KEYS, ...COOKIES, ...DIRECTIVES, ...ANSWERS, ...WRITES };

export type Prefix = keyof typeof ROWS;

export const POLICIES = Object.entries(ROWS).map(([prefix, row]) => ({
  id: prefix.slice(1),
  key_pattern: `${prefix}/*`,
  class: "standard",
  ...row,
}));
