// What a link between two processes does to what is sent over it.

/** Requests are what the side that connects sends, replies what the other side does. */
export type Direction = "requests" | "replies";

export type LinkState =
  | { readonly kind: "pass" }
  /** Connections are reset: those there are at once, new ones as they come. */
  | { readonly kind: "cut" }
  /** Only this direction arrives; what is sent in the other one is swallowed. */
  | { readonly kind: "one-way"; readonly arrives: Direction }
  /** Milliseconds that everything takes longer. */
  | { readonly kind: "delay"; readonly requestsMs: number; readonly repliesMs: number }
  /** So many octets a second in each direction, shared by all connections. */
  | { readonly kind: "slow"; readonly bytesPerSecond: number }
  /** Connections are accepted, and whatever is sent is swallowed. */
  | { readonly kind: "black-hole" }
  /** Requests arrive; where a reply to one begins, its connection is reset instead. */
  | { readonly kind: "replies-lost"; readonly which: LostReplies };

export type LostReplies =
  /** So many; the link then passes everything again. */
  | { readonly kind: "next"; readonly count: number }
  /** Each with this probability; the same ones for the same seed. */
  | { readonly kind: "some"; readonly probability: number; readonly seed: number };

/** Whether anything that is sent in a direction arrives sooner or later. */
export function arrives(state: LinkState, direction: Direction): boolean {
  switch (state.kind) {
    case "cut":
    case "black-hole":
      return false;
    case "one-way":
      return state.arrives === direction;
    case "pass":
    case "delay":
    case "slow":
    case "replies-lost":
      return true;
  }
}
