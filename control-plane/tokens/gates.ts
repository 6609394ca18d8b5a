// How fast anybody may ask: a bucket for each principal, and one for each address that tokens are guessed from.

import { type Bucket, type BucketTerms, fullBucket, takeTokens } from "../../shared/core/token-bucket.ts";
import { type Instant, type Millis, millis } from "../../shared/core/units.ts";

export type Passage = { readonly kind: "passed" } | { readonly kind: "held"; readonly wait: Millis };

/** Buckets of one kind. An isolate has its own: over all of them, so many times as much passes as there are isolates. */
export class Gates {
  private readonly terms: BucketTerms;
  private readonly most: number;
  /** In the order in which they were last asked for. */
  private readonly buckets = new Map<string, Bucket>();

  constructor({ most, ...terms }: BucketTerms & { readonly most: number }) {
    this.terms = terms;
    this.most = most;
  }

  take(name: string, now: Instant): Passage {
    return this.ask(name, { cost: 1, reserve: 0 }, now);
  }

  /** Whether there is one left: takes none. */
  look(name: string, now: Instant): Passage {
    return this.ask(name, { cost: 0, reserve: 1 }, now);
  }

  private ask(name: string, of: { readonly cost: number; readonly reserve: number }, now: Instant): Passage {
    const bucket = this.buckets.get(name) ?? fullBucket(this.terms, now);
    this.buckets.delete(name);
    this.buckets.set(name, bucket);
    const [oldest] = this.buckets.keys();
    // Whoever has not asked for longest has most likely a full one by now.
    if (this.buckets.size > this.most && oldest !== undefined) this.buckets.delete(oldest);
    const given = takeTokens(bucket, { ...this.terms, ...of, patience: millis(0) }, now);
    return given.kind === "granted" ? { kind: "passed" } : { kind: "held", wait: given.wait };
  }
}

/** Whoever has an IPv6 address has a network of them. */
export function gateOf(address: string | null): string {
  if (address === null) return "unknown";
  return address.includes(":") ? networkOf(address) : address;
}

/** The first four groups, `::` spelt out. */
function networkOf(address: string): string {
  const [head = "", tail] = address.toLowerCase().split("::", 2);
  const groups = (text: string): string[] => (text === "" ? [] : text.split(":"));
  const first = groups(head);
  const last = groups(tail ?? "");
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - first.length - last.length);
  const all = [...first, ...Array.from({ length: zeros }, () => "0"), ...last];
  return `${all.slice(0, 4).join(":")}::/64`;
}
