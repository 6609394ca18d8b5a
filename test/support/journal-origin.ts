// An origin that takes writes once by their Idempotency-Key, and remembers in which order it took them.

import { headerValue } from "../../shared/core/headers.ts";
import type { Origin, OriginOutcome, OriginRequest } from "../../shared/ports/origin.ts";

/** A write that had an effect. */
export interface Taken {
  readonly url: string;
  readonly method: string;
  readonly body: string;
  readonly id: string;
  readonly fence: number;
}

export class JournalOrigin implements Origin {
  readonly taken: Taken[] = [];
  readonly values = new Map<string, string>();
  /** Requests of any kind, as they came. */
  readonly asked: OriginRequest[] = [];
  /** What it answers instead, by the request; null = as it should. */
  instead: ((request: OriginRequest) => OriginOutcome | null | Promise<OriginOutcome | null>) | null = null;
  private readonly known = new Set<string>();

  async fetch(request: OriginRequest): Promise<OriginOutcome> {
    this.asked.push(request);
    const instead = await this.instead?.(request);
    if (instead !== null && instead !== undefined) return instead;
    const { method, url } = request;
    if (method === "GET" || method === "HEAD") return this.get(url);
    return this.take(request);
  }

  /** Takes it once, whoever sends it how often. */
  take({ method, url, headers, body }: OriginRequest): OriginOutcome {
    const id = headerValue(headers, "idempotency-key") ?? "";
    if (id === "" || !this.known.has(id)) {
      this.known.add(id);
      const text = body.kind === "bytes" ? new TextDecoder().decode(body.bytes) : "";
      const fence = Number(headerValue(headers, "tidegate-fence") ?? "0");
      this.taken.push({ url, method, body: text, id, fence });
      if (method === "DELETE") this.values.delete(url);
      else this.values.set(url, text);
    }
    return answer(204, "");
  }

  private get(url: string): OriginOutcome {
    const value = this.values.get(url);
    return value === undefined ? answer(404, "nothing") : answer(200, value);
  }
}

export const answer = (status: number, text: string): OriginOutcome => ({
  kind: "answer",
  status,
  headers: [["content-type", "text/plain"]],
  body:
    text === ""
      ? { kind: "none" }
      : { kind: "bytes", bytes: new TextEncoder().encode(text) as Uint8Array<ArrayBuffer> },
});
