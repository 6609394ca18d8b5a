// What a data centre keeps of the configuration that it knew last: written where it has changed, and looked through at each pull.

import { beforeEach, expect, test, vi } from "vitest";
import { LastConfiguration } from "../../edge/last-configuration.ts";
import type { BlobStore } from "../../shared/ports/blob-store.ts";
import { type MemoryBlobs, memoryBlobs } from "../support/memory-blobs.ts";

let blobs: MemoryBlobs;
let puts: number;
let takes: boolean;
let last: LastConfiguration;
/** As a view holds it: changed in place. */
let fields: Map<string, string>;

beforeEach(() => {
  blobs = memoryBlobs();
  [puts, takes] = [0, true];
  const counting: BlobStore = {
    ...blobs,
    async put(...of) {
      puts += 1;
      return takes ? blobs.put(...of) : { kind: "unavailable", reason: "away" };
    },
  };
  last = new LastConfiguration(counting);
  fields = new Map(Array.from({ length: 500 }, (_, at) => [`policy ${at}`, `{"id":"${at}"}`]));
});

const recalled = (): Promise<ReadonlyMap<string, string> | null> => new LastConfiguration(blobs).recall();

test("what is remembered already is neither written nor made a text of again", async () => {
  await last.remember(fields);
  const stringify = vi.spyOn(JSON, "stringify");
  await last.remember(fields);
  // By another snapshot: another object, the same words.
  await last.remember(new Map(fields));
  const made = stringify.mock.calls.length;
  stringify.mockRestore();
  expect([puts, made]).toEqual([1, 0]);
  expect(await recalled()).toEqual(fields);
});

test.each<[string, () => void]>([
  ["another value", () => fields.set("policy 7", "{}")],
  ["one more", () => fields.set("policy 500", "{}")],
  ["one less", () => fields.delete("policy 7")],
  ["one in another's place", () => void (fields.delete("policy 7") && fields.set("policy 500", "{}"))],
])("a change in place is written: %s", async (_what, change) => {
  await last.remember(fields);
  change();
  await last.remember(fields);
  expect(puts).toBe(2);
  expect(await recalled()).toEqual(fields);
});

test("what changes while it is being written is written by the next pull", async () => {
  const writing = last.remember(fields);
  fields.set("policy 7", "{}");
  await writing;
  await last.remember(fields);
  expect(await recalled()).toEqual(fields);
});

test("what could not be written is tried again", async () => {
  takes = false;
  await last.remember(fields);
  takes = true;
  await last.remember(fields);
  await last.remember(fields);
  expect(puts).toBe(2);
});
