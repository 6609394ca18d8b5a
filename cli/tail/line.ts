// One request as a line of text, in columns that stay where they are.

import type { TailRequest } from "../../client/schemas.ts";
import type { Colour, Output } from "../output.ts";
import { plain, size } from "../wording.ts";

const COLOURS: Readonly<Record<TailRequest["result"], Colour>> = {
  hit: "green",
  stale: "yellow",
  coalesced: "cyan",
  miss: "cyan",
  pass: "grey",
  error: "red",
  refused: "red",
};

const TIERS: Readonly<Record<TailRequest["tier"], string>> = {
  ...{ l1Memory: "memory", l1Cache: "l1", l2: "l2", origin: "origin", none: "–" },
};

/** Time, result, tier, status, milliseconds, size, class, edge; what is wider than its column moves the rest of its line. */
const WIDTHS = [12, 9, 7, 6, 8, 9, 10, 8] as const;
const RIGHT = new Set([4, 5]);

const columns = (cells: readonly string[], paint: (at: number, text: string) => string): string =>
  cells
    .map((text, at) => {
      const width = WIDTHS[at] ?? 0;
      return paint(at, RIGHT.has(at) ? text.padStart(width) : text.padEnd(width));
    })
    .join("  ");

export const titleText = (): string =>
  columns(["TIME", "RESULT", "TIER", "STATUS", "MS", "SIZE", "CLASS", "EDGE", "REQUEST"], (_, text) => text);

export function lineText(out: Output, request: TailRequest): string {
  const { at, result, tier, status, ms, bytes, class: className, edge, method, host, path, why } = request;
  const cells = [
    ...[
      at.slice(11, 23),
      result,
      TIERS[tier] ?? tier,
      String(status),
      String(Math.round(ms * 10) / 10),
      size(bytes),
    ],
    ...[className, edge, plain(`${method} ${host}${path}`)],
  ];
  const line = columns(cells.map(plain), (cell, text) => {
    if (cell === 1) return out.paint(COLOURS[result] ?? "grey", text);
    return cell === 3 && status >= 500 ? out.paint("red", text) : text;
  });
  return `${line}  ${out.paint("grey", plain(why))}`;
}
