// The journal as text: the operations that wait, and what has become of all writes, database by database.

import type { Journal, JournalOperation } from "../client/schemas.ts";
import type { Colour, Output } from "./output.ts";
import type { Column } from "./table.ts";
import { count, grouped, moment, plain, span } from "./wording.ts";

const COLOURS: Readonly<Record<JournalOperation["state"], Colour>> = {
  pending: "yellow",
  sending: "cyan",
  delivered: "green",
  "dead-lettered": "red",
  behind: "grey",
};

export function showOperations(out: Output, operations: readonly JournalOperation[]): void {
  const state: Column = {
    title: "STATE",
    paint: (padded, text) => out.paint(COLOURS[text as JournalOperation["state"]] ?? "grey", padded),
  };
  out.table(
    [
      ...[{ title: "ACCEPTED" }, state, right("TRIES"), { title: "METHOD" }],
      ...["URL", "WHY", "ID"].map((title) => ({ title })),
    ],
    operations.map(({ acceptedAt, state, tries, method, url, why, id }) => [
      ...[moment(acceptedAt), state, grouped(tries), method, url, why ?? "–", id],
    ]),
  );
}

/** Writes: accepted = delivered + pending + dead + dropped. */
export function showTotals(out: Output, shards: Journal["shards"]): void {
  out.table(
    [
      { title: "DATABASE" },
      ...["ACCEPTED", "DELIVERED", "PENDING", "DEAD", "DROPPED", "MERGED", "OLDEST"].map(right),
    ],
    Object.entries(shards).map(([id, of]) => [
      id,
      ...[of.accepted, of.delivered, of.pending, of.deadLettered, of.dropped, of.merged].map(grouped),
      span(of.operations === 0 ? null : of.oldestSeconds * 1000),
    ]),
  );
}

/** Of each database the last one. */
export function showLosses(out: Output, losses: Journal["losses"]): void {
  const last = new Map((losses ?? []).map((loss) => [loss.database, loss]));
  for (const { database, foundAt, lacks } of last.values())
    out.warn(
      `${plain(database)} came back without ${count(lacks, "acknowledged write")}: found ${moment(new Date(foundAt).toISOString())}.`,
    );
}

const right = (title: string): Column => ({ title, align: "right" });
