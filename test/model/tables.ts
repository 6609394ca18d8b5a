// The tables of docs/model.md, made of what was found, and put between their marks.

import type { Result, Section } from "./check.ts";

export const tableOf = (section: Section, found: readonly Result[]): string =>
  section === "bounded" || section === "long" ? stateTable(found) : counterexampleTable(section, found);

function stateTable(found: readonly Result[]): string {
  const rows = found.map(({ name, about, explored: { states, transitions, depth } }) =>
    row([name, about, grouped(states), grouped(transitions), String(depth)]),
  );
  const states = found.reduce((sum, { explored }) => sum + explored.states, 0);
  const transitions = found.reduce((sum, { explored }) => sum + explored.transitions, 0);
  return [
    row(["configuration", "what may happen", "states", "transitions", "depth"]),
    "| --- | --- | --: | --: | --: |",
    ...rows,
    row(["all", "", grouped(states), grouped(transitions), ""]),
  ].join("\n");
}

function counterexampleTable(section: Section, found: readonly Result[]): string {
  const rows = found.map(({ name, about, explored: { counterexample } }) => {
    const steps = (counterexample?.steps ?? []).map((step, at) => `${at + 1}. ${step}`).join("<br>");
    return row([name, about, counterexample?.invariant ?? "", steps]);
  });
  const head =
    section === "mutants"
      ? ["mutant", "shows in", "breaks", "shortest counterexample"]
      : ["beyond", "what happens", "breaks", "shortest counterexample"];
  return [row(head), "| --- | --- | --- | --- |", ...rows].join("\n");
}

const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;

/** Thousands apart, as everywhere in the documents. */
const grouped = (count: number): string => String(count).replace(/\B(?=(\d{3})+$)/g, " ");

/** The document with a section's table replaced; as it was if the table says the same. */
export const withTable = (document: string, section: Section, table: string): string =>
  document.replace(tableIn(document, section), () => table);

/** Throws where the document has no such section. */
export function tableIn(document: string, section: Section): string {
  const place = new RegExp(`(?<=<!-- model:${section} -->\\n)[\\s\\S]*?(?=\\n<!-- /model -->)`);
  const [table] = place.exec(document) ?? [];
  if (table === undefined) throw new Error(`there is no place for ${section}`);
  return table;
}
