// The classes that exist without configuration, and why each is as it is.
//
// All budgets of L2 make 192 MiB a shard: of a database of 256 MB they leave a fifth for leases, the log and all that
// belongs to it.

import type { ClassSettings } from "./rules.ts";
import { bytes, days, hours, kibibytes, mebibytes, millis, minutes, seconds } from "./units.ts";

const HOT: ClassSettings = {
  name: "hot",
  ttl: seconds(60),
  staleWhileRevalidate: seconds(30),
  staleIfError: minutes(10),
  window: seconds(5),
  fence: { kind: "revalidate" },
  memoryBudget: mebibytes(24),
  eviction: "sieve",
  cacheApi: "large",
  l2MaxBody: mebibytes(1),
  l2Budget: mebibytes(64),
  replicas: 2,
  refresh: "refresh-ahead",
  write: "write-through",
  journal: { status: 202, merges: false, shared: false },
  jitter: 0.1,
  content: "changing",
};

/** Read from L2 each time, behind a look into the log of its own, and written to the journal: half an hour without use ends it. */
const SESSION: ClassSettings = {
  name: "session",
  ttl: minutes(30),
  staleWhileRevalidate: millis(0),
  staleIfError: millis(0),
  window: millis(0),
  fence: { kind: "refuse" },
  memoryBudget: bytes(0),
  eviction: "ttl",
  cacheApi: "none",
  l2MaxBody: kibibytes(64),
  l2Budget: mebibytes(16),
  replicas: 1,
  refresh: "none",
  write: "write-back",
  journal: { status: 202, merges: true, shared: false },
  jitter: 0,
  content: "changing",
};

const IMMUTABLE: ClassSettings = {
  name: "immutable",
  ttl: days(365),
  staleWhileRevalidate: millis(0),
  staleIfError: days(7),
  window: minutes(10),
  fence: { kind: "serve-stale", cap: hours(1) },
  memoryBudget: mebibytes(12),
  eviction: "gdsf",
  cacheApi: "all",
  l2MaxBody: mebibytes(1),
  l2Budget: mebibytes(48),
  replicas: 1,
  refresh: "none",
  write: "write-around",
  journal: { status: 202, merges: false, shared: false },
  jitter: 0,
  content: "immutable",
};

/** Follows the origin's headers and invents nothing. */
const STANDARD: ClassSettings = {
  name: "standard",
  ttl: null,
  staleWhileRevalidate: null,
  staleIfError: null,
  window: seconds(30),
  fence: { kind: "revalidate" },
  memoryBudget: mebibytes(24),
  eviction: "s3-fifo",
  cacheApi: "all",
  l2MaxBody: mebibytes(1),
  l2Budget: mebibytes(64),
  replicas: 1,
  refresh: "swr",
  write: "write-around",
  journal: { status: 202, merges: false, shared: false },
  jitter: 0,
  content: "changing",
};

export const DEFAULT_CLASSES: ReadonlyMap<string, ClassSettings> = new Map(
  [HOT, SESSION, IMMUTABLE, STANDARD].map((settings) => [settings.name, settings]),
);

/** The class of every URL that no policy claims. */
export const STANDARD_CLASS: ClassSettings = STANDARD;
