// The workloads that have a name, and what each is.

export const WORKLOADS = {
  zipf: "keys of class hot by popularity",
  moving: "the same, but the popular ones change every ten seconds",
  crowd: "the same, and in the middle third everybody comes for one key, at four times the rate",
  scan: "one key of class standard after the other",
  expiry: "keys that all expire at the same instants, every 15 seconds",
  writes: "keys of class hot by popularity, one request in twenty a PUT",
  sessions: "viewers that write where they are (write-back), and read it back one time in four",
  mix: "popular pages, a scan, immutable files and sessions together",
  replay: "a trace, in its order (--trace FILE)",
} as const;
export type WorkloadName = keyof typeof WORKLOADS;

export const isWorkload = (text: string): text is WorkloadName => Object.hasOwn(WORKLOADS, text);
