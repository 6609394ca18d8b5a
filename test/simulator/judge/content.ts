// What an answer's octets are, and of which of the origin's answers.

import type { Exchange, Generation } from "../history.ts";
import { CELL, CELLS } from "../plan/work.ts";
import type { Scene } from "./scene.ts";

export type Content =
  | { readonly kind: "nothing" }
  /** One of our own, or of nobody. */
  | { readonly kind: "foreign" }
  | { readonly kind: "origin's"; readonly generations: readonly Generation[] }
  /** Looks like the origin's, and is not what it said. */
  | { readonly kind: "garbled"; readonly why: string };

const read = new WeakMap<Exchange, Content>();

export function contentOf(scene: Scene, exchange: Exchange): Content {
  const known = read.get(exchange) ?? readContent(scene, exchange);
  read.set(exchange, known);
  return known;
}

function readContent(scene: Scene, { outcome, path, range }: Exchange): Content {
  if (outcome.kind !== "answered" || outcome.body === null) return { kind: "nothing" };
  const { body, status } = outcome;
  const first = generationOf(scene, body);
  if (first === undefined) return { kind: "foreign" };
  if (!scene.resource(path).parted || first.status !== 200)
    return first.body === body && first.status === status
      ? { kind: "origin's", generations: [first] }
      : { kind: "garbled", why: "not what the origin said" };
  return cellsOf(scene, body, status === 206 && range !== null ? range : [0, CELLS - 1]);
}

const generationOf = (scene: Scene, text: string): Generation | undefined =>
  scene.history.generations.get(Number(/^\d{3} (\d+) /.exec(text)?.[1]));

/** Each cell names the origin's answer that it came with: parts may be of several, but of one representation. */
function cellsOf(scene: Scene, body: string, [from, to]: readonly [number, number]): Content {
  if (body.length !== (to - from + 1) * CELL)
    return { kind: "garbled", why: `not of cells ${from} to ${to}` };
  const generations = new Set<Generation>();
  for (let index = from; index <= to; index++) {
    const cell = body.slice((index - from) * CELL, (index - from + 1) * CELL);
    const generation = generationOf(scene, cell);
    if (generation?.body.slice(index * CELL, (index + 1) * CELL) !== cell)
      return { kind: "garbled", why: `cell ${index} is not what the origin said` };
    generations.add(generation);
  }
  const etags = new Set([...generations].map(({ etag }) => etag));
  return etags.size > 1
    ? { kind: "garbled", why: "parts of several representations" }
    : { kind: "origin's", generations: [...generations] };
}
