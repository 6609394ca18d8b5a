// Judges what receipts said: whoever is called applied knows it from then on, and neither he nor whoever is fenced serves
// anything of it. A life that begins later may begin with what a peer knew, and less; it serves nothing of it either.

import {
  countsFrom,
  type Exchange,
  type Invalidation,
  type ReceiptLook,
  type ReceiptRow,
} from "../history.ts";
import { contentOf } from "./content.ts";
import { includes, type Scene } from "./scene.ts";

export function judgeReceipts(scene: Scene): void {
  const { receipts } = scene.history;
  for (const look of receipts) {
    for (const exchange of scene.history.exchanges) {
      if (exchange.arrivedAt < look.at || scene.isLawless(exchange)) continue;
      const row = look.rows.find(({ edge }) => edge === exchange.edge);
      if (row?.state === "applied") applied(scene, { look, row }, exchange);
      if ((row !== undefined && row.state !== "pending") || look.state === "converged")
        through(scene, look, exchange);
    }
    if (look.state === "converged" && look.rows.some(({ state }) => state === "pending"))
      scene.found.push({ invariant: "receipts", at: look.at, text: "converged, though an edge is pending" });
  }
}

/** Between what an edge says and what Redis notes of it lie a call's reply and one more call. */
const NOTED = 1500;

function applied(
  scene: Scene,
  { look: { at, position }, row }: { look: ReceiptLook; row: ReceiptRow },
  exchange: Exchange,
): void {
  const view = exchange.viewAtArrival;
  const began = scene.history.lives.get(`${exchange.edge}/${exchange.life}`) ?? 0;
  if (view === null || began >= (row.saidAt ?? at) - NOTED || includes(view, position)) return;
  const text = `its view of ${view.epoch}-${view.cursor} lacks ${position.epoch}-${position.seq}, which a receipt called applied at ${at}`;
  scene.report("receipts", exchange, text);
}

function through(scene: Scene, look: ReceiptLook, exchange: Exchange): void {
  const one = scene.history.invalidations.find((each) => isOf(each, look));
  if (one === undefined || one.mode !== "hard") return;
  const content = contentOf(scene, exchange);
  for (const generation of content.kind === "origin's" ? content.generations : []) {
    if (one.exchange !== null && one.exchange === generation.exchange) continue;
    // What the origin has confirmed since is as good as what it gave then.
    const confirmedAt = "at" in exchange.outcome ? exchange.outcome.at : exchange.arrivedAt;
    if (scene.lastAskedAt(generation, confirmedAt) >= countsFrom(one)) continue;
    if (!scene.hits(one, generation)) continue;
    const text = `content asked for at ${generation.askedAt}, though a receipt said at ${look.at} that ${one.selectors.join(" + ")} was through`;
    scene.report("receipts", exchange, text);
  }
}

const isOf = (one: Invalidation, { operationId, position }: ReceiptLook): boolean =>
  one.operationId === operationId &&
  one.position?.epoch === position.epoch &&
  one.position.seq === position.seq;
