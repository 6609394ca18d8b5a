// An R2 bucket in this process: conditional puts, fields of its own beside each object, and an outage at will.

import type { Bucket } from "../../edge/runtime/bucket-store.ts";

interface Kept {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly customMetadata: Record<string, string>;
  readonly etag: string;
  readonly uploaded: Date;
}

export interface FakeBucket {
  readonly bucket: Bucket;
  readonly kept: Map<string, Kept>;
  /** What every call does first: rejects, or never ends. */
  before: () => Promise<void>;
  calls: number;
}

export function fakeBucket(wall: () => number): FakeBucket {
  const kept = new Map<string, Kept>();
  let puts = 0;
  const fake: FakeBucket = { kept, before: async () => {}, calls: 0, bucket: {} as Bucket };
  const enter = (): Promise<void> => {
    fake.calls += 1;
    return fake.before();
  };
  const bucket = {
    async head(name: string) {
      await enter();
      return kept.get(name) ?? null;
    },
    async get(name: string, options: { range?: { offset: number; length: number } } = {}) {
      await enter();
      const found = kept.get(name);
      if (found === undefined) return null;
      const { offset = 0, length = found.bytes.length } = options.range ?? {};
      const bytes = found.bytes.slice(offset, offset + length);
      return { ...found, arrayBuffer: async () => bytes.buffer, body: { cancel: async () => {} } };
    },
    async put(name: string, bytes: Uint8Array<ArrayBuffer>, options: PutOptions) {
      await enter();
      const there = kept.get(name);
      const { etagMatches, etagDoesNotMatch } = options.onlyIf;
      if (etagDoesNotMatch === "*" && there !== undefined) return null;
      if (etagMatches !== undefined && there?.etag !== etagMatches) return null;
      puts += 1;
      const { customMetadata } = options;
      const object = { bytes, customMetadata, etag: `e${puts}`, uploaded: new Date(wall()) };
      kept.set(name, object);
      return object;
    },
    async delete(name: string) {
      await enter();
      kept.delete(name);
    },
  };
  return Object.assign(fake, { bucket: bucket as unknown as Bucket });
}

interface PutOptions {
  readonly customMetadata: Record<string, string>;
  readonly onlyIf: { readonly etagMatches?: string; readonly etagDoesNotMatch?: string };
}
