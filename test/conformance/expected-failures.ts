// Tests of the public suite that Tidegate fails on purpose or of necessity, each with the reason.

export interface ExpectedFailure {
  /** What stands in the way: the runtime, the standard where the suite's release contradicts it, or what must not be shared. */
  readonly why: "workerd" | "specification" | "privacy";
  readonly text: string;
  /**
   * The statuses that the suite's client is answered with, where the suite's own words would be the same for
   * a fault: anything else is an unexpected failure.
   */
  readonly answers?: readonly number[];
}

const because = (why: ExpectedFailure["why"], text: string): ExpectedFailure => ({ why, text });

const METHOD: ExpectedFailure = {
  ...because("workerd", "knows a fixed list of methods: M-SEARCH is answered before the worker is asked"),
  answers: [200, 501],
};

const INVALID_AGE = because(
  "specification",
  "an Age that is not a non-negative integer is ignored (RFC 9111 §5.1); later versions of the suite say so too",
);
const FIRST_AGE = because(
  "specification",
  "of several Age values the first counts (RFC 9111 §5.1); later versions of the suite say so too",
);

const STALE: ExpectedFailure = {
  ...because(
    "specification",
    "the release wants the origin's request counter on an error that the cache makes itself (RFC 9111 §5.2.2.2); later versions want it absent",
  ),
  answers: [200, 502],
};

const COOKIE = because(
  "privacy",
  "an answer that sets a cookie is meant for one client: it is not stored unless a policy allows it (RFC 9111 §7.3)",
);

export const EXPECTED_FAILURES: Readonly<Record<string, ExpectedFailure>> = {
  "304-etag-update-response-ETag": {
    ...because(
      "specification",
      "a 304 whose strong ETag matches nothing stored updates nothing (RFC 9111 §4.3.4): the answer is asked for anew, which the suite's origin has none for; in later versions this is a mere question",
    ),
    answers: [200, 502],
  },
  "304-etag-update-response-Set-Cookie": COOKIE,
  "age-parse-dup-0": FIRST_AGE,
  "age-parse-dup-0-twoline": FIRST_AGE,
  "age-parse-dup-old": FIRST_AGE,
  "age-parse-float": INVALID_AGE,
  "age-parse-negative": INVALID_AGE,
  "age-parse-nonnumeric": INVALID_AGE,
  "age-parse-numeric-parameter": INVALID_AGE,
  "age-parse-parameter": INVALID_AGE,
  "age-parse-prefix-twoline": FIRST_AGE,
  "conditional-lm-fresh-no-lm": because(
    "specification",
    "without Last-Modified the Date is compared (RFC 9111 §4.3.2), and the test's condition is older than that: the answer is newer, so it is sent",
  ),
  "headers-store-Set-Cookie": COOKIE,
  "invalidate-M-SEARCH": METHOD,
  "invalidate-M-SEARCH-cl": METHOD,
  "invalidate-M-SEARCH-failed": METHOD,
  "other-set-cookie": COOKIE,
  "stale-close-must-revalidate": STALE,
  "stale-close-no-cache": STALE,
  "stale-close-proxy-revalidate": STALE,
  "stale-close-s-maxage=2": STALE,
};
