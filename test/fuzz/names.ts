// The names of the caches that schedules are played on.

export const SUBJECTS = [
  "tidegate",
  "bentocache",
  "cachified",
  "cache-manager",
  "async-cache-dedupe",
] as const;
export type SubjectName = (typeof SUBJECTS)[number];
